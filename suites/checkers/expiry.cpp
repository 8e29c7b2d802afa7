#include "suites/checkers/expiry.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/life.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Instant;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// What a bus/inspect said of an accepted message's times.
struct Seen {
  const Operation* publish;
  const Operation* inspect;
  std::optional<Instant> created, expires;
};

std::vector<Seen> seen_times(const View& view) {
  std::vector<Seen> found;
  for (const Operation& inspect : view.operations(Action::inspect)) {
    const Operation* publish = view.publish_of(inspect.message);
    if (publish == nullptr || !publish->ok() || !inspect.ok()) continue;
    found.push_back({publish, &inspect, contract::instant_from(text_of(inspect.said, "created_at")),
                     contract::instant_from(text_of(inspect.said, "expires_at"))});
  }
  return found;
}

std::vector<std::size_t> shown(const Seen& seen) {
  return {seen.publish->invoke_index, seen.inspect->answer_index};
}

/// What the bus tells may lie anywhere in the calendar: further apart than a Time can say.
Instant coarse(Time time) { return std::chrono::ceil<Instant>(time); }

double millis_of(Instant time) { return std::chrono::duration<double, std::milli>(time).count(); }

/// How far two instants that stand for the same acceptance may lie apart.
Instant slack_of(const View& view, const contract::Claims& claims, const Operation& publish) {
  return coarse(view.passed_at_most(publish.invoked, publish.answered) + 2 * granularity(claims));
}

/// When the message must expire; nothing where the protocol leaves it open.
std::optional<Instant> expected_expiry(const contract::Claims& claims, const Seen& seen,
                                       Instant slack) {
  const auto asked = asked_life(*seen.publish);
  if (!asked && seen.publish->asked.contains("ttl_ms")) return std::nullopt;
  const auto limit = expirytime_of(*seen.publish);
  const auto life = asked ? asked : declared(claims, "ttl_default_ms");
  if (!life) return std::nullopt;
  const Instant by_life = *seen.created + coarse(*life);
  if (!limit) return by_life;
  // Whether the default still counts beside an expirytime beyond it is not said.
  if (!asked && *limit > by_life - slack) return std::nullopt;
  return std::min(by_life, *limit);
}

template <typename Concerns>
Judgement judge_life(const View& view, const contract::Claims& claims, Concerns concerns) {
  std::uint64_t judged = 0;
  for (const Seen& seen : seen_times(view)) {
    if (!concerns(*seen.publish)) continue;
    if (!seen.expires)
      return Judgement::violated(
          "wrong_expiry", fmt::format("Message m{} has no expires_at.", seen.publish->message),
          shown(seen));
    if (!seen.created) continue;
    const Instant slack = slack_of(view, claims, *seen.publish);
    const auto expected = expected_expiry(claims, seen, slack);
    if (!expected) continue;
    ++judged;
    const Instant off = *seen.expires - *expected;
    if (off > slack || off < -slack)
      return Judgement::violated(
          "wrong_expiry",
          fmt::format("Message m{} is to expire {:.0f} ms too {}.", seen.publish->message,
                      millis_of(off > off.zero() ? off : -off),
                      off > off.zero() ? "late" : "early"),
          shown(seen));
  }
  return Judgement::met(judged);
}

bool has_attribute(const Operation& publish, std::string_view name) {
  const auto* attributes = publish.asked.if_contains("attributes");
  return attributes != nullptr && attributes->is_object() &&
         attributes->get_object().contains(name);
}

bool has_ttl(const Operation& publish) { return publish.asked.contains("ttl_ms"); }

/// A message with a sender's time that was gone while it certainly lived; or null.
const Operation* gone_alive(const View& view, const contract::Claims& claims) {
  for (const Action action : {Action::retrieve, Action::inspect})
    for (const Operation& request : view.operations(action)) {
      const Operation* publish = view.publish_of(request.message);
      if (publish == nullptr || !publish->ok() || !says_gone(request)) continue;
      if (!has_attribute(*publish, "time") || maybe_over(view, claims, *publish, request.answered))
        continue;
      if (!gone_otherwise(view, claims, *publish, request)) return &request;
    }
  return nullptr;
}

