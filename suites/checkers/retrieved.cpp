#include "suites/checkers/retrieved.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

std::optional<Judgement> judge_one(const View& view, const contract::Claims& claims,
                                   const Operation& publish, const Operation& retrieve,
                                   std::string_view when) {
  if (is_missing(retrieve) && !may_be_gone(view, claims, publish, retrieve))
    return Judgement::violated("missing",
                               fmt::format("Message m{} could not be retrieved {}: {}.",
                                           publish.message, when, retrieve.error),
                               {publish.answer_index, retrieve.answer_index});
  if (retrieve.ok() && differs(publish, retrieve.said))
    return Judgement::violated(
        "altered",
        fmt::format("Retrieving m{} {} gave other bytes than were published.", publish.message,
                    when),
        {publish.invoke_index, retrieve.answer_index});
  return std::nullopt;
}

/// Every retrieve for which `counts` holds, judged.
template <typename Counts>
Judgement judge_each(const View& view, const contract::Claims& claims, std::string_view when,
                     Counts counts) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok() || !counts(*publish, retrieve)) continue;
    if (auto wrong = judge_one(view, claims, *publish, retrieve, when)) return *wrong;
    if (retrieve.ok()) ++judged;
  }
  return Judgement::met(judged);
}

/// A call of bus/retrieve as a retrieve of the message that it names; without a message where it
/// names none, or where its answer is only a part.
Operation as_retrieve(const View& view, const Operation& call) {
  Operation made = call;
  made.message = 0;
  if (text_of(call.asked, "method") != "bus/retrieve") return made;
  const json::value* params = call.asked.if_contains("params");
  if (params == nullptr || !params->is_object()) return made;
  if (call.ok() && (number_of(call.said, "more") != 0 || number_of(call.said, "offset") != 0))
    return made;
  const std::string id = text_of(params->get_object(), "transaction_id");
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok() && text_of(publish.said, "transaction_id") == id)
      made.message = publish.message;
  return made;
}

bool invoked_before(const View& view, Action action, std::uint32_t message, Time before) {
  const auto all = view.on_message(action, message);
  return std::any_of(all.begin(), all.end(),
                     [&](const Operation& operation) { return operation.invoked < before; });
}

/// Whether the message was set aside before the retrieve was sent, and left alone until it was
/// answered.
bool was_dead(const View& view, const Operation& retrieve) {
  const auto rejects = view.on_message(Action::reject, retrieve.message);
  const bool dead = std::any_of(rejects.begin(), rejects.end(), [&](const Operation& reject) {
    return reject.ok() && reject.amount == 0 && reject.answered < retrieve.invoked;
  });
  const auto calls = view.operations(Action::call);
  return dead && std::none_of(calls.begin(), calls.end(), [&](const Operation& call) {
           const std::string method = text_of(call.asked, "method");
           return (method == "bus/redrive" || method == "bus/purge") &&
                  call.invoked < retrieve.answered;
         });
}

/// Whether that group's copy was settled, or the group itself ended, before `before` at the latest.
bool may_be_settled(const View& view, const Group& group, std::uint32_t message, Time before) {
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.operations(action))
      for (const history::Delivery& delivery : view.deliveries())
        if (delivery.delivery == settle.delivery && delivery.message == message &&
            group_of(view, delivery.subscription) == group && settle.invoked < before)
          return true;
  const auto ends = view.operations(Action::unsubscribe);
  return std::any_of(ends.begin(), ends.end(), [&](const Operation& end) {
    return number_of(end.asked, "forget") == 1 && group_of(view, end.subscription) == group &&
           end.invoked < before;
  });
}

/// Whether one group had acked the message when the retrieve was sent, and another certainly had
/// its own copy until it was answered.
bool one_of_two_acked(const View& view, const Operation& publish, const Operation& retrieve) {
  const auto acks = view.operations(Action::ack);
  const bool acked = std::any_of(acks.begin(), acks.end(), [&](const Operation& ack) {
    return ack.ok() && ack.message == publish.message && ack.answered < retrieve.invoked;
  });
  const auto groups = groups_owed(view, publish);
  return acked && std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
           return group.second && !may_be_settled(view, {publish.destination, group.first},
                                                  publish.message, retrieve.answered);
         });
}

struct Room {
  const Operation* call;
  std::int64_t count, bytes;
};

std::vector<Room> rooms(const View& view) {
  std::vector<Room> found;
  for (const Operation& call : view.operations(Action::call)) {
    if (!call.ok() || text_of(call.asked, "method") != "bus/stats") continue;
    const json::value* payloads = call.said.if_contains("payloads");
    if (payloads == nullptr || !payloads->is_object()) continue;
    found.push_back({&call, number_of(payloads->get_object(), "count", -1),
                     number_of(payloads->get_object(), "bytes", -1)});
  }
  return found;
}

}  // namespace

bool is_missing(const Operation& retrieve) {
  constexpr std::array<std::string_view, 5> kMissing = {"not_found", "expired", "digest_mismatch",
                                                        "invalid_argument", "malformed_answer"};
  return std::find(kMissing.begin(), kMissing.end(), retrieve.error) != kMissing.end();
}

