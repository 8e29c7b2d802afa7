// Subscriptions and the groups they make.
#include <algorithm>

#include "suites/checkers/stream/ledger.hpp"
#include "suites/checkers/stream/members.hpp"

namespace busproof::checkers::stream {

using history::Phase;

std::uint32_t Ledger::group_of(Text destination, std::string_view name) {
  for (std::size_t i = 0; i < groups_.size(); ++i)
    if (groups_[i].destination == destination && groups_[i].name == name)
      return static_cast<std::uint32_t>(i) + 1;
  groups_.push_back({destination, std::string(name), kNever, {}});
  return static_cast<std::uint32_t>(groups_.size());
}

void Ledger::on_subscribe(const Event& event, const Texts& texts) {
  if (event.subscription == 0) return;
  Subscription& made = at_number(subscriptions_, event.subscription);
  if (event.phase == Phase::invoke) {
    made.session = event.session;
    made.destination = event.destination;
    made.asked = event.at;
    bool topic = false;
    std::string_view name = "default";
    std::int64_t lease = 0;
    for_each_member(texts[event.detail], [&](std::string_view key, std::string_view value) {
      if (key == "mode") topic = value == "\"topic\"";
      if (key == "pattern") made.pattern = true;
      if (key == "lease_ms") lease = number(value);
      if (key == "group" && value.size() > 2) name = value.substr(1, value.size() - 2);
    });
    if (lease > 0) made.lease = std::chrono::milliseconds(lease);
    if (lease == 0 && lease_default_ != Time::zero()) made.lease = lease_default_;
    const std::int64_t credit = event.amount >= 0 ? event.amount : credit_default_;
    made.room_known = credit >= 0;
    made.room.assign(static_cast<std::size_t>(std::max<std::int64_t>(credit, 0)), event.at);
    if (topic) return;
    made.group = group_of(event.destination, name);
    groups_[made.group - 1].members.push_back(event.subscription);
    return;
  }
  made.answered = event.at;
  for_each_member(texts[event.detail], [&](std::string_view key, std::string_view value) {
    if (key == "lease_ms" && number(value) > 0)
      made.lease = std::chrono::milliseconds(number(value));
  });
  if (event.phase == Phase::ok && made.group != 0) group_exists(made);
}

/// From its first subscription's answer on a group certainly exists; `default` from the beginning,
/// where a publish was accepted before another group can have been made.
void Ledger::group_exists(Subscription& made) {
  Group& group = groups_[made.group - 1];
  Time since = made.answered;
  if (group.name == "default") {
    const auto accepted = first_accepted_.find(made.destination);
    Time other = kNever;
    for (const Group& beside : groups_)
      if (beside.destination == group.destination && beside.name != group.name)
        other = std::min(other, subscriptions_[beside.members.front() - 1].asked);
    if (accepted != first_accepted_.end() && accepted->second < other) since = Time::zero();
  }
  group.exists_from = std::min(group.exists_from, since);
}

}  // namespace busproof::checkers::stream
