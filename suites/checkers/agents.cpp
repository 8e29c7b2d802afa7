#include "suites/checkers/agents.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/handed.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/topics.hpp"
#include "suites/checkers/whose.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// A delivery to somebody whose message is another's; nothing else counts.
std::optional<Judgement> astray(const View& view, Foreign foreign, std::string_view finding) {
  const auto all = everybody(view);
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    const auto who = all.find(delivery.session);
    if (publish == nullptr || who == all.end() ||
        !foreign(who->second, destination_of(view, *publish)))
      continue;
    return Judgement::violated(
        std::string(finding),
        fmt::format("Message m{} to {} came to \"{}\".", publish->message,
                    destination_of(view, *publish), who->second.agent),
        {who->second.hello->invoke_index, publish->invoke_index, delivery.index});
  }
  return std::nullopt;
}

/// How many messages to somebody else went by connections that heard something later.
std::uint64_t passed_by(const View& view, Foreign foreign) {
  const auto all = everybody(view);
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok() && std::any_of(all.begin(), all.end(), [&](const auto& one) {
          return foreign(one.second, destination_of(view, publish)) &&
                 heard_later(view, one.first, publish.answered);
        }))
      ++judged;
  return judged;
}

/// Subscribes by name to what is another's.
std::optional<Judgement> let_in(const View& view, Foreign foreign, std::uint64_t& judged) {
  const auto all = everybody(view);
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    const auto who = all.find(subscribe.session);
    if (who == all.end() || subscribe.asked.contains("pattern") ||
        !foreign(who->second, destination_of(view, subscribe)))
      continue;
    const std::string what =
        fmt::format("Subscribing to {} as \"{}\" of \"{}\"", destination_of(view, subscribe),
                    who->second.agent, who->second.workspace);
    if (auto wrong = not_refused(subscribe, "forbidden", what, judged)) return wrong;
  }
  return std::nullopt;
}

/// Whether nobody can have been subscribed to that queue while the message was published.
bool nobody_there(const View& view, const Operation& publish) {
  const auto all = view.operations(Action::subscribe);
  return std::none_of(all.begin(), all.end(), [&](const Operation& subscribe) {
    if (subscribe.destination != publish.destination || subscribe.invoked > publish.answered ||
        subscribe.outcome == history::Phase::fail || text_of(subscribe.asked, "mode") == "topic")
      return false;
    const auto notes = view.notes_of(subscribe.session);
    return std::none_of(notes.begin(), notes.end(), [&](const history::Note* note) {
      return note->action == Action::disconnected && note->at < publish.invoked;
    });
  });
}

Judgement judge_waits(const View& view, const contract::Claims& claims, std::string_view mode) {
  return judge_none_lost_of(view, claims, [&](const Operation& publish) {
    return text_of(publish.asked, "mode") == mode && inbox_owner(destination_of(view, publish)) &&
           nobody_there(view, publish);
  });
}

/// Whether enough connections, of different agents, listen there that "each of them" says
/// something.
template <typename Concerns>
Judgement judge_reached(const View& view, const contract::Claims& claims, Concerns concerns) {
  const auto all = everybody(view);
  std::set<std::string> listening;
  Judgement judgement = judge_topic_lost_of(
      view, claims, [&](const Subscriber& subscriber, const Operation& publish) {
        const auto who = all.find(subscriber.session());
        if (subscriber.pattern || who == all.end() || !concerns(destination_of(view, publish)))
          return false;
        listening.insert(who->second.agent);
        return true;
      });
  if (judgement.verdict() == contract::Verdict::met && listening.size() < 2)
    return Judgement::inconclusive("fewer than two agents were subscribed");
  return judgement;
}

/// Whether the connection certainly had the queue as well, from before the publish until then.
bool has_queue(const View& view, const Subscriber& subscriber, const Operation& publish,
               Time until) {
  const auto all = view.operations(Action::subscribe);
  return std::any_of(all.begin(), all.end(), [&](const Operation& queue) {
    if (!queue.ok() || queue.session != subscriber.session() ||
        queue.destination != publish.destination || text_of(queue.asked, "mode") == "topic" ||
        queue.answered >= publish.invoked)
      return false;
    Delivery any;
    any.session = queue.session;
    any.subscription = queue.subscription;
    return released_early(view, any) > until;
  });
}

/// Two first deliveries of equals from an inbox, a received before b, and whether each waited
/// before its agent asked for it or was published only later.
struct Backlog {
  const Handed &a, &b;
  bool first_waited, first_later, second_waited, second_later;
};

