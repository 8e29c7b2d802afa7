// Progress on stderr: one line that changes on a terminal, a line now and then elsewhere.
//
// Threads: one call at a time.
#pragma once

#include <cstddef>

#include <chrono>
#include <string_view>

namespace busproof::cli {

class Progress {
 public:
  Progress();
  ~Progress();  ///< Clears the line.
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::size_t done, std::size_t all, std::string_view name);

 private:
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace busproof::cli
