#include "suites/checkers/rejects.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

/// A reject with requeue that was answered, of a delivery that had attempts left.
struct Rejected {
  const Operation* reject;
  const Delivery* delivery;
  std::int64_t attempt;  ///< As the delivery said, or as many as had come where it only says more.
};

std::int64_t attempt_of(const contract::Claims& claims, const Delivery& delivery, std::size_t nth) {
  return claims.trait("queue", "attempts") == "exact" ? delivery.attempt
                                                      : static_cast<std::int64_t>(nth);
}

std::vector<Rejected> rejected_again(const View& view, const contract::Claims& claims,
                                     const std::vector<Delivery>& all) {
  std::vector<Rejected> found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].message == 0 || may_be_used_up(claims, all[i], i + 1)) continue;
    const Operation* first = nullptr;  // A second one is answered with success and does nothing.
    for (const Operation& reject : view.on_delivery(Action::reject, all[i].delivery))
      if (first == nullptr) first = &reject;
    if (first != nullptr && first->ok() && first->amount == 1)
      found.push_back({first, &all[i], attempt_of(claims, all[i], i + 1)});
  }
  return found;
}

std::optional<Time> delay_asked(const Rejected& rejected) {
  if (rejected.reject->asked.if_contains("delay_ms") == nullptr) return std::nullopt;
  return std::chrono::milliseconds(history::number_of(rejected.reject->asked, "delay_ms"));
}

struct Wait {
  Time least, most;
};

/// How long a message waits after its reject without a delay; nothing where it is not declared.
std::optional<Wait> backoff(const contract::Claims& claims, std::int64_t attempt) {
  const auto base = claims.number("backoff.base_ms");
  const auto factor = claims.number("backoff.factor");
  const auto cap = claims.number("backoff.cap_ms");
  const auto jitter = claims.number("backoff.jitter");
  if (!base || !factor || !cap || !jitter || attempt < 1) return std::nullopt;
  const double wait = std::min(*cap, *base * std::pow(*factor, static_cast<double>(attempt - 1)));
  const auto whole = [](double ms) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
  };
  return Wait{whole(std::floor(wait * (1 - *jitter))), whole(std::ceil(wait * (1 + *jitter)))};
}

/// What a bus may take to notice that a wait is over.
Time grace(const contract::Claims& claims) {
  return std::max(declared(claims, "delay_grace_ms").value_or(kGraceOtherwise),
                  declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise)) +
         granularity(claims);
}

/// The latest instant at which it must be ready again; nothing where that is not declared.
std::optional<Time> due(const contract::Claims& claims, const Rejected& rejected) {
  if (const auto delay = delay_asked(rejected))
    return rejected.reject->answered + *delay + grace(claims);
  const auto wait = backoff(claims, rejected.attempt);
  if (!wait) return std::nullopt;
  return rejected.reject->answered + wait->most + grace(claims);
}

/// The delivery that the reject brought about: what came next, unless that may be older.
const Delivery* brought(const View& view, const std::vector<Delivery>& all,
                        const Rejected& rejected) {
  const Delivery* next = next_after(all, *rejected.delivery);
  if (next == nullptr || !sent_in_order(view, *rejected.delivery, *next) ||
      redriven(view, rejected.delivery->at, next->at))
    return nullptr;
  return next;
}

template <typename Each>
Judgement judge_each(const View& view, const contract::Claims& claims, Each each) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came)
      for (const Rejected& rejected : rejected_again(view, claims, all))
        if (auto wrong = each(group, came, rejected, judged, open)) return *wrong;
  if (open)
    return Judgement::inconclusive("no fence came behind a rejected message: it proves nothing");
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_rejected_again(const View& view, const contract::Claims& claims) {
  return judge_each(
      view, claims,
      [&](const Group& group, const ByMessage& came, const Rejected& rejected,
          std::uint64_t& judged, bool& open) -> std::optional<Judgement> {
        const auto by = due(claims, rejected);
        const Comeback back = comeback(view, claims, group, came, *rejected.delivery,
                                       by.value_or(history::kNever / 2));
        if (back.came == Came::never)
          return Judgement::violated(
              "never_came_again",
              fmt::format("Message m{} was rejected for another try and never came again, though a "
                          "message published {:.0f} ms after it was due did.",
                          rejected.delivery->message, millis(back.fence->invoked - *by)),
              {rejected.delivery->index, rejected.reject->answer_index, back.fence->invoke_index});
        back.came == Came::open ? static_cast<void>(open = true) : static_cast<void>(++judged);
        return std::nullopt;
      });
}

Judgement judge_reject_delay(const View& view, const contract::Claims& claims) {
  return judge_each(
      view, claims,
      [&](const Group&, const ByMessage& came, const Rejected& rejected, std::uint64_t& judged,
          bool&) -> std::optional<Judgement> {
        const auto delay = delay_asked(rejected);
        const Delivery* next = brought(view, came.at(rejected.delivery->message), rejected);
        if (!delay || *delay == Time::zero() || next == nullptr) return std::nullopt;
        const Time earliest = rejected.reject->invoked + *delay - granularity(claims);
        if (next->at < earliest)
          return Judgement::violated(
              "came_before_delay",
              fmt::format("Message m{} came again at least {:.1f} ms before its delay of {:.0f} ms "
                          "was over.",
                          next->message, millis(earliest - next->at), millis(*delay)),
              {rejected.reject->invoke_index, next->index});
        ++judged;
        return std::nullopt;
      });
}

Judgement judge_backoff(const View& view, const contract::Claims& claims) {
  return judge_each(
      view, claims,
      [&](const Group&, const ByMessage& came, const Rejected& rejected, std::uint64_t& judged,
          bool&) -> std::optional<Judgement> {
        const auto wait = backoff(claims, rejected.attempt);
        const Delivery* next = brought(view, came.at(rejected.delivery->message), rejected);
        if (!wait || delay_asked(rejected) || next == nullptr) return std::nullopt;
        const Time earliest = rejected.reject->invoked + wait->least - granularity(claims);
        const Time latest = rejected.reject->answered + wait->most + grace(claims) +
                            own_delay(view, rejected.delivery->at, next->at);
        const auto wrong = [&](const char* finding, const char* what, Time by) {
          return Judgement::violated(
              finding,
              fmt::format("Message m{}, rejected at attempt {}, came again {:.1f} ms too {}.",
                          next->message, rejected.attempt, millis(by), what),
              {rejected.reject->invoke_index, rejected.reject->answer_index, next->index});
        };
        if (next->at < earliest) return wrong("backoff_too_short", "early", earliest - next->at);
        if (next->at > latest &&
            has_room(view, claims, next->subscription, rejected.delivery->at, next->at))
          return wrong("backoff_too_long", "late", next->at - latest);
        ++judged;
        return std::nullopt;
      });
}

}  // namespace busproof::checkers
