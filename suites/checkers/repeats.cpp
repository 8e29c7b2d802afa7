#include "suites/checkers/repeats.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "suites/checkers/batch.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// What makes an event the same: the message it was first published as, and with it the id; its
/// source, empty for the usual one; and where.
using Identity = std::tuple<std::uint32_t, std::string, history::Text>;
using Same = std::vector<const Operation*>;

std::uint32_t first_of(const Operation& publish) {
  return static_cast<std::uint32_t>(number_of(publish.asked, "repeats", publish.message));
}

Identity identity_of(const Operation& publish) {
  const boost::json::value* own = publish.asked.if_contains("attributes");
  const std::string source =
      own != nullptr && own->is_object() ? text_of(own->get_object(), "source") : std::string();
  return {first_of(publish), source, publish.destination};
}

/// Events that were published more than once, if only elsewhere or from another source; topics
/// apart, which know no repeats.
std::map<Identity, Same> repeated_events(const View& view) {
  std::map<std::uint32_t, int> times;
  for (const Operation& publish : view.operations(Action::publish)) ++times[first_of(publish)];
  std::map<Identity, Same> found;
  for (const Operation& publish : view.operations(Action::publish))
    if (times[first_of(publish)] > 1 && text_of(publish.asked, "mode") != "topic")
      found[identity_of(publish)].push_back(&publish);
  return found;
}

bool same_payload(const Operation& one, const Operation& other) {
  return text_of(one.asked, "digest") == text_of(other.asked, "digest") &&
         text_of(one.asked, "json") == text_of(other.asked, "json");
}

/// Up to when the bus certainly still knew the event: the window began with its acceptance, which
/// was not before the first was sent, and its clock may have been moved since.
Time known_until(const View& view, const contract::Claims& claims, const Same& same) {
  const auto window = declared(claims, "dedupe.window_ms");
  if (!window) return Time::min();
  Time first = history::kNever;
  for (const Operation* publish : same) first = std::min(first, publish->invoked);
  const Time moved = view.passed_at_most(first, first + *window) - *window;
  return first + *window - moved - granularity(claims);
}

/// Whether one of them may have been left to expire, or come later: then so may the message, for
/// the first one's fields stand.
bool has_times(const Same& same) {
  return std::any_of(same.begin(), same.end(), [](const Operation* publish) {
    return publish->asked.contains("ttl_ms") || publish->asked.contains("delay_ms") ||
           publish->asked.contains("params");
  });
}

std::optional<Judgement> one_id(const Same& same, Time until) {
  const Operation* known = nullptr;
  for (const Operation* publish : same) {
    if (publish->answered >= until) continue;
    if (publish->ok() && known != nullptr &&
        text_of(known->said, "transaction_id") != text_of(publish->said, "transaction_id"))
      return Judgement::violated(
          "new_id",
          fmt::format("The event of m{} was published again as m{} and given another id.",
                      known->message, publish->message),
          {known->answer_index, publish->invoke_index, publish->answer_index});
    if (publish->error == "conflict" && publish->outcome == Phase::fail)
      return Judgement::violated(
          "same_refused",
          fmt::format("The same event with the same payload was refused as m{}: conflict.",
                      publish->message),
          {publish->invoke_index, publish->answer_index});
    if (publish->ok()) known = publish;
  }
  return std::nullopt;
}

/// A copy of a publish under the number by which its deliveries are known.
Operation as_first(const Operation& publish) {
  Operation known = publish;
  known.message = first_of(publish);
  return known;
}

std::optional<Judgement> never_came(const View& view, const contract::Claims& claims,
                                    const Same& same) {
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const Operation* publish : same) {
      const Operation known = as_first(*publish);
      const auto due = owed.due(known);
      if (!due || came.contains(known.message)) continue;
      if (const Operation* fence = owed.fence_behind(*due))
        return Judgement::violated(
            "lost",
            fmt::format("The event of m{} was accepted, if as m{}, and never came.", known.message,
                        publish->message),
            {publish->invoke_index, publish->answer_index, fence->invoke_index});
    }
  }
  return std::nullopt;
}

