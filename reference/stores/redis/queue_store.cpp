// Batches and sweeps: one script call each. Source: DUR-2, DUR-7, STORE-8, QUE-4, QUE-8, TTL-3.
#include "reference/stores/redis/queue_store.hpp"

#include <algorithm>
#include <set>

#include "reference/schema/redis.hpp"
#include "reference/stores/damage.hpp"
#include "reference/stores/redis/encode.hpp"

namespace reference::stores::redis {

using core::Answer;
using core::Refusal;
using core::Result;
using core::StoreError;

namespace {

constexpr core::Ms kPastSlack{60'000};
constexpr core::Ms kLookEvery{1'000};
// A node whose connection broke comes back sooner than that: it is slow, not dead.
constexpr core::Ms kMissingFor{1'500};
// The first braces are the hash tag; what clients have named comes behind it.
constexpr const char* kTag = "{queues}:";

const core::Corrupt* damage_of(const core::Step& step) {
  return step.ops.size() == 1 ? std::get_if<core::Corrupt>(&step.ops.front()) : nullptr;
}

}  // namespace

RedisQueueStore::RedisQueueStore(std::shared_ptr<Connection> connection, const std::string& prefix,
                                 core::Expiry expiry, const Clock* clock)
    : connection_(std::move(connection)),
      expiry_(expiry),
      clock_(clock),
      prefix_(home(prefix)),
      names_(prefix + "node-"),
      apply_(schema::redis_apply()),
      sweep_(schema::redis_sweep()),
      look_(schema::redis_look()),
      orphans_(schema::redis_orphans()) {
  connection_->home(prefix_);
}

std::string RedisQueueStore::home(const std::string& prefix) { return prefix + kTag; }

RedisQueueStore::~RedisQueueStore() {
  if (node_.empty() || !connection_->is_open()) return;
  auto command = begin(orphans_, core::Shift(0));
  command.add(0).view(node_);
  std::ignore = orphans_.run(*connection_, std::move(command));
}

Command RedisQueueStore::begin(const Script& script, core::Shift shift) const {
  auto command = script.call(prefix_);
  command.add(clock_ == nullptr ? "" : std::to_string(clock_->now()));
  command.add(shift.count()).view(node_).view(expiry_.dead_letters ? "1" : "0");
  return command;
}

Result<std::vector<Answer>> RedisQueueStore::apply(std::span<const core::Step> batch,
                                                   core::Shift shift) {
  if (batch.empty()) return std::vector<Answer>();
  auto command = begin(apply_, shift);
  command.add(static_cast<std::int64_t>(batch.size()));
  std::set<std::size_t> unfit;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto* damage = damage_of(batch[i]);
    if (damage == nullptr) {
      encode(command, batch[i]);
      continue;
    }
    auto bytes = damaged_bytes(*damage, shift);
    if (!bytes) return tl::unexpected(bytes.error());
    if (*bytes) {
      encode_damage(command, *damage, std::move(**bytes));
    } else {
      unfit.insert(i);
      command.view("0");  // a step without ops in its place
    }
  }
  auto reply = apply_.run(*connection_, std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  if (reply->items.size() != 2 || reply->items[1].items.size() != batch.size())
    return tl::unexpected(StoreError::may_have_happened("Redis: not an answer to these steps"));
  const auto now = reply->items[0].number();
  std::vector<Answer> answers;
  answers.reserve(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answers.push_back(answer_of(reply->items[1].items[i], now));
    if (unfit.contains(i)) answers.back().refused = Refusal::invalid;
    note_settled(batch[i], answers.back(), now);
  }
  witness_.see(batch, answers);
  connection_->expect(prefix_ + "ids", witness_.message().value_or(""));
  return answers;
}

// What a Corrupt makes of the stored bytes; nothing where it cannot be done to them. An empty text
// for a message that isn't there: the step itself will say so.
Result<std::optional<std::string>> RedisQueueStore::damaged_bytes(const core::Corrupt& op,
                                                                  core::Shift shift) {
  auto found = ask(core::AskMessage{op.id, true}, shift);
  if (!found) return tl::unexpected(found.error());
  auto* view = std::get_if<core::MessageView>(&*found);
  if (view == nullptr) return std::optional<std::string>(std::string());
  auto bytes = std::move(view->body.bytes);
  if (op.part == core::Part::digest) bytes.assign(view->digest.begin(), view->digest.end());
  return damaged(std::move(bytes), op);
}

Result<core::Swept> RedisQueueStore::sweep(int at_most, int attempts_max, core::Shift shift) {
  if (const auto at = std::chrono::steady_clock::now(); next_look_ <= at) {
    if (auto looked = free_orphans(kMissingFor); !looked) return tl::unexpected(looked.error());
    next_look_ = at + kLookEvery;
  }
  auto command = begin(sweep_, shift);
  command.add(at_most).add(attempts_max).add(kPastKept.count()).add(kPastSlack.count());
  auto reply = sweep_.run(*connection_, std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  if (reply->items.size() != 7)
    return tl::unexpected(StoreError::may_have_happened("Redis: not an answer to a sweep"));
  const auto& row = reply->items;
  const auto now = row[0].number();
  core::Swept swept;
  for (const auto& ended : row[1].items) swept.ended.push_back(token_of_ended(ended).value_or(0));
  for (const auto& destination : row[2].items) swept.woken.push_back(destination.text);
  for (const auto& id : row[3].items) swept.unreferenced.push_back(id.text);
  swept.expired = row[4].number();
  swept.more = row[5].number() != 0;
  if (!row[6].text.empty()) swept.next_due = core::Ms(row[6].number());
  // What another node has ended in the meantime.
  for (const auto& [key, lease] : leases_.ended(now, at_most)) {
    swept.ended.push_back(lease.token);
    leases_.erase(key);
  }
  leases_.begin();
  return swept;
}

Result<void> RedisQueueStore::migrate() {
  leases_.clear();
  leases_.begin();
  if (auto joined = join_nodes(); !joined) return joined;
  return free_orphans(core::Ms(0));
}

// A number of its own for this node, and the connection named after it before the number counts:
// the server's list of clients tells who is alive, since the end of a process ends its connection.
Result<void> RedisQueueStore::join_nodes() {
  for (bool taken = true; taken;) {
    auto reply = connection_->exchange(Command{"INCR", prefix_ + "node"});
    if (!reply) return tl::unexpected(reply.error());
    if (reply->is_error()) return tl::unexpected(refused(*reply));
    node_ = std::to_string(reply->integer);
    connection_->name(names_ + node_);
    reply = connection_->exchange(Command{"HSETNX", prefix_ + "nodes", node_, ""});
    if (!reply) return tl::unexpected(reply.error());
    if (reply->is_error()) return tl::unexpected(refused(*reply));
    taken = reply->integer == 0;
  }
  return {};
}

// Where no other node lives, those that are missing are so for long enough at a start.
Result<void> RedisQueueStore::free_orphans(core::Ms missing_for) {
  // The clients of the server that has the queues: where they are is known by asking for them.
  auto reply = connection_->exchange(Command{"EXISTS", prefix_});
  if (reply && !reply->is_error()) reply = connection_->exchange(Command{"CLIENT", "LIST"});
  if (!reply) return tl::unexpected(reply.error());
  if (reply->is_error()) return tl::unexpected(refused(*reply));
  std::set<std::string> alive{node_};
  const std::string mark = " name=" + names_;
  for (auto at = reply->text.find(mark); at != std::string::npos;
       at = reply->text.find(mark, at + 1)) {
    const auto from = at + mark.size();
    alive.insert(reply->text.substr(from, reply->text.find(' ', from) - from));
  }
  if (alive.size() > 1) missing_for = std::max(missing_for, kMissingFor);
  auto command = begin(orphans_, core::Shift(0));
  command.add(missing_for.count()).add("");
  for (const auto& name : alive) command.add(name);
  if (auto freed = orphans_.run(*connection_, std::move(command)); !freed)
    return tl::unexpected(freed.error());
  return {};
}

}  // namespace reference::stores::redis
