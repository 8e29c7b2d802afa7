// Source: END-4, END-6.
#include "suites/checkers/peers.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::kNever;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

constexpr int kGoingAway = 1001;
// No limit says how late a ping may be on its way.
constexpr Time kPingGrace = std::chrono::milliseconds(500);

/// A span in which a session answered nothing at all, not even pings.
struct Silence {
  std::uint32_t session = 0;
  Time from{};          ///< It read nothing more from here on at the latest.
  Time until = kNever;  ///< When it read again.
  std::size_t index = 0;
};

/// Reading stops behind the next message that comes, so only that shows that it has stopped.
std::vector<Silence> silences(const View& view) {
  std::vector<Silence> found;
  for (const Note& stop : view.marks("stops_reading")) {
    Silence one{.session = stop.session};
    for (const Note& again : view.marks("reads_again"))
      if (again.session == stop.session && again.at > stop.at)
        one.until = std::min(one.until, again.at);
    for (const history::Delivery& came : view.deliveries()) {
      if (came.session != stop.session || came.at < stop.at || came.at > one.until) continue;
      one.from = came.at;
      one.index = came.index;
    }
    if (one.index != 0) found.push_back(one);
  }
  return found;
}

/// That the bus dropped the session: leaving it so is what the scenario meant to bring about, which
/// ended_by_bus() rightly takes for our own doing.
const Note* dropped(const View& view, std::uint32_t session) {
  for (const Note* note : view.notes_of(session))
    if (note->action == Action::disconnected && text_of(note->said, "by") == "bus") return note;
  return nullptr;
}

/// The last thing that the session said before `until`: when it was invoked and when answered.
const Operation* last_said(const View& view, std::uint32_t session, Time until) {
  const Operation* last = nullptr;
  for (const Action action : {Action::hello, Action::subscribe, Action::publish, Action::call})
    for (const Operation& said : view.operations(action))
      if (said.session == session && said.invoked < until &&
          (last == nullptr || said.invoked > last->invoked))
        last = &said;
  return last;
}

bool settled_by(const View& view, std::uint32_t session, std::uint32_t message) {
  for (const Action action : {Action::ack, Action::reject, Action::extend})
    for (const Operation& settle : view.on_message(action, message))
      if (settle.session == session) return true;
  return false;
}

bool came_to_another(const View& view, const history::Delivery& held) {
  const auto all = view.deliveries_of(held.message);
  return std::any_of(all.begin(), all.end(),
                     [&](const history::Delivery& came) { return came.session != held.session; });
}

}  // namespace

Judgement judge_pinged(const View& view, const contract::Claims& claims) {
  const auto within = declared(claims, "ping_ms");
  std::uint64_t judged = 0;
  for (const Note& listened : view.marks("listened")) {
    const Operation* said = last_said(view, listened.session, listened.at);
    if (!within || said == nullptr || !said->ok()) continue;
    const auto pings = view.marks("pinged");
    const bool pinged = std::any_of(pings.begin(), pings.end(), [&](const Note& ping) {
      return ping.session == listened.session && ping.at > said->invoked && ping.at <= listened.at;
    });
    if (pinged) {
      ++judged;
      continue;
    }
    const Time due =
        said->answered + *within + kPingGrace + own_delay(view, said->answered, listened.at);
    if (listened.at < due || dropped(view, listened.session) != nullptr) continue;
    return Judgement::violated(
        "no_ping",
        fmt::format("Nobody said anything for {:.0f} ms, and the bus that pings within {:.0f} ms "
                    "did not.",
                    millis(listened.at - said->answered), millis(*within)),
        {said->answer_index, listened.index});
  }
  return Judgement::met(judged);
}

Judgement judge_dropped(const View& view, const contract::Claims& claims) {
  const auto within = declared(claims, "idle_ms");
  std::uint64_t judged = 0;
  for (const Silence& silence : silences(view)) {
    if (!within) continue;
    for (const Operation& asked : view.operations(Action::call)) {
      if (asked.session != silence.session || asked.invoked < silence.until) continue;
      const bool served =
          asked.answered != kNever && asked.error != "disconnected" && asked.error != "no_answer";
      const Time over = silence.from + *within + own_delay(view, silence.from, asked.invoked);
      if (served && asked.invoked > over)
        return Judgement::violated(
            "kept",
            fmt::format("A peer that had answered nothing for {:.0f} ms was still served by a bus "
                        "that drops it within {:.0f} ms.",
                        millis(asked.invoked - silence.from), millis(*within)),
            {silence.index, asked.invoke_index, asked.answer_index});
    }
    if (dropped(view, silence.session) != nullptr) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_dropped_gives_back(const View& view, const contract::Claims& claims) {
  const auto within = declared(claims, "idle_ms");
  const auto grace = declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise);
  const bool frees = claims.trait("queue", "release") == "frees";
  std::uint64_t judged = 0;
  for (const Silence& silence : silences(view)) {
    for (const history::Delivery& held : view.deliveries()) {
      const Operation* publish = view.publish_of(held.message);
      const auto group = group_of(view, held.subscription);
      if (!within || held.session != silence.session || held.at > silence.until || !group ||
          publish == nullptr || settled_by(view, held.session, held.message))
        continue;
      if (came_to_another(view, held)) {
        ++judged;
        continue;
      }
      const Time lease =
          frees ? Time(0) : lease_of(view, claims, held.subscription).value_or(kNever / 4);
      const Time back = silence.from + *within + lease + grace;
      const auto groups = deliveries_by_group(view);
      const Operation* fence = fence_published_after(view, groups.at(*group), group->first,
                                                     back + own_delay(view, silence.from, back));
      if (fence == nullptr) continue;
      return Judgement::violated(
          "held_back",
          fmt::format("Message m{} was held by a peer that had answered nothing for longer than "
                      "{:.0f} ms, and came to nobody else, though a later one did.",
                      held.message, millis(*within)),
          {held.index, silence.index, fence->invoke_index});
    }
  }
  return Judgement::met(judged);
}

Judgement judge_going_away(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Note& stop : view.marks("stop")) {
    for (const Note& open : view.notes()) {
      if (open.action != Action::connected || open.at > stop.at) continue;
      for (const Note* end : view.notes_of(open.session)) {
        if (end->action != Action::disconnected || text_of(end->said, "by") != "bus") continue;
        if (end->at < stop.at) continue;
        const auto code = number_of(end->said, "code");
        if (code != kGoingAway)
          return Judgement::violated(
              "close_code",
              fmt::format("The bus was told to stop and ended a connection with {} instead of {}.",
                          code == 0 ? "no close frame" : std::to_string(code), kGoingAway),
              {stop.index, end->index});
        ++judged;
      }
    }
  }
  return Judgement::met(judged);
}

Judgement judge_stops_in_time(const View& view, const contract::Claims& claims) {
  const auto within = declared(claims, "shutdown_ms");
  std::uint64_t judged = 0;
  for (const Note& stop : view.marks("stop")) {
    if (!within) continue;
    for (const std::string_view name : {"stopped", "would_not_stop"}) {
      const auto ends = view.marks(name);
      const auto end = std::find_if(ends.begin(), ends.end(),
                                    [&](const Note& one) { return one.at >= stop.at; });
      if (end == ends.end()) continue;
      ++judged;
      const Time took = end->at - stop.at;
      if (took > *within + own_delay(view, stop.at, end->at))
        return Judgement::violated(
            "too_slow",
            fmt::format("The bus was told to stop and took {:.0f} ms where it declares {:.0f} ms.",
                        millis(took), millis(*within)),
            {stop.index, end->index});
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
