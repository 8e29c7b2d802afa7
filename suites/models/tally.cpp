#include "suites/models/tally.hpp"

#include <algorithm>

namespace busproof::models {
namespace {

constexpr unsigned bit(Fate fate) { return 1U << static_cast<unsigned>(fate); }

constexpr unsigned kReady = bit(Fate::ready), kLeased = bit(Fate::leased),
                   kDelayed = bit(Fate::delayed), kDead = bit(Fate::dead),
                   kAcked = bit(Fate::acked), kExpired = bit(Fate::expired),
                   kDeleted = bit(Fate::deleted);
constexpr unsigned kWaiting = kReady | kDelayed | kDead;

}  // namespace

Tally::Copy* Tally::find(Message message) {
  const auto found = copies_.find(message);
  return found == copies_.end() ? nullptr : &found->second;
}

/// What time has done by a moment within `at`.
void Tally::pass(Copy& copy, Span at) const {
  if ((copy.fates & kDelayed) != 0 && at.to >= copy.due.from) {
    copy.fates |= kReady;
    if (at.from > copy.due.to) copy.fates &= ~kDelayed;
  }
  if ((copy.fates & kLeased) != 0 && at.to >= copy.lease.from) {
    const bool over = at.from > copy.lease.to;
    const Fates rest = copy.fates & ~kLeased;
    come_back(copy, std::nullopt, at, true);
    copy.fates |= rest | (over ? 0 : kLeased);
  }
  if (!copy.ends || at.to < copy.ends->from || (copy.fates & kWaiting) == 0) return;
  copy.fates |= kExpired;
  if (rules_.expires_to_dead) {
    copy.fates |= kDead;
    ++copy.deaths.most;
  } else if (at.from > copy.ends->to) {
    copy.fates &= ~kWaiting;
  }
}

/// A delivery failed: where its attempts are used up it is dead, else ready, or delayed till `due`.
void Tally::come_back(Copy& copy, std::optional<Span> due, Span at, bool counts) const {
  const bool expires = copy.ends && at.to >= copy.ends->from;
  const bool used_up = copy.attempts >= rules_.attempts_max;
  const bool maybe = copy.attempts + copy.unseen >= rules_.attempts_max;
  Fates to = 0;
  if (maybe) die(copy, to, used_up && counts);
  if (!used_up || !counts) {
    to |= !due || at.to >= due->from ? kReady : 0;
    to |= due && at.from <= due->to ? kDelayed : 0;
    if (due) copy.due = *due;
  }
  if (expires) to |= kExpired;
  copy.fates = to;
}

void Tally::die(Copy& copy, Fates& to, bool certain) const {
  to |= rules_.dead_letters ? kDead : kDeleted;
  if (rules_.dead_letters) copy.deaths.add(certain && copy.certain);
}

void Tally::accepted(Message message, bool certain, std::optional<Span> due,
                     std::optional<Span> ends) {
  const auto found = copies_.try_emplace(message).first;
  Copy& copy = found->second;
  copy.certain = certain;
  copy.ends = ends;
  if (copy.fates != 0) return;  // It came before the answer did.
  copy.fates = due ? kDelayed : kReady;
  if (due) copy.due = *due;
}

void Tally::delivered(Message message, Holder holder, Span ends) {
  Copy& copy = copies_[message];
  copy.fates = kLeased;
  copy.holder = holder;
  copy.lease = ends;
  ++copy.attempts;
}

void Tally::acked(Message message, bool certain) {
  if (Copy* copy = find(message)) copy->fates = kAcked | (certain ? 0 : copy->fates);
}

void Tally::rejected(Message message, bool certain, std::optional<Span> due, Span at) {
  Copy* copy = find(message);
  if (copy == nullptr) return;
  const Fates before = copy->fates;
  if (due) {
    come_back(*copy, due, at, true);
  } else {
    copy->fates = 0;
    die(*copy, copy->fates, certain);
    if (copy->ends && at.to >= copy->ends->from) copy->fates |= kExpired;
  }
  if (!certain) copy->fates |= before;
}

void Tally::went(Holder holder, Span at) {
  for (auto& [message, copy] : copies_) {
    // It may have been on its way to the one that went.
    if ((copy.fates & kReady) != 0) ++copy.unseen;
    if ((copy.fates & kLeased) == 0 || copy.holder != holder) continue;
    const Fates before = copy.fates;
    come_back(copy, std::nullopt, at, rules_.release_counts);
    if (rules_.keeps_leases) copy.fates |= before;
  }
}

void Tally::deleted(Message message, bool certain) {
  Copy* copy = find(message);
  if (copy == nullptr || copy->fates == kAcked || copy->fates == kExpired) return;
  const Fates ended = copy->fates & (kAcked | kExpired);
  copy->fates = kDeleted | (certain ? ended : copy->fates);
}

void Tally::redriven(Message message, Span at) {
  Copy* copy = find(message);
  if (copy == nullptr) return;
  pass(*copy, at);
  if ((copy->fates & kDead) == 0) return;
  copy->fates = (copy->fates & ~kDead) | kReady;
  copy->attempts = copy->unseen = 0;
}

void Tally::purged(Message message, Span at) {
  Copy* copy = find(message);
  if (copy == nullptr) return;
  pass(*copy, at);
  if ((copy->fates & kDead) != 0) copy->fates = (copy->fates & ~kDead) | kDeleted;
}

void Tally::forgotten() {
  for (auto& [message, copy] : copies_) {
    const Fates owed = kReady | kLeased | kDelayed | kDead;
    if ((copy.fates & owed) != 0) copy.fates = (copy.fates & ~owed) | kDeleted;
  }
}

void Tally::until(Span at) {
  for (auto& [message, copy] : copies_) pass(copy, at);
}

Bounds Tally::count(Fate fate) const {
  Bounds found;
  for (const auto& [message, copy] : copies_)
    if ((copy.fates & bit(fate)) != 0) found.add(copy.certain && copy.fates == bit(fate));
  return found;
}

Bounds Tally::accepted() const {
  Bounds found;
  for (const auto& [message, copy] : copies_) found.add(copy.certain);
  return found;
}

Bounds Tally::deaths() const {
  Bounds found;
  for (const auto& [message, copy] : copies_) {
    found.least += copy.deaths.least;
    found.most += copy.deaths.most;
  }
  return found;
}

}  // namespace busproof::models
