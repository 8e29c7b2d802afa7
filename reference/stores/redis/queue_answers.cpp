// What the scripts say, as the core hears it; and what of it this node remembers.
#include <algorithm>

#include "reference/stores/redis/queue_store.hpp"
#include "reference/stores/redis/rows.hpp"

namespace reference::stores::redis {
namespace {

// The members of an answer to a step, as schema/redis/apply.lua orders them.
enum Member : std::uint8_t {
  kRefused,
  kRefusedAt,
  kDry,
  kCount,
  kDue,
  kEnded,
  kRepeats,
  kTaken,
  kUnreferenced,
  kWoken,
  kMembers
};

core::Taken taken_of(const Reply& row) {
  core::Taken taken;
  taken.copy = {row.items[0].number(), row.items[1].number(), token_of(row.items[2].text)};
  taken.attempt = static_cast<int>(row.items[3].number());
  taken.id = row.items[4].text;
  taken.event = row.items[5].text;
  taken.body = {static_cast<core::BodyKind>(row.items[6].number()), row.items[7].text};
  taken.route = static_cast<core::Route>(row.items[8].number());
  taken.size = static_cast<std::uint64_t>(row.items[9].number());
  taken.digest = digest_of(row.items[10].text);
  return taken;
}

}  // namespace

core::Answer RedisQueueStore::answer_of(const Reply& row, core::Instant now) {
  core::Answer answer;
  if (row.items.size() != kMembers) return answer;
  if (const auto refused = row.items[kRefused].number(); refused >= 0) {
    answer.refused = static_cast<core::Refusal>(refused);
    answer.refused_at = static_cast<std::size_t>(row.items[kRefusedAt].number());
  }
  answer.dry = row.items[kDry].number() != 0;
  answer.count = row.items[kCount].number();
  if (!row.items[kDue].text.empty()) answer.due = core::Ms(row.items[kDue].number());
  for (const auto& ended : row.items[kEnded].items)
    if (const auto token = token_of_ended(ended)) answer.ended.push_back(*token);
  for (const auto& repeat : row.items[kRepeats].items)
    answer.repeats.push_back({repeat.items[0].text, repeat.items[1].text,
                              static_cast<core::Route>(repeat.items[2].number())});
  for (const auto& taken : row.items[kTaken].items) {
    answer.taken.push_back(taken_of(taken));
    const auto& copy = answer.taken.back().copy;
    leases_.put({copy.message, copy.group}, {copy.token, now + taken.items[11].number()});
  }
  for (const auto& id : row.items[kUnreferenced].items) answer.unreferenced.push_back(id.text);
  for (const auto& destination : row.items[kWoken].items) answer.woken.push_back(destination.text);
  leases_.begin();
  return answer;
}

// A lease that ended unsettled: holder, token, message, group. Nothing where another node held it.
std::optional<std::uint64_t> RedisQueueStore::token_of_ended(const Reply& row) {
  if (row.items.size() != 4 || row.items[0].text != node_) return std::nullopt;
  leases_.erase({row.items[2].number(), row.items[3].number()});
  return token_of(row.items[1].text);
}

void RedisQueueStore::note_settled(const core::Step& step, const core::Answer& answer,
                                   core::Instant now) {
  if (answer.refused) return;
  for (const auto& op : step.ops) {
    if (std::holds_alternative<core::Reset>(op)) leases_.clear();
    const auto* copy = core::settled_copy(op);
    if (copy == nullptr) continue;
    if (const auto* extend = std::get_if<core::Extend>(&op))
      leases_.put({copy->message, copy->group}, {copy->token, now + extend->term.count()});
    else
      leases_.erase({copy->message, copy->group});
  }
  leases_.begin();
}

}  // namespace reference::stores::redis
