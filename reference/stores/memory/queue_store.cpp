// The ops, as the SQLite store does them, over maps.
#include "reference/stores/memory/queue_store.hpp"

#include <algorithm>

#include "reference/stores/damage.hpp"

namespace reference::stores::memory {

using core::Answer;
using core::Refusal;

core::Result<std::vector<Answer>> MemoryQueueStore::apply(std::span<const core::Step> batch,
                                                          core::Shift shift) {
  now_ = clock_.now() + shift.count();
  leases_.begin();
  known_.trim(now_);
  std::vector<Answer> answers;
  for (const auto& step : batch) {
    Answer answer;
    for (std::size_t i = 0; i < step.ops.size() && !answer.refused; ++i) {
      answer.refused = objection(step.ops[i]);
      answer.refused_at = i;
    }
    const auto waiting = [&](const std::string& destination) { return fullest(destination); };
    if (const auto at = core::first_without_room(step, waiting); at && !answer.refused) {
      answer.refused = Refusal::full;
      answer.refused_at = *at;
    }
    if (!answer.refused)
      for (const auto& op : step.ops) std::visit([&](const auto& one) { on(one, answer); }, op);
    answers.push_back(std::move(answer));
  }
  return answers;
}

core::Result<void> MemoryQueueStore::migrate() {
  leases_.clear();
  for (auto& [id, group] : groups_)
    for (const auto& [seq, owed] : group.owed)
      if (owed.state == State::leased) leases_.put({seq, id}, {});
  leases_.begin();
  return {};
}

std::int64_t MemoryQueueStore::fullest(const std::string& destination) {
  std::int64_t most = 0;
  for (const auto* group : groups(destination))
    most = std::max(most, group->counts.ready + group->counts.leased + group->counts.delayed);
  return most;
}

std::optional<Refusal> MemoryQueueStore::objection(const core::QueueOp& op) const {
  const auto* copy = core::settled_copy(op);
  if (copy != nullptr && !leases_.holds({copy->message, copy->group}, copy->token, now_))
    return Refusal::lease_lost;
  const auto* enqueue = std::get_if<core::Enqueue>(&op);
  if (enqueue == nullptr) return std::nullopt;
  if (const auto first = seen(*enqueue)) {
    if (first->same) return std::nullopt;
    return Refusal::conflict;
  }
  if (enqueue->payload && find_upload(*enqueue->payload) == messages_.end())
    return Refusal::no_upload;
  if (!enqueue->not_after) return std::nullopt;
  const auto left = *enqueue->not_after - now_;
  if (left <= 0 || left > enqueue->ttl_max.count()) return Refusal::invalid;
  return std::nullopt;
}

std::map<std::int64_t, MemoryQueueStore::Message>::const_iterator MemoryQueueStore::find_upload(
    const core::TransactionId& id) const {
  const auto seq = by_id_.find(id);
  if (seq == by_id_.end()) return messages_.end();
  const auto found = messages_.find(seq->second);
  const bool there = found->second.view.upload && found->second.view.expires > now_;
  return there ? found : messages_.end();
}

MemoryQueueStore::Group* MemoryQueueStore::find(const std::string& destination,
                                                const std::string& name) {
  const auto found = group_ids_.find({destination, name});
  return found == group_ids_.end() ? nullptr : &groups_.at(found->second);
}

MemoryQueueStore::Group& MemoryQueueStore::make(const std::string& destination,
                                                const std::string& name) {
  if (auto* known = find(destination, name)) return *known;
  const auto id = next_group_++;
  group_ids_[{destination, name}] = id;
  auto& group = groups_[id];
  group.id = id;
  group.destination = destination;
  group.name = name;
  return group;
}

std::vector<MemoryQueueStore::Group*> MemoryQueueStore::groups(const std::string& destination) {
  std::vector<Group*> found;
  for (auto at = group_ids_.lower_bound({destination, ""});
       at != group_ids_.end() && at->first.first == destination; ++at)
    found.push_back(&groups_.at(at->second));
  return found;
}

std::int64_t& MemoryQueueStore::count_of(Group& group, State state) {
  switch (state) {
    case State::ready:
      return group.counts.ready;
    case State::leased:
      return group.counts.leased;
    case State::delayed:
      return group.counts.delayed;
    case State::dead:
      return group.counts.dead;
  }
  return group.counts.dead;
}

void MemoryQueueStore::enter(Group& group, std::int64_t seq, State state) {
  auto& owed = group.owed.at(seq);
  owed.state = state;
  ++count_of(group, state);
  if (state == State::ready) group.ready.emplace(owed.rank, owed.place, seq);
  if (state == State::delayed) by_due_.emplace(owed.due, CopyKey{seq, group.id});
}

void MemoryQueueStore::leave(Group& group, std::int64_t seq) {
  const auto& owed = group.owed.at(seq);
  --count_of(group, owed.state);
  if (owed.state == State::ready) group.ready.erase({owed.rank, owed.place, seq});
  if (owed.state == State::delayed) by_due_.erase({owed.due, CopyKey{seq, group.id}});
}

std::optional<MemoryQueueStore::Seen> MemoryQueueStore::seen(const core::Enqueue& op) const {
  if (!op.identity) return std::nullopt;
  const auto seq = known_.find(*op.identity, now_);
  if (!seq) return std::nullopt;
  if (const auto message = messages_.find(*seq); message != messages_.end()) {
    const auto& view = message->second.view;
    return Seen{view.id, view.route, view.digest == op.digest};
  }
  const auto gone = past_.find(*seq);
  if (gone == past_.end()) return std::nullopt;
  return Seen{gone->second.record.id, gone->second.record.route, gone->second.digest == op.digest};
}

void MemoryQueueStore::on(const core::Enqueue& op, Answer& answer) {
  if (auto first = seen(op)) {
    answer.repeats.push_back({op.id, std::move(first->id), first->route});
    return;
  }
  const auto seq = next_place_++;
  auto& message = messages_[seq];
  message.view = {.id = op.id,
                  .destination = op.destination,
                  .event = op.event,
                  .body = op.body,
                  .route = op.route,
                  .size = op.size,
                  .stored = op.stored,
                  .codec = op.codec,
                  .digest = op.digest,
                  .status = core::Status::pending,
                  .created = now_,
                  .expires = now_ + op.ttl.count(),
                  .error = std::nullopt,
                  .upload = op.upload,
                  .payload = op.payload,
                  .chunk = op.chunk};
  if (op.not_after) message.view.expires = std::min(message.view.expires, *op.not_after);
  message.correlation = op.correlation;
  message.queued = op.fan_out;
  message.who = op.who;
  message.session = op.session;
  if (op.identity) known_.put(*op.identity, seq, now_ + op.window.count());
  by_id_[op.id] = seq;
  by_expiry_.emplace(message.view.expires, seq);
  answer.due =
      std::min(answer.due.value_or(core::Ms::max()), core::Ms(message.view.expires - now_));
  auto& totals = totals_of(op.destination);
  if (op.payload) {
    messages_.at(by_id_.at(*op.payload)).named = true;
    ++naming_[*op.payload];
  } else {
    ++totals.payload_count;
    totals.payload_bytes += static_cast<std::int64_t>(op.size);
  }
  if (!op.fan_out) return;
  ++totals.published;
  if (groups(op.destination).empty()) make(op.destination, "default");
  const bool delayed = op.delay > core::Ms(0);
  if (delayed) answer.due = std::min(*answer.due, op.delay);
  for (auto* group : groups(op.destination)) {
    if (!make_room(op, *group)) {
      ++group->counts.accepted;
      ++group->counts.deleted;
      ++totals.deleted;
      continue;
    }
    group->owed[seq] = {.state = State::ready,
                        .rank = op.rank,
                        .place = seq,
                        .attempt = 0,
                        .due = now_ + op.delay.count(),
                        .reason = {}};
    ++group->counts.accepted;
    enter(*group, seq, delayed ? State::delayed : State::ready);
  }
}

bool MemoryQueueStore::make_room(const core::Enqueue& op, Group& group) {
  if (op.overflow == core::Overflow::refuse || !op.messages_max) return true;
  const auto& counts = group.counts;
  while (counts.ready + counts.leased + counts.delayed >= *op.messages_max) {
    const auto waits = [](const auto& entry) {
      return entry.second.state == State::ready || entry.second.state == State::delayed;
    };
    const auto oldest = std::find_if(group.owed.begin(), group.owed.end(), waits);
    if (op.overflow == core::Overflow::drop_newest || oldest == group.owed.end()) return false;
    leave(group, oldest->first);
    group.owed.erase(oldest);
    ++group.counts.deleted;
    ++totals_of(op.destination).deleted;
  }
  return true;
}

void MemoryQueueStore::on(const core::Join& op, Answer&) { make(op.destination, op.group); }

void MemoryQueueStore::on(const core::Lease& op, Answer& answer) {
  answer.dry = true;
  auto* group = find(op.destination, op.group);
  if (group == nullptr) return;
  std::vector<std::int64_t> chosen;
  std::size_t wanted = 0;
  for (const auto& want : op.wants) wanted += static_cast<std::size_t>(want.count);
  std::uint64_t bytes = 0;
  for (const auto& [rank, place, seq] : group->ready) {
    if (chosen.size() == wanted || bytes > op.bytes_max) break;
    const auto& message = messages_.at(seq).view;
    if (message.expires <= now_) continue;
    chosen.push_back(seq);
    bytes += message.body.bytes.size();
  }
  answer.dry = bytes <= op.bytes_max && chosen.size() < wanted;
  auto& totals = totals_of(op.destination);
  std::vector<int> given(op.wants.size(), 0);
  std::size_t turn = 0;
  for (const auto seq : chosen) {
    while (given[turn] >= op.wants[turn].count) turn = (turn + 1) % op.wants.size();
    const auto& want = op.wants[turn];
    const auto token = want.first_token + static_cast<std::uint64_t>(given[turn]++);
    turn = (turn + 1) % op.wants.size();
    leave(*group, seq);
    enter(*group, seq, State::leased);
    const int attempt = ++group->owed.at(seq).attempt;
    leases_.put({seq, group->id}, {token, now_ + want.term.count()});
    answer.due = std::min(answer.due.value_or(want.term), want.term);
    ++totals.delivered;
    if (attempt > 1) ++totals.redelivered;
    const auto& view = messages_.at(seq).view;
    answer.taken.push_back({.copy = {seq, group->id, token},
                            .attempt = attempt,
                            .id = view.id,
                            .event = view.event,
                            .body = view.body,
                            .route = view.route,
                            .size = view.size,
                            .digest = view.digest});
  }
}

void MemoryQueueStore::on(const core::Ack& op, Answer& answer) {
  auto& group = groups_.at(op.copy.group);
  leases_.erase({op.copy.message, op.copy.group});
  leave(group, op.copy.message);
  group.owed.erase(op.copy.message);
  ++group.counts.acked;
  ++totals_of(group.destination).acked;
  settle_gone(op.copy.message, answer.unreferenced);
}

void MemoryQueueStore::on(const core::Extend& op, Answer& answer) {
  leases_.put({op.copy.message, op.copy.group}, {op.copy.token, now_ + op.term.count()});
  answer.due = op.term;
}

void MemoryQueueStore::on(const core::Fail& op, Answer& answer) {
  end_lease(groups_.at(op.copy.group), {op.copy.message, op.copy.group}, op, answer);
}

void MemoryQueueStore::on(const core::Redrive& op, Answer& answer) {
  auto* group = find(op.destination, op.group);
  if (group == nullptr) return;
  for (const auto seq : dead_of(*group, op.ids)) {
    if (messages_.at(seq).gone) continue;  // its time is over: it stays what it is
    leave(*group, seq);
    auto& owed = group->owed.at(seq);
    owed.attempt = 0;
    owed.place = next_place_++;
    enter(*group, seq, State::ready);
    ++answer.count;
  }
}

void MemoryQueueStore::on(const core::Purge& op, Answer& answer) {
  auto* group = find(op.destination, op.group);
  if (group == nullptr) return;
  for (const auto seq : dead_of(*group, op.ids)) {
    leave(*group, seq);
    group->owed.erase(seq);
    ++group->counts.deleted;
    ++totals_of(op.destination).deleted;
    ++answer.count;
    settle_gone(seq, answer.unreferenced);
  }
}

void MemoryQueueStore::on(const core::Forget& op, Answer& answer) {
  auto* group = find(op.destination, op.group);
  if (group == nullptr) return;
  std::vector<std::int64_t> owed;
  for (const auto& [seq, copy] : group->owed) owed.push_back(seq);
  for (const auto seq : owed) {
    leave(*group, seq);
    group->owed.erase(seq);
    ++totals_of(op.destination).deleted;
    if (const auto lease = leases_.find({seq, group->id})) answer.ended.push_back(lease->token);
    leases_.erase({seq, group->id});
  }
  groups_.erase(group->id);
  group_ids_.erase({op.destination, op.group});
  for (const auto seq : owed) settle_gone(seq, answer.unreferenced);
}

void MemoryQueueStore::on(const core::Delete& op, Answer& answer) {
  const auto found = by_id_.find(op.id);
  if (found == by_id_.end()) {
    answer.refused = Refusal::not_found;
    return;
  }
  const auto seq = found->second;
  for (auto* group : groups(messages_.at(seq).view.destination)) {
    if (!group->owed.contains(seq)) continue;
    leave(*group, seq);
    group->owed.erase(seq);
    ++group->counts.deleted;
    ++totals_of(group->destination).deleted;
    if (const auto lease = leases_.find({seq, group->id})) answer.ended.push_back(lease->token);
    leases_.erase({seq, group->id});
  }
  erase_message(seq, core::Outcome::deleted, answer.unreferenced);
}

void MemoryQueueStore::on(const core::Spoil& op, Answer&) {
  const auto found = by_id_.find(op.id);
  if (found == by_id_.end() || messages_.at(found->second).view.error) return;
  auto& view = messages_.at(found->second).view;
  view.error = op.error;
  ++totals_of(view.destination).payload_corrupt;
}

void MemoryQueueStore::on(const core::Corrupt& op, Answer& answer) {
  const auto found = by_id_.find(op.id);
  if (found == by_id_.end()) {
    answer.refused = Refusal::not_found;
    return;
  }
  auto& view = messages_.at(found->second).view;
  std::string bytes = view.body.bytes;
  if (op.part == core::Part::digest) bytes.assign(view.digest.begin(), view.digest.end());
  const auto bad = damaged(std::move(bytes), op);
  if (!bad)
    answer.refused = Refusal::invalid;
  else if (op.part == core::Part::digest)
    std::copy_n(bad->begin(), std::min(bad->size(), view.digest.size()), view.digest.begin());
  else
    view.body.bytes = *bad;
}

void MemoryQueueStore::on(const core::Reset&, Answer&) {
  messages_.clear();
  by_id_.clear();
  group_ids_.clear();
  groups_.clear();
  by_expiry_.clear();
  by_due_.clear();
  naming_.clear();
  past_.clear();
  past_ends_.clear();
  known_.clear();
  leases_.clear();
  totals_.clear();
}

}  // namespace reference::stores::memory
