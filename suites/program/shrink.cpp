#include "suites/program/shrink.hpp"

#include <algorithm>
#include <utility>

namespace busproof::program {
namespace {

class Search {
 public:
  Search(Program program, const std::function<bool(const Program&)>& fails, const Budget& budget)
      : fails_(fails), budget_(budget), until_(std::chrono::steady_clock::now() + budget.time_max) {
    best_.program = std::move(program);
  }

  Shrunk run() {
    drop_parts();
    smaller_values();
    return best_;
  }

 private:
  [[nodiscard]] bool spent() const {
    return best_.runs >= budget_.runs_max || std::chrono::steady_clock::now() > until_;
  }

  bool keep_if_failing(Program candidate) {
    ++best_.runs;
    if (!fails_(candidate)) return false;
    best_.program = std::move(candidate);
    return true;
  }

  /// Leaves out ever smaller parts; minimal once a whole pass of single ones changed nothing.
  void drop_parts() {
    std::size_t part = std::max<std::size_t>(best_.program.size() / 2, 1);
    while (!spent()) {
      const bool dropped = drop_pass(part);
      if (part == 1 && !dropped && !spent()) {
        best_.minimal = true;
        return;
      }
      if (!dropped) part = std::max<std::size_t>(part / 2, 1);
    }
  }

  bool drop_pass(std::size_t part) {
    bool dropped = false;
    for (std::size_t at = 0; at < best_.program.size() && !spent();) {
      Program candidate = best_.program;
      const auto from = candidate.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(part, candidate.size() - at);
      candidate.erase(from, from + static_cast<std::ptrdiff_t>(count));
      if (keep_if_failing(std::move(candidate)))
        dropped = true;
      else
        at += part;
    }
    return dropped;
  }

  void smaller_values() {
    for (std::size_t i = 0; i < best_.program.size(); ++i) {
      for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}}) {
        if (spent() || best_.program[i].value <= value) break;
        Program candidate = best_.program;
        candidate[i].value = value;
        if (keep_if_failing(std::move(candidate))) break;
      }
    }
  }

  const std::function<bool(const Program&)>& fails_;
  Budget budget_;
  std::chrono::steady_clock::time_point until_;
  Shrunk best_;
};

}  // namespace

Shrunk shrink(Program program, const std::function<bool(const Program&)>& fails,
              const Budget& budget) {
  return Search(std::move(program), fails, budget).run();
}

}  // namespace busproof::program
