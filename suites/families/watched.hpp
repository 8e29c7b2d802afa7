// Spans of operations, and of nothing for no less time, each between the counters of the links.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <string_view>

#include "suites/stage/links.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::families {

class Watched {
 public:
  static constexpr int kRounds = 3;

  explicit Watched(stage::Stage& stage) : stage_(stage), links_(stage.links()) {}

  /// Between the marks "calls" and "calls_end", unless others are named.
  template <typename Operation>
  void calls(std::string_view what, std::int64_t times, Operation once) {
    span("calls", "calls_end", what, times, [&] {
      for (std::int64_t i = 0; i < times; ++i) once();
    });
  }

  template <typename Act>
  void span(std::string_view begin, std::string_view end, std::string_view what, std::int64_t times,
            Act act) {
    const history::Time start = history::now();
    links_.mark(begin, 0, what);
    act();
    stage_.let_pass(kPutOff);
    links_.mark(end, times, what);
    const history::Time length = history::now() - start;
    if (length > longest_) idle_ = 0;  // Those so far were too short for it.
    longest_ = std::max(longest_, length);
  }

  /// Of differing lengths, so that nothing periodic keeps step with them.
  void idle() {
    links_.mark("idle");
    stage_.let_pass(std::chrono::ceil<stage::milliseconds>(longest_) +
                    stage::milliseconds(stage_.any(5, 90)));
    links_.mark("idle_end");
    ++idle_;
  }

  /// Until there are as many idle spans as rounds that are no shorter than any other.
  void enough() {
    while (idle_ < kRounds) idle();
  }

 private:
  /// For what a bus may put off and do a little later.
  static constexpr stage::milliseconds kPutOff{100};

  stage::Stage& stage_;
  stage::Links links_;
  history::Time longest_{};
  int idle_ = 0;
};

}  // namespace busproof::families