/// Those with the first one's payload; none where it is in doubt which came first, and with it
/// which of them are in conflict.
Same alike(const Same& same) {
  const Operation& first = *same.front();
  Same found;
  bool in_doubt = false;
  for (const Operation* publish : same) {
    if (same_payload(*publish, first))
      found.push_back(publish);
    else
      in_doubt = in_doubt || !first.ok() || publish->invoked <= first.answered;
  }
  return in_doubt ? Same() : found;
}

using Events = std::map<Identity, Same>;

/// Whether the same id was used from another source at the same place: deliveries do not tell them
/// apart then.
bool ambiguous(const Events& all, const Identity& identity) {
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return other.first != identity && std::get<0>(other.first) == std::get<0>(identity) &&
           std::get<2>(other.first) == std::get<2>(identity);
  });
}

std::optional<Judgement> wrong_in(const View& view, const contract::Claims& claims,
                                  const Same& same, Time until, bool told_apart) {
  if (auto wrong = one_id(same, until)) return wrong;
  if (!told_apart) return std::nullopt;
  const std::uint32_t message = first_of(*same.front());
  const Doubled twice = doubled(view, message, until);
  if (twice &&
      view.subscribe_of(twice.first->subscription)->destination == same.front()->destination)
    return Judgement::violated(
        "delivered_again", fmt::format("The event of m{} came twice as the first.", message),
        {same.back()->answer_index, twice.first->index, twice.second->index});
  return has_times(same) ? std::nullopt : never_came(view, claims, same);
}

/// Another source or destination makes another message: two of them that share an id.
std::optional<Judgement> mixed_up(const Events& all) {
  std::map<std::string, std::pair<Identity, const Operation*>> by_id;
  for (const auto& [identity, same] : all) {
    for (const Operation* publish : same) {
      if (!publish->ok()) continue;
      const auto [known, fresh] =
          by_id.emplace(text_of(publish->said, "transaction_id"), std::pair(identity, publish));
      if (!fresh && known->second.first != identity)
        return Judgement::violated(
            "mixed_up",
            fmt::format("m{} has the id of m{} but another source or destination, and was given "
                        "its transaction id.",
                        publish->message, known->second.second->message),
            {known->second.second->answer_index, publish->invoke_index, publish->answer_index});
    }
  }
  return std::nullopt;
}

bool after_first(const View&, const Same& same, const Operation& repeat) {
  return std::any_of(same.begin(), same.end(), [&](const Operation* other) {
    return other->ok() && other->answered < repeat.invoked;
  });
}

bool after_ack(const View& view, const Same&, const Operation& repeat) {
  const auto acks = view.operations(Action::ack);
  return std::any_of(acks.begin(), acks.end(), [&](const Operation& ack) {
    return ack.ok() && ack.message == first_of(repeat) && ack.answered < repeat.invoked;
  });
}

bool after_silence(const View&, const Same& same, const Operation& repeat) {
  return std::any_of(same.begin(), same.end(), [&](const Operation* other) {
    return other->outcome == Phase::info && other->invoked < repeat.invoked;
  });
}

bool at_once(const View&, const Same& same, const Operation& repeat) {
  return std::any_of(same.begin(), same.end(), [&](const Operation* other) {
    return other != &repeat && other->session != repeat.session &&
           other->invoked < repeat.answered && repeat.invoked < other->answered;
  });
}

/// How many repeats were judged, by the way that the answer named.
using ByRoute = std::map<std::string, std::uint64_t>;