/// Whether two inspects of one message, one before and one after, tell of another end; their own
/// duration may show in what a bus reckons from what is left.
std::optional<Judgement> moved(const contract::Claims& claims, const Seen& before,
                               const Seen& after) {
  if (!before.expires || !after.expires) return std::nullopt;
  const Instant slack =
      coarse(2 * granularity(claims) + (before.inspect->answered - before.inspect->invoked) +
             (after.inspect->answered - after.inspect->invoked));
  const Instant off = *after.expires - *before.expires;
  if (off <= slack && off >= -slack) return std::nullopt;
  return Judgement::violated("expiry_moved",
                             fmt::format("The end of message m{} moved by {:.0f} ms.",
                                         before.publish->message, millis_of(off)),
                             {before.inspect->answer_index, after.inspect->answer_index});
}

/// `between(publish, from, to)`: whether the thing happened to the message between those instants.
template <typename Between>
Judgement judge_kept(const View& view, const contract::Claims& claims, Between between) {
  std::uint64_t judged = 0;
  const auto all = seen_times(view);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (all[i].publish != all[j].publish ||
          !between(*all[i].publish, all[i].inspect->answered, all[j].inspect->invoked))
        continue;
      if (auto wrong = moved(claims, all[i], all[j])) return *wrong;
      if (all[i].expires && all[j].expires) ++judged;
    }
  return Judgement::met(judged);
}

template <typename Concerns>
Judgement judge_refused(const View& view, std::string_view what, Concerns concerns) {
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!concerns(publish)) continue;
    const std::vector<std::size_t> events{publish.invoke_index, publish.answer_index};
    if (publish.ok())
      return Judgement::violated(
          "accepted", fmt::format("Message m{} was accepted with {}.", publish.message, what),
          events);
    if (is_momentary(publish)) continue;
    if (publish.error != "invalid_argument")
      return Judgement::violated(
          "wrong_error",
          fmt::format("Message m{} with {} was refused as \"{}\", not as \"invalid_argument\".",
                      publish.message, what, publish.error),
          events);
    ++judged;
  }
  return Judgement::met(judged);
}

/// The latest instant that the bus' clock is known to have passed before `at`; by what it said of
/// messages it had made by then.
std::optional<Instant> bus_clock_before(const View& view, Time at) {
  std::optional<Instant> latest;
  for (const Seen& seen : seen_times(view))
    if (seen.created && seen.inspect->answered < at)
      latest = std::max(latest.value_or(*seen.created), *seen.created);
  return latest;
}

/// No calendar of four-digit years holds an end so far away.
constexpr std::int64_t kBeyondAnyCalendarMs = 10'000LL * 366 * 24 * 3'600'000;

}  // namespace

Judgement judge_default_life(const View& view, const contract::Claims& claims) {
  return judge_life(view, claims, [](const Operation& publish) { return !is_mortal(publish); });
}

Judgement judge_explicit_life(const View& view, const contract::Claims& claims) {
  return judge_life(view, claims, [](const Operation& publish) {
    return has_ttl(publish) && !has_attribute(publish, "expirytime");
  });
}

Judgement judge_expirytime(const View& view, const contract::Claims& claims) {
  return judge_life(view, claims,
                    [](const Operation& publish) { return expirytime_of(publish).has_value(); });
}

Judgement judge_senders_clock(const View& view, const contract::Claims& claims) {
  if (const Operation* gone = gone_alive(view, claims); gone != nullptr)
    return Judgement::violated(
        "senders_clock_counted",
        fmt::format("Message m{}, whose sender's clock is wrong, was gone before its time.",
                    gone->message),
        {view.publish_of(gone->message)->invoke_index, gone->answer_index});
  std::uint64_t judged = 0;
  const auto all = seen_times(view);
  for (const Seen& plain : all)
    for (const Seen& wrong : all) {
      const Operation &first = *plain.publish, &second = *wrong.publish;
      if (!life_of(first) || !life_of(second) || !plain.expires || !wrong.expires) continue;
      if (has_attribute(first, "time") || !has_attribute(second, "time")) continue;
      if (first.answered > second.invoked) continue;
      const Instant apart =
          (*wrong.expires - coarse(*life_of(second))) - (*plain.expires - coarse(*life_of(first)));
      const Time slack = 2 * granularity(claims);
      ++judged;
      if (apart >= coarse(view.passed_at_least(first.answered, second.invoked) - slack) &&
          apart <= coarse(view.passed_at_most(first.invoked, second.answered) + slack))
        continue;
      return Judgement::violated(
          "senders_clock_counted",
          fmt::format("By its expires_at message m{}, whose sender's clock is wrong, was accepted "
                      "{:.0f} ms after m{}.",
                      second.message, millis_of(apart), first.message),
          {first.invoke_index, plain.inspect->answer_index, second.invoke_index,
           wrong.inspect->answer_index});
    }
  return Judgement::met(judged);
}

