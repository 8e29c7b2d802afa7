#include "cli/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace busproof::cli {
namespace {

constexpr std::size_t kBarCells = 24;
constexpr std::chrono::seconds kBetweenLines{10};

}  // namespace

Progress::Progress()
    : terminal_(::isatty(STDERR_FILENO) == 1 && std::getenv("CI") == nullptr),
      last_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  if (terminal_ && shown_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::show(std::size_t done, std::size_t all, std::string_view name) {
  if (terminal_) {
    const std::size_t filled = all == 0 ? kBarCells : kBarCells * done / all;
    fmt::print(stderr, "\r\x1b[K[{}{}] {}/{} {:.50}", std::string(filled, '='),
               std::string(kBarCells - filled, ' '), done, all, name);
    std::fflush(stderr);
    shown_ = true;
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kBetweenLines) return;
  last_ = now;
  fmt::print(stderr, "{}/{} {}\n", done, all, name);
}

}  // namespace busproof::cli
