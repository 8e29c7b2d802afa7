// Reading without changing anything.
#include "reference/stores/memory/queue_store.hpp"

namespace reference::stores::memory {

core::MessageView MemoryQueueStore::message_view(std::int64_t seq, bool with_body) {
  auto view = messages_.at(seq).view;
  if (!with_body) view.body.bytes.clear();
  bool pending = view.upload && !messages_.at(seq).named;
  bool dead = false;
  for (const auto* group : groups(view.destination)) {
    const auto copy = group->owed.find(seq);
    if (copy == group->owed.end()) continue;
    pending = true;
    dead = dead || copy->second.state == State::dead;
  }
  if (view.expires <= now_)
    view.status = core::Status::expired;
  else if (view.error || dead)
    view.status = core::Status::error;
  else
    view.status = pending ? core::Status::pending : core::Status::complete;
  return view;
}

core::View MemoryQueueStore::view(const core::AskMessage& ask) {
  const auto found = by_id_.find(ask.id);
  if (found == by_id_.end()) return std::monostate();
  return message_view(found->second, ask.with_body);
}

core::View MemoryQueueStore::view(const core::AskCounts& ask) {
  const auto* group = find(ask.destination, ask.group);
  return group == nullptr ? core::Counts{} : group->counts;
}

core::View MemoryQueueStore::view(const core::AskDead& ask) {
  core::DeadPage page;
  const auto* group = find(ask.destination, ask.group);
  if (group == nullptr) return page;
  std::int64_t last = 0;
  for (auto at = group->owed.upper_bound(ask.after); at != group->owed.end(); ++at) {
    if (at->second.state != State::dead) continue;
    if (static_cast<int>(page.letters.size()) == ask.limit) {
      page.next = last;
      break;
    }
    last = at->first;
    page.letters.push_back({message_view(at->first, true), at->second.attempt, at->second.reason});
  }
  return page;
}

core::View MemoryQueueStore::view(const core::AskCorrelated& ask) {
  core::CorrelatedPage page;
  std::int64_t last = 0;
  for (auto at = messages_.upper_bound(ask.after); at != messages_.end(); ++at) {
    const auto& [seq, message] = *at;
    if (!message.queued || message.correlation != ask.correlation || message.view.expires <= now_)
      continue;
    if (ask.shown && !ask.shown(message.view.destination)) continue;
    if (static_cast<int>(page.messages.size()) == ask.limit) {
      page.next = last;
      break;
    }
    last = seq;
    page.messages.push_back(message_view(seq, true));
  }
  return page;
}

core::View MemoryQueueStore::view(const core::AskAudit& ask) {
  std::map<std::int64_t, core::AuditRecord> found;
  for (auto at = messages_.upper_bound(ask.after); at != messages_.end(); ++at) {
    const auto& [seq, message] = *at;
    if (ask.id ? message.view.id != *ask.id : message.session != ask.session) continue;
    const auto view = message_view(seq, false);
    found[seq] = {view.id,    message.who, view.created,
                  view.size,  view.route,  core::outcome_of(view.status),
                  view.upload};
  }
  for (auto at = past_.upper_bound(ask.after); at != past_.end(); ++at) {
    const auto& [seq, past] = *at;
    if (ask.id ? past.record.id == *ask.id : past.session == ask.session) found[seq] = past.record;
  }
  core::AuditPage page;
  for (auto& [seq, record] : found) {
    if (static_cast<int>(page.records.size()) == ask.limit) break;
    page.records.push_back(std::move(record));
    if (static_cast<int>(page.records.size()) == ask.limit && seq != found.rbegin()->first)
      page.next = seq;
  }
  return page;
}

core::View MemoryQueueStore::view(const core::AskStats& ask) {
  core::StatsPage page;
  for (const auto& [mark, totals] : totals_)
    if (!ask.tenant || mark == *ask.tenant) page.totals += totals;
  for (const auto& [name, id] : group_ids_) {
    const auto& destination = name.first;
    if (ask.destination ? destination != *ask.destination : destination <= ask.after) continue;
    if (ask.shown && !ask.shown(destination)) continue;
    if (page.destinations.empty() || page.destinations.back().first != destination) {
      if (static_cast<int>(page.destinations.size()) == ask.limit) {
        page.next = page.destinations.back().first;
        break;
      }
      page.destinations.emplace_back(destination,
                                     std::vector<std::pair<std::string, core::Counts>>());
    }
    page.destinations.back().second.emplace_back(name.second, groups_.at(id).counts);
  }
  return page;
}

core::Result<core::View> MemoryQueueStore::look(const core::Question& question, core::Shift shift) {
  now_ = clock_.now() + shift.count();
  return std::visit([&](const auto& ask) { return view(ask); }, question);
}

}  // namespace reference::stores::memory
