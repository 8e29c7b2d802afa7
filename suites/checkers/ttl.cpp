#include "suites/checkers/ttl.hpp"

#include <fmt/format.h>

#include "suites/checkers/life.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::Time;
using history::View;

/// A retrieve of a message that was accepted with a time to live of its own.
struct Read {
  const Operation* retrieve;
  const Operation* publish;
  Time ttl;
  bool gone;  ///< The bus said that it is no longer there.
};

std::vector<Read> reads(const View& view) {
  std::vector<Read> found;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok()) continue;
    const auto ttl = life_of(*publish);
    const bool gone = says_gone(retrieve);
    if (ttl && (gone || retrieve.ok())) found.push_back({&retrieve, publish, *ttl, gone});
  }
  return found;
}

}  // namespace

Judgement judge_not_expired_early(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Read& read : reads(view)) {
    if (may_be_gone(view, claims, *read.publish, *read.retrieve)) continue;
    ++judged;
    if (read.gone)
      return Judgement::violated(
          "expired_early",
          fmt::format("Message m{} was gone at least {:.1f} ms before its {} ms were over.",
                      read.publish->message,
                      millis(read.ttl - granularity(claims) -
                             view.passed_at_most(read.publish->invoked, read.retrieve->answered)),
                      millis(read.ttl)),
          {read.publish->invoke_index, read.retrieve->answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_not_readable_late(const View& view, const contract::Claims& claims) {
  const auto grace = declared(claims, "ttl_grace_ms");
  if (!grace) return Judgement::unverified("ttl_grace_ms is not declared");
  std::uint64_t judged = 0;
  for (const Read& read : reads(view)) {
    if (!certainly_over(view, claims, *read.publish, read.retrieve->invoked, *grace)) continue;
    if (read.gone && gone_otherwise(view, claims, *read.publish, *read.retrieve)) continue;
    ++judged;
    if (!read.gone)
      return Judgement::violated(
          "readable_late",
          fmt::format(
              "Message m{} could be read {:.0f} ms after its {} ms and the grace were over.",
              read.publish->message,
              millis(view.passed_at_least(read.publish->answered, read.retrieve->invoked) -
                     read.ttl - *grace - granularity(claims)),
              millis(read.ttl)),
          {read.publish->answer_index, read.retrieve->answer_index});
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
