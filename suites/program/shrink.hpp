// Shrinking: the smallest program found that still fails the same way, within a budget.
//
// Delta debugging over the operations, then smaller values. Each candidate runs once: a candidate
// that fails is kept, one that does not is forgotten, so that a racy failure only costs size.
//
// Threads: calls `fails` on the caller's.
#pragma once

#include <chrono>
#include <functional>

#include "suites/program/program.hpp"

namespace busproof::program {

struct Budget {
  int runs_max = 200;
  std::chrono::milliseconds time_max{20'000};
};

struct Shrunk {
  Program program;
  int runs = 0;
  bool minimal = false;  ///< No single operation can be left out any more.
};

Shrunk shrink(Program program, const std::function<bool(const Program&)>& fails,
              const Budget& budget);

}  // namespace busproof::program
