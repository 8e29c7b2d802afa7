#include "suites/checkers/ttl.hpp"

#include <fmt/format.h>

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
    const std::int64_t ttl = history::number_of(publish->asked, "ttl_ms", 0);
    const bool gone = retrieve.error == "expired" || retrieve.error == "not_found";
    if (ttl > 0 && (gone || retrieve.ok()))
      found.push_back({&retrieve, publish, std::chrono::milliseconds(ttl), gone});
  }
  return found;
}

}  // namespace

Judgement judge_not_expired_early(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Read& read : reads(view)) {
    const Time earliest_end = read.publish->invoked + read.ttl - granularity(claims);
    if (may_be_gone(view, claims, *read.publish, *read.retrieve)) continue;
    ++judged;
    if (read.gone)
      return Judgement::violated(
          "expired_early",
          fmt::format("Message m{} was gone at least {:.1f} ms before its {} ms were over.",
                      read.publish->message, millis(earliest_end - read.retrieve->answered),
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
    const Time latest_end = read.publish->answered + read.ttl + *grace + granularity(claims);
    if (read.retrieve->invoked <= latest_end) continue;
    if (read.gone && gone_otherwise(view, claims, *read.publish, *read.retrieve)) continue;
    ++judged;
    if (!read.gone)
      return Judgement::violated(
          "readable_late",
          fmt::format(
              "Message m{} could be read {:.0f} ms after its {} ms and the grace were over.",
              read.publish->message, millis(read.retrieve->invoked - latest_end), millis(read.ttl)),
          {read.publish->answer_index, read.retrieve->answer_index});
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