bool differs(const Operation& publish, const json::object& came) {
  const std::string value = text_of(publish.asked, "json");
  if (!value.empty()) return text_of(came, "json") != value;
  return text_of(came, "digest") != text_of(publish.asked, "digest");
}

Judgement judge_retrieved_again(const View& view, const contract::Claims& claims) {
  return judge_each(view, claims, "again", [&](const Operation&, const Operation& retrieve) {
    const auto all = view.on_message(Action::retrieve, retrieve.message);
    return std::any_of(all.begin(), all.end(), [&](const Operation& earlier) {
      return earlier.ok() && earlier.answered < retrieve.invoked;
    });
  });
}

Judgement judge_retrieved_at_once(const View& view, const contract::Claims& claims) {
  std::vector<Operation> all;
  for (const Operation& call : view.operations(Action::call))
    if (Operation retrieve = as_retrieve(view, call); retrieve.message != 0)
      all.push_back(std::move(retrieve));
  std::uint64_t judged = 0;
  for (const Operation& one : all) {
    const bool together = std::any_of(all.begin(), all.end(), [&](const Operation& other) {
      return other.number != one.number && other.message == one.message &&
             other.invoked < one.answered && one.invoked < other.answered;
    });
    if (!together) continue;
    if (auto wrong = judge_one(view, claims, *view.publish_of(one.message), one, "among others"))
      return *wrong;
    if (one.ok()) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_retrieved_leased(const View& view, const contract::Claims& claims) {
  return judge_each(
      view, claims, "while a delivery of it was out",
      [&](const Operation&, const Operation& retrieve) {
        const auto all = view.deliveries();
        const bool came = std::any_of(all.begin(), all.end(), [&](const history::Delivery& one) {
          return one.message == retrieve.message && one.delivery != 0 && one.at < retrieve.invoked;
        });
        return came && !invoked_before(view, Action::ack, retrieve.message, retrieve.answered) &&
               !invoked_before(view, Action::reject, retrieve.message, retrieve.answered);
      });
}

Judgement judge_retrieved_dead(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok() || !was_dead(view, retrieve)) continue;
    // A dead letter is not settled: that it was rejected is no reason to be gone.
    if (is_missing(retrieve) && !publish->asked.contains("ttl_ms") &&
        !invoked_before(view, Action::remove, retrieve.message, retrieve.answered) &&
        !invoked_before(view, Action::ack, retrieve.message, retrieve.answered))
      return Judgement::violated(
          "missing",
          fmt::format("Message m{} is a dead letter and could not be retrieved: {}.",
                      retrieve.message, retrieve.error),
          {publish->answer_index, retrieve.answer_index});
    if (auto wrong = judge_one(view, claims, *publish, retrieve, "as a dead letter")) return *wrong;
    if (retrieve.ok()) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_retrieved_for_others(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok() || !one_of_two_acked(view, *publish, retrieve) ||
        may_be_dropped(view, claims, *publish))
      continue;
    // That one group has settled it is no reason to be gone.
    if (is_missing(retrieve) && !publish->asked.contains("ttl_ms") &&
        !invoked_before(view, Action::remove, retrieve.message, retrieve.answered))
      return Judgement::violated(
          "missing",
          fmt::format("One group has acked m{}, another has not; it could not be retrieved: {}.",
                      retrieve.message, retrieve.error),
          {publish->answer_index, retrieve.answer_index});
    if (auto wrong = judge_one(view, claims, *publish, retrieve, "for another group"))
      return *wrong;
    if (retrieve.ok()) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_room_given_back(const View& view, const contract::Claims& claims) {
  const auto publishes = view.operations(Action::publish);
  const auto removes = view.operations(Action::remove);
  const auto all = rooms(view);
  if (publishes.empty() || removes.empty() || all.empty())
    return Judgement::inconclusive("nothing was published and deleted between two counts");
  Time deleted{};
  for (const Operation& publish : publishes) {
    const auto remove = std::find_if(removes.begin(), removes.end(), [&](const Operation& one) {
      return one.ok() && one.message == publish.message;
    });
    if (remove == removes.end() || !publish.ok())
      return Judgement::inconclusive("not every message was accepted and then deleted");
    deleted = std::max(deleted, remove->answered);
  }
  const Room& before = all.front();
  const bool grew = std::any_of(all.begin(), all.end(), [&](const Room& room) {
    return room.count > before.count && room.bytes > before.bytes;
  });
  if (before.call->answered > publishes.front().invoked || !grew)
    return Judgement::inconclusive("the counts do not show that anything was stored");
  const Time settle = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  std::uint64_t judged = 0;
  for (const Room& room : all) {
    if (room.call->invoked <= deleted) continue;
    if (room.count <= before.count && room.bytes <= before.bytes) {
      judged = publishes.size();
    } else if (room.call->invoked > deleted + settle + own_delay(view, deleted, room.call->invoked))
      return Judgement::violated(
          "room_kept",
          fmt::format("All messages were deleted; {} payloads and {} bytes are counted, {} and {} "
                      "before they were published.",
                      room.count, room.bytes, before.count, before.bytes),
          {before.call->answer_index, removes.back().answer_index, room.call->answer_index});
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