template <typename Counts>
std::optional<Judgement> wrong_repeat(const View& view, const contract::Claims& claims,
                                      Counts counts, ByRoute& judged) {
  const Events all = repeated_events(view);
  if (auto wrong = mixed_up(all)) return wrong;
  for (const auto& [identity, any] : all) {
    const Same same = alike(any);
    if (same.empty()) continue;
    const Time until = known_until(view, claims, same);
    if (auto wrong = wrong_in(view, claims, same, until, !ambiguous(all, identity))) return wrong;
    for (const Operation* repeat : same)
      if (repeat->ok() && repeat->answered < until && counts(view, same, *repeat) &&
          watched(view, repeat->destination, repeat->answered))
        ++judged[text_of(repeat->said, "route")];
  }
  return std::nullopt;
}

template <typename Counts>
Judgement judge(const View& view, const contract::Claims& claims, Counts counts) {
  ByRoute judged;
  if (auto wrong = wrong_repeat(view, claims, counts, judged)) return *wrong;
  std::uint64_t all = 0;
  for (const auto& [route, count] : judged) all += count;
  return Judgement::met(all);
}

/// Whether that delivery carries the payload of `publish`.
bool carries(const Delivery& delivery, const Operation& publish) {
  const std::string digest = text_of(publish.asked, "digest");
  return !digest.empty() && text_of(delivery.said, "digest") == digest;
}

std::optional<Judgement> judge_other(const View& view, const Operation& other) {
  const std::vector<std::size_t> events = {other.invoke_index, other.answer_index};
  if (other.ok())
    return Judgement::violated(
        "conflict_accepted",
        fmt::format("m{} has the source and id of m{} and another payload, and was accepted.",
                    other.message, first_of(other)),
        events);
  for (const Delivery& delivery : view.deliveries())
    if (delivery.message == first_of(other) && carries(delivery, other))
      return Judgement::violated(
          "conflict_delivered",
          fmt::format("The payload of m{} came, though m{} had its source and id first.",
                      other.message, first_of(other)),
          {other.invoke_index, other.answer_index, delivery.index});
  if (!is_passing(other) && other.error != "conflict")
    return Judgement::violated(
        "wrong_error",
        fmt::format("The same id with another payload was refused with \"{}\".", other.error),
        events);
  return std::nullopt;
}

/// The same id with another payload; nothing where all of that was right.
std::optional<Judgement> wrong_conflict(const View& view, const contract::Claims& claims,
                                        std::uint64_t& judged) {
  for (const auto& [identity, same] : repeated_events(view)) {
    const Time until = known_until(view, claims, same);
    const Operation& first = *same.front();
    if (!first.ok()) continue;
    for (const Operation* other : same) {
      if (same_payload(first, *other) || other->invoked <= first.answered ||
          other->answered >= until)
        continue;
      if (auto wrong = judge_other(view, *other)) return wrong;
      if (other->error == "conflict" && watched(view, other->destination, other->answered))
        ++judged;
    }
  }
  return std::nullopt;
}

}  // namespace

Judgement judge_repeated(const View& view, const contract::Claims& claims) {
  return judge(view, claims, after_first);
}

Judgement judge_repeated_settled(const View& view, const contract::Claims& claims) {
  return judge(view, claims, after_ack);
}

Judgement judge_retried(const View& view, const contract::Claims& claims) {
  return judge(view, claims, after_silence);
}

Judgement judge_repeated_at_once(const View& view, const contract::Claims& claims) {
  return judge(view, claims, at_once);
}

Judgement judge_conflict(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  if (auto wrong = wrong_conflict(view, claims, judged)) return *wrong;
  return Judgement::met(judged);
}

Judgement judge_repeated_either_way(const View& view, const contract::Claims& claims) {
  ByRoute judged;
  std::uint64_t conflicts = 0;
  if (auto wrong = wrong_repeat(view, claims, after_first, judged)) return *wrong;
  if (auto wrong = wrong_conflict(view, claims, conflicts)) return *wrong;
  if (judged["inline"] == 0 || judged["reference"] == 0)
    return Judgement::inconclusive("nothing was repeated on one of the two ways");
  return Judgement::met(judged["inline"] + judged["reference"] + conflicts);
}

}  // namespace busproof::checkers