Judgement judge_redelivery_keeps(const View& view, const contract::Claims& claims) {
  return judge_kept(view, claims, [&](const Operation& publish, Time from, Time to) {
    const auto all = view.deliveries();
    return std::any_of(all.begin(), all.end(), [&](const history::Delivery& delivery) {
      return delivery.message == publish.message && delivery.attempt > 1 && delivery.at > from &&
             delivery.at < to;
    });
  });
}

Judgement judge_extension_keeps(const View& view, const contract::Claims& claims) {
  return judge_kept(view, claims, [&](const Operation& publish, Time from, Time to) {
    const auto all = view.on_message(Action::extend, publish.message);
    return std::any_of(all.begin(), all.end(), [&](const Operation& extend) {
      return extend.ok() && extend.invoked > from && extend.answered < to;
    });
  });
}

Judgement judge_redrive_keeps(const View& view, const contract::Claims& claims) {
  return judge_kept(view, claims, [&](const Operation& publish, Time from, Time to) {
    const auto all = view.operations(Action::call);
    return std::any_of(all.begin(), all.end(), [&](const Operation& call) {
      if (text_of(call.asked, "method") != "bus/redrive" || !call.ok()) return false;
      const auto* params = call.asked.if_contains("params");
      return params != nullptr && params->is_object() && number_of(call.said, "count") > 0 &&
             text_of(params->get_object(), "destination") ==
                 view.history().text(publish.destination) &&
             call.invoked > from && call.answered < to;
    });
  });
}

Judgement judge_restart_keeps(const View& view, const contract::Claims& claims) {
  return judge_kept(view, claims, [&](const Operation&, Time from, Time to) {
    const auto all = view.marks("started");
    return std::any_of(all.begin(), all.end(), [&](const history::Note& started) {
      return started.at > from && started.at < to;
    });
  });
}

Judgement judge_expiry_survives(const View& view, const contract::Claims& claims) {
  const auto all = seen_times(view);
  for (const history::Note& started : view.marks("started"))
    for (const Seen& before : all)
      for (const Seen& after : all) {
        if (before.publish != after.publish || before.inspect->answered > started.at ||
            after.inspect->invoked < started.at || !before.expires || after.expires)
          continue;
        return Judgement::violated(
            "expiry_lost",
            fmt::format("Message m{} had an expires_at before the restart and has none after it.",
                        before.publish->message),
            {before.inspect->answer_index, started.index, after.inspect->answer_index});
      }
  return judge_restart_keeps(view, claims);
}

Judgement judge_zero_refused(const View& view, const contract::Claims&) {
  return judge_refused(view, "a ttl_ms of 0", [](const Operation& publish) {
    return has_ttl(publish) && number_of(publish.asked, "ttl_ms", -1) == 0;
  });
}

Judgement judge_negative_refused(const View& view, const contract::Claims&) {
  return judge_refused(view, "a negative ttl_ms", [](const Operation& publish) {
    return number_of(publish.asked, "ttl_ms") < 0;
  });
}

Judgement judge_overflow_refused(const View& view, const contract::Claims& claims) {
  const std::int64_t most =
      std::min(claims.limit("ttl_max_ms").value_or(kBeyondAnyCalendarMs), kBeyondAnyCalendarMs);
  return judge_refused(view, "a ttl_ms beyond the largest", [&](const Operation& publish) {
    return number_of(publish.asked, "ttl_ms") > most;
  });
}

Judgement judge_past_refused(const View& view, const contract::Claims& claims) {
  return judge_refused(view, "an expirytime in the past", [&](const Operation& publish) {
    const auto limit = expirytime_of(publish);
    const auto now = bus_clock_before(view, publish.invoked);
    return limit && now && *limit < *now - coarse(granularity(claims));
  });
}

}  // namespace busproof::checkers