template <typename Each>
std::optional<Judgement> for_backlog(const View& view, const contract::Claims& claims, Each each) {
  return for_every_pair(view, claims,
                        [&](const Handed& a, const Handed& b) -> std::optional<Judgement> {
                          if (a.given_back != nullptr || b.given_back != nullptr ||
                              !are_equals(a, b) || !inbox_owner(destination_of(view, *a.publish)))
                            return std::nullopt;
                          const Time asked = view.subscribe_of(a.delivery->subscription)->invoked;
                          return each({a, b, a.publish->answered<asked, a.publish->invoked> asked,
                                       b.publish->answered<asked, b.publish->invoked> asked});
                        });
}

std::optional<Judgement> found_before(std::string finding, std::string_view why,
                                      const Backlog& one) {
  return Judgement::violated(std::move(finding),
                             fmt::format("Message m{} waited and came after m{}, which {}.",
                                         one.b.publish->message, one.a.publish->message, why),
                             events_of(one.a, one.b));
}

}  // namespace

Judgement judge_inbox_alone(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return from_token();
  if (auto wrong = astray(view, is_foreign_inbox, "came_to_other")) return *wrong;
  return Judgement::met(passed_by(view, is_foreign_inbox));
}

Judgement judge_inbox_waits(const View& view, const contract::Claims& claims) {
  return judge_waits(view, claims, "queue");
}

Judgement judge_both_waits(const View& view, const contract::Claims& claims) {
  return judge_waits(view, claims, "both");
}

Judgement judge_inbox_closed(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return from_token();
  std::uint64_t judged = 0;
  if (auto wrong = let_in(view, is_foreign_inbox, judged)) return *wrong;
  return Judgement::met(judged);
}

Judgement judge_workspace_reached(const View& view, const contract::Claims& claims) {
  return judge_reached(view, claims, [](std::string_view name) { return workspace_of(name); });
}

Judgement judge_everyone_reached(const View& view, const contract::Claims& claims) {
  return judge_reached(view, claims, [](std::string_view name) { return name == "broadcast"; });
}

Judgement judge_outsiders(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return from_token();
  std::uint64_t refused = 0;
  if (auto wrong = let_in(view, is_foreign_workspace, refused)) return *wrong;
  if (auto wrong = astray(view, is_foreign_workspace, "came_to_outsider")) return *wrong;
  const std::uint64_t passed = passed_by(view, is_foreign_workspace);
  return Judgement::met(refused == 0 || passed == 0 ? 0 : refused + passed);
}

Judgement judge_backlog_first(const View& view, const contract::Claims& claims) {
  Compared judged;
  const auto overtaken = for_backlog(view, claims, [&](const Backlog& one) {
    if (one.first_waited && one.second_later) judged.add(one.a);
    return one.first_later && one.second_waited
               ? found_before("overtaken", "was published only after its agent had come", one)
               : std::nullopt;
  });
  if (overtaken) return *overtaken;
  const std::string kept = claims.ordering();
  const auto out_of_order = for_backlog(view, claims, [&](const Backlog& one) {
    const bool ordered =
        kept == "per_destination" ||
        (kept == "per_publisher" && one.a.publish->session == one.b.publish->session);
    return ordered && one.first_waited && one.second_waited && stands_before(one.b, one.a)
               ? found_before("out_of_order", "stood behind it", one)
               : std::nullopt;
  });
  return out_of_order ? *out_of_order : Judgement::met(judged.messages());
}

Judgement judge_both_once(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    if (subscriber.pattern) continue;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (text_of(publish.asked, "mode") != "both" || !publish.ok() ||
          publish.destination != subscriber.subscribe->destination ||
          subscriber.certain_from >= publish.invoked || subscriber.certain_to <= publish.answered)
        continue;
      const Delivery *copy = nullptr, *queued = nullptr;
      for (const Delivery& delivery : view.deliveries_of(publish.message)) {
        if (delivery.subscription == subscriber.number()) copy = &delivery;
        if (delivery.delivery != 0) queued = &delivery;
      }
      // The copy may be made only after the answer.
      const Time until = copy == nullptr ? publish.answered : std::max(copy->at, publish.answered);
      if (queued == nullptr || !has_queue(view, subscriber, publish, until)) continue;
      if (copy != nullptr)
        return Judgement::violated(
            "twice",
            fmt::format("Message m{} came from its queue, and the topic's copy came to the same "
                        "connection.",
                        publish.message),
            {publish.invoke_index, queued->index, copy->index});
      if (heard_later(view, subscriber.session(), publish.answered)) ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
