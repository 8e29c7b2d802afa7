#include "suites/checkers/rates.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;
using history::kNever;
using history::Note;
using history::Operation;
using history::Phase;
using history::Time;
using history::View;

constexpr std::string_view kLimited = "rate_limited";

/// More accepted between the first's request and the last's answer than that span allows.
std::optional<Judgement> beyond(const std::vector<const Operation*>& accepted, std::int64_t per_s) {
  for (std::size_t first = 0; first < accepted.size(); ++first) {
    Time answered{};
    for (std::size_t last = first; last < accepted.size(); ++last) {
      answered = std::max(answered, accepted[last]->answered);
      const std::chrono::duration<double> span = answered - accepted[first]->invoked + kRateSlack;
      const auto count = last - first + 1;
      if (static_cast<double>(count) <= span.count() * static_cast<double>(per_s)) continue;
      return Judgement::violated(
          "beyond",
          fmt::format("{} publishes were accepted within {:.2f} s, and publish_per_s is {}.", count,
                      std::chrono::duration<double>(span - kRateSlack).count(), per_s),
          {accepted[first]->invoke_index, accepted[last]->answer_index});
    }
  }
  return std::nullopt;
}

/// Whether that connection was answered later, or said to be alive until `at` by its end.
bool served_at(const View& view, std::uint32_t session, Time at) {
  for (const Note* note : view.notes_of(session))
    if (note->action == Action::disconnected && note->at <= at) return false;
  return lives(view, session, at);
}

}  // namespace

Judgement judge_publish_rate(const View& view, const contract::Claims& claims) {
  const auto per_s = claims.limit("publish_per_s");
  if (!per_s) return Judgement::unverified("publish_per_s is not declared");
  std::vector<const Operation*> accepted;
  std::uint64_t refused = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.ok()) accepted.push_back(&publish);
    if (publish.error != kLimited) continue;
    if (publish.outcome != Phase::fail)
      return Judgement::violated(
          "indefinite",
          fmt::format(
              "Publish of m{} was refused with {}, which does not say that it was not done.",
              publish.message, kLimited),
          {publish.invoke_index, publish.answer_index});
    ++refused;
  }
  std::sort(accepted.begin(), accepted.end(),
            [](const Operation* a, const Operation* b) { return a->invoked < b->invoked; });
  if (auto wrong = beyond(accepted, *per_s)) return *wrong;
  if (const auto absent = judge_refused_absent(view, claims); absent.verdict() == Verdict::violated)
    return absent;
  return Judgement::met(refused);
}

Judgement judge_rate_recovers(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  bool limited = false;
  Time last{};
  for (const Operation& publish : view.operations(Action::publish)) {
    // Operations come in the order of their requests.
    const bool rested = last != kNever && publish.invoked - last >= kRateSlack;
    if (limited && rested && publish.error == kLimited)
      return Judgement::violated(
          "still_refused",
          fmt::format("Publish of m{} was refused though none had been sent for {} s.",
                      publish.message, std::chrono::duration<double>(kRateSlack).count()),
          {publish.invoke_index, publish.answer_index});
    if (limited && rested && publish.ok()) ++judged;
    limited = limited || publish.error == kLimited;
    last = std::max(last, publish.answered);
  }
  return Judgement::met(judged);
}

Judgement judge_connections(const View& view, const contract::Claims& claims) {
  const auto most = claims.limit("connections_max");
  if (!most) return Judgement::unverified("connections_max is not declared");
  std::uint64_t refused = view.marks("not_connected").size();
  const auto hellos = view.operations(Action::hello);
  for (const Operation& hello : hellos) {
    if (hello.error == kLimited) ++refused;
    if (!hello.ok()) continue;
    const auto others = std::count_if(hellos.begin(), hellos.end(), [&](const Operation& other) {
      return other.ok() && other.answered < hello.invoked &&
             served_at(view, other.session, hello.answered);
    });
    if (others >= *most && served_at(view, hello.session, hello.answered))
      return Judgement::violated(
          "beyond",
          fmt::format("A connection was greeted beside {} others, and connections_max is {}.",
                      others, *most),
          {hello.invoke_index, hello.answer_index});
  }
  return Judgement::met(refused);
}

}  // namespace busproof::checkers
