// What time does: leases that end, delays that run out, messages that expire. And for whom all of
// it is counted.
#include <algorithm>

#include "reference/core/tenants.hpp"
#include "reference/stores/memory/queue_store.hpp"

namespace reference::stores::memory {

core::Totals& MemoryQueueStore::totals_of(std::string_view destination) {
  const auto mark = core::mark_in(destination);
  const auto found = totals_.find(mark);
  return found != totals_.end() ? found->second : totals_[std::string(mark)];
}

void MemoryQueueStore::on(const core::Count& op, core::Answer&) {
  auto& totals = totals_of(op.tenant);
  totals.topic_published += op.topic_published;
  totals.topic_delivered += op.topic_delivered;
}

void MemoryQueueStore::erase_message(std::int64_t seq, core::Outcome outcome,
                                     std::vector<core::TransactionId>& unreferenced) {
  const auto& message = messages_.at(seq);
  const auto& view = message.view;
  past_[seq] = {{view.id, message.who, view.created, view.size, view.route, outcome, view.upload},
                message.session,
                view.digest,
                now_};
  past_ends_.emplace(now_, seq);
  auto& totals = totals_of(view.destination);
  if (view.error) --totals.payload_corrupt;
  const auto size = static_cast<std::int64_t>(view.size);
  const auto payload = view.payload.value_or(view.id);
  const bool stored_apart = view.route == core::Route::reference;
  if (view.payload && --naming_[payload] == 0) naming_.erase(payload);
  by_expiry_.erase({view.expires, seq});
  by_id_.erase(view.id);
  messages_.erase(seq);
  if (stored_apart && (naming_.contains(payload) || by_id_.contains(payload))) return;
  if (stored_apart) unreferenced.push_back(payload);
  --totals.payload_count;
  totals.payload_bytes -= size;
}

void MemoryQueueStore::settle_gone(std::int64_t seq,
                                   std::vector<core::TransactionId>& unreferenced) {
  const auto found = messages_.find(seq);
  if (found == messages_.end() || !found->second.gone) return;
  for (const auto* group : groups(found->second.view.destination))
    if (group->owed.contains(seq)) return;
  erase_message(seq, core::Outcome::expired, unreferenced);
}

bool MemoryQueueStore::expire_copy(Group& group, std::int64_t seq) {
  if (expiry_.dead_letters && group.owed.at(seq).state == State::dead) return true;
  leave(group, seq);
  if (expiry_.dead_letters) {
    group.owed.at(seq).reason = "expired";
    enter(group, seq, State::dead);
    ++totals_of(group.destination).dead_lettered;
    return true;
  }
  group.owed.erase(seq);
  ++group.counts.expired;
  ++totals_of(group.destination).expired;
  return false;
}

void MemoryQueueStore::end_lease(Group& group, const CopyKey& key, const core::Fail& how,
                                 core::Answer& answer) {
  leases_.erase(key);
  if (!group.owed.contains(key.message)) return;
  auto& totals = totals_of(group.destination);
  if (how.rejected) ++totals.rejected;
  auto& owed = group.owed.at(key.message);
  if (messages_.at(key.message).view.expires <= now_) {
    if (!expire_copy(group, key.message)) settle_gone(key.message, answer.unreferenced);
    return;
  }
  leave(group, key.message);
  if (how.dead) {
    owed.reason = how.reason;
    ++totals.dead_lettered;
    return enter(group, key.message, State::dead);
  }
  if (how.unsent) {
    --totals.delivered;
    if (owed.attempt-- > 1) --totals.redelivered;
  }
  if (how.delay > core::Ms(0)) {
    owed.due = now_ + how.delay.count();
    answer.due = std::min(answer.due.value_or(how.delay), how.delay);
    return enter(group, key.message, State::delayed);
  }
  enter(group, key.message, State::ready);
  answer.woken.push_back(group.destination);
}

std::vector<std::int64_t> MemoryQueueStore::dead_of(
    Group& group, const std::optional<std::vector<core::TransactionId>>& ids) const {
  std::set<std::int64_t> wanted;
  if (ids)
    for (const auto& id : *ids)
      if (const auto found = by_id_.find(id); found != by_id_.end()) wanted.insert(found->second);
  std::vector<std::int64_t> dead;
  for (const auto& [seq, owed] : group.owed)
    if (owed.state == State::dead && (!ids || wanted.contains(seq))) dead.push_back(seq);
  return dead;
}

void MemoryQueueStore::expire(std::int64_t seq, std::vector<core::TransactionId>& unreferenced) {
  auto& message = messages_.at(seq);
  bool held = false;
  for (auto* group : groups(message.view.destination)) {
    const auto copy = group->owed.find(seq);
    if (copy == group->owed.end()) continue;
    if (copy->second.state == State::leased) {
      held = true;
      continue;
    }
    held = expire_copy(*group, seq) || held;
  }
  by_expiry_.erase({message.view.expires, seq});
  message.gone = true;
  if (!held) erase_message(seq, core::Outcome::expired, unreferenced);
}

std::optional<core::Instant> MemoryQueueStore::next_due() const {
  auto next = leases_.next_end();
  const auto earlier = [&](core::Instant at) { next = std::min(next.value_or(at), at); };
  if (!by_due_.empty()) earlier(by_due_.begin()->first);
  if (!by_expiry_.empty()) earlier(by_expiry_.begin()->first);
  if (!past_ends_.empty()) earlier(past_ends_.begin()->first + kPastKept.count());
  return next;
}

core::Result<core::Swept> MemoryQueueStore::sweep(int at_most, int attempts_max,
                                                  core::Shift shift) {
  now_ = clock_.now() + shift.count();
  core::Swept swept;
  core::Answer answer;
  const auto over = leases_.ended(now_, at_most);
  for (const auto& [key, lease] : over) {
    auto& group = groups_.at(key.group);
    swept.ended.push_back(lease.token);
    core::Fail how;
    how.dead = group.owed.at(key.message).attempt >= attempts_max;
    how.reason = "attempts_exhausted";
    end_lease(group, key, how, answer);
  }
  int due = 0;
  for (; due < at_most && !by_due_.empty() && by_due_.begin()->first <= now_; ++due) {
    const auto key = by_due_.begin()->second;
    auto& group = groups_.at(key.group);
    leave(group, key.message);
    enter(group, key.message, State::ready);
    swept.woken.push_back(group.destination);
  }
  int expired = 0;
  for (; expired < at_most && !by_expiry_.empty() && by_expiry_.begin()->first <= now_; ++expired)
    expire(by_expiry_.begin()->second, answer.unreferenced);
  swept.expired = expired;
  int past = 0;
  for (; past < at_most && !past_ends_.empty() &&
         past_ends_.begin()->first + kPastKept.count() <= now_;
       ++past) {
    past_.erase(past_ends_.begin()->second);
    past_ends_.erase(past_ends_.begin());
  }
  swept.more = static_cast<int>(over.size()) == at_most || due == at_most || expired == at_most ||
               past == at_most;
  swept.woken.insert(swept.woken.end(), answer.woken.begin(), answer.woken.end());
  swept.unreferenced = std::move(answer.unreferenced);
  if (const auto next = next_due()) swept.next_due = core::Ms(*next - now_);
  return swept;
}

}  // namespace reference::stores::memory
