#include "suites/models/status_model.hpp"

namespace busproof::models {
namespace {

// States of a copy, as bits.
constexpr std::uint8_t kWaiting = 1, kSettled = 2, kDead = 4;

std::uint8_t from(Change change) {
  return change == Change::revives || change == Change::purges ? kDead : kWaiting;
}

std::uint8_t to(Change change) {
  switch (change) {
    case Change::settles:
    case Change::purges:
      return kSettled;
    case Change::buries:
      return kDead;
    case Change::revives:
      return kWaiting;
  }
  return 0;
}

/// What a copy that may be any of `states` may be after the change.
std::uint8_t after(std::uint8_t states, Change change) {
  if ((states & from(change)) == 0) return states;
  return static_cast<std::uint8_t>((states & ~from(change)) | to(change));
}

}  // namespace

void StatusModel::owed(const Group& group, bool certain) {
  ++changes_;
  copies_[group].states = certain ? kWaiting : kWaiting | kSettled;
}

StatusModel::States StatusModel::reachable(const Group& group) const {
  const Copy& copy = copies_.at(group);
  States states = copy.states;
  for (States before = 0; before != states;) {
    before = states;
    for (const auto& [operation, under] : under_way_)
      if (under.group == group) states |= after(states, under.change);
    for (const Change change : copy.loose) states |= after(states, change);
  }
  return states;
}

void StatusModel::begins(Operation operation, const Group& group, Change change) {
  if (!copies_.contains(group)) return;
  ++changes_;
  Under begun{group, change, true};
  for (auto& [other, under] : under_way_) {
    if (under.group != group) continue;
    under.alone = begun.alone = false;
  }
  under_way_[operation] = begun;
}

void StatusModel::happened(Operation operation, bool for_certain) {
  const auto found = under_way_.find(operation);
  if (found == under_way_.end()) return;
  ++changes_;
  const Under under = found->second;
  Copy& copy = copies_.at(under.group);
  if (under.alone && copy.loose.empty())
    copy.states = for_certain ? to(under.change) : after(copy.states, under.change);
  else
    copy.states = reachable(under.group);
  under_way_.erase(operation);
}

void StatusModel::refused(Operation operation) {
  if (under_way_.erase(operation) > 0) ++changes_;
}

void StatusModel::in_doubt(Operation operation) {
  const auto found = under_way_.find(operation);
  if (found == under_way_.end()) return;
  ++changes_;
  copies_.at(found->second.group).loose.push_back(found->second.change);
  under_way_.erase(found);
}

void StatusModel::may_die(const Group& group) {
  const auto found = copies_.find(group);
  if (found == copies_.end() || (reachable(group) & kWaiting) == 0) return;
  ++changes_;
  found->second.states |= kDead;
}

bool StatusModel::may_be_dead(const Group& group) const {
  return copies_.contains(group) && (reachable(group) & kDead) != 0;
}

Statuses StatusModel::statuses() const {
  // Whether some choice of one state for each copy has a dead one, has none but a waiting one, or
  // has all of them settled.
  bool some_dead = false, none_dead = true, some_waiting = false, all_settled = true;
  for (const auto& [group, copy] : copies_) {
    const States states = reachable(group);
    some_dead = some_dead || (states & kDead) != 0;
    none_dead = none_dead && states != kDead;
    some_waiting = some_waiting || (states & kWaiting) != 0;
    all_settled = all_settled && (states & kSettled) != 0;
  }
  Statuses found = 0;
  if (some_dead) found |= kError;
  if (none_dead && some_waiting) found |= kPending;
  if (all_settled) found |= kComplete;
  return found;
}

}  // namespace busproof::models
