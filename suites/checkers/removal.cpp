#include "suites/checkers/removal.hpp"

#include <map>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// The first delete of each accepted message that was carried out, by message.
std::map<std::uint32_t, const Operation*> deletes(const View& view) {
  std::map<std::uint32_t, const Operation*> found;
  for (const Operation& remove : view.operations(Action::remove)) {
    const Operation* publish = view.publish_of(remove.message);
    if (!remove.ok() || publish == nullptr || !publish->ok()) continue;
    const auto [first, fresh] = found.try_emplace(remove.message, &remove);
    if (!fresh && remove.answered < first->second->answered) first->second = &remove;
  }
  return found;
}

/// Whether a delivery of the same message to the same group was certainly still out at `instant`:
/// the next one of them can only have begun when that was over.
bool follows_one_out(const View& view, const contract::Claims& claims, const Delivery& delivery,
                     Time instant) {
  const auto group = group_of(view, delivery.subscription);
  const auto given_back = [&](const Delivery& held) {
    for (const Action action : {Action::ack, Action::reject})
      for (const Operation& settle : view.on_delivery(action, held.delivery))
        if (settle.invoked <= instant) return true;
    return false;
  };
  std::vector<Delivery> before;
  for (const Delivery& other : view.deliveries_of(delivery.message))
    if (other.index < delivery.index && group_of(view, other.subscription) == group)
      before.push_back(other);
  const auto starts = earliest_lease_starts(view, claims, before);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i].at < instant && earliest_end(view, claims, before[i], starts[i]) > instant &&
        !given_back(before[i]))
      return true;
  return false;
}

/// Whether that delivery certainly began after `instant`: nobody had asked for it before, or on the
/// same connection came, before it, a message that was published later than that, or another
/// delivery of the message was out then.
bool began_after(const View& view, const contract::Claims& claims, const Delivery& delivery,
                 Time instant) {
  const Operation* subscribe = view.subscribe_of(delivery.subscription);
  if (subscribe != nullptr && subscribe->invoked > instant) return true;
  for (const Delivery& other : view.deliveries()) {
    if (other.index >= delivery.index) break;
    const Operation* publish = view.publish_of(other.message);
    if (other.session == delivery.session && publish != nullptr && publish->invoked > instant)
      return true;
  }
  return follows_one_out(view, claims, delivery, instant);
}

/// Whether a fence published after `instant` came to some group of the destination.
bool fenced_after(const View& view, history::Text destination, Time instant) {
  for (const history::Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    if (publish == nullptr || publish->destination != destination || publish->invoked <= instant)
      continue;
    for (const Delivery& delivery : view.deliveries_of(mark.message))
      if (const auto group = group_of(view, delivery.subscription);
          group && group->first == destination)
        return true;
  }
  return false;
}

/// The first delivery of a message that certainly began after `instant`, or null.
const Delivery* delivered_after(const View& view, const contract::Claims& claims,
                                std::uint32_t message, Time instant) {
  for (const Delivery& delivery : view.deliveries_of(message))
    if (delivery.at > instant && began_after(view, claims, delivery, instant)) return &delivery;
  return nullptr;
}

/// Where a listing of dead letters asked for after `instant` names the message, or null.
const Operation* dead_letter_after(const View& view, std::uint32_t message, Time instant) {
  for (const Operation& call : view.operations(Action::call)) {
    if (text_of(call.asked, "method") != "bus/dead_letters" || call.invoked < instant) continue;
    const json::value* listed = call.said.if_contains("messages");
    if (listed == nullptr || !listed->is_array()) continue;
    for (const json::value& letter : listed->get_array())
      if (letter.is_object() && number_of(letter.get_object(), "message") == message) return &call;
  }
  return nullptr;
}

}  // namespace

Judgement judge_deleted_twice(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  const auto first = deletes(view);
  for (const Operation& again : view.operations(Action::remove)) {
    const auto found = first.find(again.message);
    if (found == first.end() || again.invoked < found->second->answered || is_momentary(again))
      continue;
    ++judged;
    if (!again.ok() && again.error != "not_found")
      return Judgement::violated(
          "second_delete_refused",
          fmt::format("m{} was deleted, and deleting it again was refused with {}.", again.message,
                      again.error),
          {found->second->answer_index, again.answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_deleted_unreadable(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto gone = deletes(view);
  for (const Operation& read : view.operations(Action::retrieve)) {
    const auto found = gone.find(read.message);
    if (found == gone.end() || read.invoked < found->second->answered || is_momentary(read))
      continue;
    const Operation& publish = *view.publish_of(read.message);
    const std::int64_t ttl =
        number_of(publish.asked, "ttl_ms", claims.limit("ttl_default_ms").value_or(0));
    const bool old =
        ttl > 0 &&
        publish.invoked + std::chrono::milliseconds(ttl) - granularity(claims) <= read.answered;
    ++judged;
    if (read.error == "not_found" || (read.error == "expired" && old)) continue;
    return Judgement::violated(read.ok() ? "readable_after_delete" : "wrong_refusal",
                               fmt::format("m{} was deleted; reading it then gave {}.",
                                           read.message, read.ok() ? "its payload" : read.error),
                               {found->second->answer_index, read.answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_deleted_undelivered(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [message, remove] : deletes(view)) {
    if (const Delivery* came = delivered_after(view, claims, message, remove->answered))
      return Judgement::violated("delivered_after_delete",
                                 fmt::format("m{} was deleted and delivered {:.0f} ms later.",
                                             message, millis(came->at - remove->answered)),
                                 {remove->answer_index, came->index});
    if (fenced_after(view, view.publish_of(message)->destination, remove->answered)) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_deleted_settled(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto gone = deletes(view);
  for (const Action action : {Action::ack, Action::reject, Action::extend})
    for (const Operation& settle : view.operations(action)) {
      const auto found = gone.find(settle.message);
      if (found == gone.end() || settle.invoked < found->second->answered) continue;
      if (!settle.ok() && settle.error != "not_found" && settle.error != "lease_lost" &&
          !is_momentary(settle) && settle.error != "not_supported")
        return Judgement::violated(
            "settling_harmful",
            fmt::format("A delivery of m{} was settled after the message was deleted, and that was "
                        "refused with {}.",
                        settle.message, settle.error),
            {found->second->answer_index, settle.answer_index});
      // Since the delete, not since the settling: whatever began in between is no better.
      const Delivery* again =
          delivered_after(view, claims, settle.message, found->second->answered);
      const Operation* dead = dead_letter_after(view, settle.message, settle.answered);
      if (again != nullptr || dead != nullptr)
        return Judgement::violated(
            "settling_brought_back",
            fmt::format("m{} was deleted, a delivery of it settled, and it came back.",
                        settle.message),
            {settle.answer_index, again != nullptr ? again->index : dead->answer_index});
      if (fenced_after(view, view.publish_of(settle.message)->destination, settle.answered))
        ++judged;
    }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
