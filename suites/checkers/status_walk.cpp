#include "suites/checkers/status_walk.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>

#include <boost/json/array.hpp>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Event;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;
using models::Change;
using models::Statuses;
using models::StatusModel;

constexpr std::array kAll = {
    Action::publish,  Action::subscribe, Action::unsubscribe, Action::ack,     Action::reject,
    Action::retrieve, Action::inspect,   Action::remove,      Action::control, Action::call};
constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

struct Watched {
  const Operation* publish = nullptr;
  StatusModel model;
  Way way = Way::accepted;
  bool unclear = false;    ///< Nothing is said of it any more.
  bool delivered = false;  ///< It came at least once.
  bool damaged = false;
  Time found_damaged = history::kNever;          ///< When the bus said so.
  std::map<std::string, std::int64_t> attempts;  ///< At most, by group.
};

class Walk {
 public:
  Walk(const View& view, const contract::Claims& claims)
      : view_(view),
        claims_(claims),
        exact_(claims.trait("queue", "attempts") == "exact"),
        attempts_max_(claims.limit("attempts_max").value_or(kUnlimited)),
        attempts_known_(claims.declares("attempts_max")),
        lease_ends_(lease_ends(view, claims)) {
    for (const Action action : kAll)
      for (const Operation& operation : view.operations(action))
        operations_[operation.number] = &operation;
    const auto& events = view.history().events;
    for (std::size_t i = 0; i < events.size() && !over_; ++i) {
      step(events[i]);
      for (auto& [number, open] : open_) watch(open);
    }
  }

  std::vector<Inspected> take() { return std::move(found_); }

 private:
  struct Open {
    const Operation* inspect;
    Statuses seen = 0;
    std::uint64_t changes = 0;
  };

  /// The dead letters that a redrive or a purge may reach.
  struct Targets {
    std::string group;
    const json::object* params = nullptr;
    Change change = Change::revives;
    std::vector<std::uint32_t> dead, others;  ///< Messages that may be dead letters, or not yet.
  };

  void step(const Event& event) {
    if (event.phase == Phase::note) return note(event);
    const auto found = operations_.find(event.op);
    if (found == operations_.end()) return;
    const Operation& operation = *found->second;
    if (event.phase == Phase::invoke) return invoked(operation);
    answered(operation);
  }

  Watched* watched(std::uint32_t message) {
    const auto found = messages_.find(message);
    return found == messages_.end() ? nullptr : &found->second;
  }

  // Requests.

  void invoked(const Operation& operation) {
    switch (operation.action) {
      case Action::publish:
        return accept(operation);
      case Action::ack:
      case Action::reject:
        return settle(operation);
      case Action::inspect:
        if (Watched* message = watched(operation.message))
          open_[operation.number] = {&operation, message->model.statuses(),
                                     message->model.changes()};
        return;
      case Action::unsubscribe:
        forget(operation);
        return ended(operation.subscription);
      case Action::remove:
        if (Watched* message = watched(operation.message)) message->unclear = true;
        return;
      case Action::control:
        over_ = text_of(operation.asked, "method") != "ctl/corrupt" &&
                text_of(operation.asked, "method") != "ctl/state";
        return;
      case Action::call:
        return call(operation);
      default:
        return;
    }
  }

  void accept(const Operation& publish) {
    if (!publish.ok() || text_of(publish.asked, "mode") == "topic") return;
    Watched& message = messages_[publish.message];
    message.publish = &publish;
    if (const json::value* own = publish.asked.if_contains("attributes"))
      message.unclear = own->is_object() && own->get_object().contains("expirytime");
    message.unclear = message.unclear || may_be_dropped(view_, claims_, publish);
    for (const auto& [group, certain] : groups_owed(view_, publish))
      message.model.owed(group, certain);
    for (auto& [operation, targets] : targets_) aim(operation, targets, publish.message, message);
  }

  void settle(const Operation& operation) {
    Watched* message = watched(operation.message);
    const auto group = group_of(view_, operation.subscription);
    if (message == nullptr || !group) return;
    const bool first = settled_.insert(operation.delivery).second;
    if (first && operation.answered < lease_ends_[operation.delivery])
      in_time_.insert(operation.number);
    if (operation.action == Action::ack)
      return message->model.begins(operation.number, group->second, Change::settles);
    if (!may_bury(operation)) return;
    if (!claims_.has("dead_letter")) message->unclear = true;
    message->model.begins(operation.number, group->second, Change::buries);
  }

  bool may_bury(const Operation& reject) const {
    if (reject.amount == 0 || !attempts_known_) return true;
    return attempt_of(reject) >= attempts_max_ || (!exact_ && attempts_max_ != kUnlimited);
  }

  [[nodiscard]] std::int64_t attempt_of(const Operation& settle) const {
    const auto found = attempt_of_.find(settle.delivery);
    return found == attempt_of_.end() ? 0 : found->second;
  }

  /// Whether a reject that was in time certainly made a dead letter.
  bool buries(const Operation& reject) const {
    return reject.amount == 0 || (exact_ && attempts_known_ && attempt_of(reject) >= attempts_max_);
  }

  void call(const Operation& operation) {
    const std::string method = text_of(operation.asked, "method");
    const json::value* params = operation.asked.if_contains("params");
    if (params == nullptr || !params->is_object()) return;
    const std::string id = text_of(params->get_object(), "transaction_id");
    for (auto& [number, message] : messages_)
      if (method == "bus/delete" && text_of(message.publish->said, "transaction_id") == id)
        message.unclear = true;
    if (method != "bus/redrive" && method != "bus/purge") return;
    std::string group = text_of(params->get_object(), "group");
    if (group.empty()) group = "default";
    Targets& targets = targets_[operation.number];
    targets.group = group;
    targets.params = &params->get_object();
    targets.change = method == "bus/redrive" ? Change::revives : Change::purges;
    for (auto& [number, message] : messages_) aim(operation.number, targets, number, message);
  }

  /// One that is not dead yet may become so while a redrive or a purge is under way.
  void aim(std::uint32_t operation, Targets& targets, std::uint32_t number, Watched& message) {
    if (!names(*targets.params, message)) return;
    (message.model.may_be_dead(targets.group) ? targets.dead : targets.others).push_back(number);
    message.model.begins(operation, targets.group, targets.change);
  }

  /// Whether the params of a redrive or a purge name that message.
  bool names(const json::object& params, const Watched& message) const {
    if (text_of(params, "destination") != view_.history().text(message.publish->destination))
      return false;
    const json::value* ids = params.if_contains("transaction_ids");
    if (ids == nullptr || !ids->is_array()) return true;
    const json::value own(text_of(message.publish->said, "transaction_id"));
    return std::find(ids->get_array().begin(), ids->get_array().end(), own) !=
           ids->get_array().end();
  }

  void forget(const Operation& end) {
    if (number_of(end.asked, "forget") != 1) return;
    const auto group = group_of(view_, end.subscription);
    for (auto& [number, message] : messages_)
      if (group && message.publish->destination == group->first) {
        message.model.begins(end.number, group->second, Change::settles);
        message.model.in_doubt(end.number);
      }
  }

  // Answers.

  void answered(const Operation& operation) {
    switch (operation.action) {
      case Action::ack:
      case Action::reject:
        return settling_answered(operation);
      case Action::call:
        return dead_answered(operation);
      case Action::retrieve:
        if (Watched* message = watched(operation.message);
            message != nullptr && operation.error == "digest_mismatch") {
          message->found_damaged = std::min(message->found_damaged, operation.answered);
          message->way = Way::corrupt;
        }
        return;
      case Action::inspect:
        return inspected(operation);
      default:
        return;
    }
  }

  void settling_answered(const Operation& operation) {
    Watched* message = watched(operation.message);
    const auto group = group_of(view_, operation.subscription);
    if (message == nullptr || !group) return;
    if (operation.outcome == Phase::fail) return message->model.refused(operation.number);
    const bool certain = operation.ok() && in_time_.contains(operation.number) &&
                         (operation.action == Action::ack || buries(operation));
    if (!certain) return message->model.in_doubt(operation.number);
    message->model.happened(operation.number, true);
    message->way = operation.action == Action::ack ? Way::settled : Way::dead;
  }

  void dead_answered(const Operation& operation) {
    const auto found = targets_.find(operation.number);
    // One that is never answered may still reach what is accepted later.
    if (found == targets_.end() || operation.outcome == Phase::info) return;
    const Targets targets = std::move(found->second);
    targets_.erase(found);
    const bool all = operation.ok() && number_of(operation.said, "count") >=
                                           static_cast<std::int64_t>(targets.dead.size());
    const bool revives = targets.change == Change::revives;
    for (const std::uint32_t number : targets.others) {
      StatusModel& model = messages_.at(number).model;
      if (operation.outcome == Phase::fail || !model.may_be_dead(targets.group))
        model.refused(operation.number);
      else
        model.in_doubt(operation.number);
    }
    for (const std::uint32_t number : targets.dead) {
      Watched& message = messages_.at(number);
      if (operation.outcome == Phase::fail) {
        message.model.refused(operation.number);
      } else if (all) {
        message.model.happened(operation.number, false);
        message.way = revives ? Way::redriven : Way::purged;
        if (revives) message.attempts[targets.group] = 0;
      } else {
        message.model.in_doubt(operation.number);
      }
    }
  }

  // What happens unasked.

  void note(const Event& event) {
    const std::string& name = view_.history().text(event.error);
    if (event.action == Action::deliver) return delivered(event);
    if (event.action == Action::mark && (name == "kill" || name == "stop")) over_ = true;
    if (event.action == Action::mark && name == "corrupted")
      if (Watched* message = watched(event.message)) message->damaged = true;
    const bool leaves = (event.action == Action::mark && name == "leaving") ||
                        event.action == Action::disconnected || event.action == Action::closed;
    if (!leaves) return;
    for (const Operation& subscribe : view_.operations(Action::subscribe))
      if (subscribe.session == event.session) ended(subscribe.subscription);
  }

  void delivered(const Event& event) {
    Watched* message = watched(event.message);
    const auto group = group_of(view_, event.subscription);
    if (message == nullptr || !group) return;
    message->delivered = true;
    attempt_of_[event.delivery] = event.attempt;
    auto& attempts = message->attempts[group->second];
    attempts = exact_ ? event.attempt : attempts + 1;
  }

  /// A member goes: what it held, or what was under way to it, has failed once more.
  void ended(std::uint32_t subscription) {
    const auto group = group_of(view_, subscription);
    if (!group) return;
    for (auto& [number, message] : messages_)
      if (message.publish->destination == group->first &&
          ++message.attempts[group->second] >= attempts_max_)
        message.model.may_die(group->second);
  }

  /// Leases that run out use up attempts, too: after the first can have ended nothing is certain.
  void leases_over(Watched& message, Time now) {
    for (const Operation& subscribe : view_.operations(Action::subscribe)) {
      const auto group = group_of(view_, subscribe.subscription);
      if (!group || group->first != message.publish->destination) continue;
      const auto lease = lease_of(view_, claims_, subscribe.subscription);
      const Time since = std::max(message.publish->invoked, subscribe.invoked);
      if (lease && subscribe.invoked < now && since + *lease - granularity(claims_) <= now)
        message.model.may_die(group->second);
    }
  }

  // Inspections.

  void watch(Open& open) {
    if (Watched* message = watched(open.inspect->message)) open.seen |= message->model.statuses();
  }

  void inspected(const Operation& inspect) {
    const auto found = open_.find(inspect.number);
    if (found == open_.end()) return;
    Open open = found->second;
    open_.erase(found);
    Watched& message = messages_.at(inspect.message);
    if (message.unclear || inspect.outcome == Phase::info) return;
    leases_over(message, inspect.answered);
    watch(open);
    Inspected made{&inspect,
                   message.publish,
                   open.seen,
                   false,
                   message.way,
                   message.model.changes(),
                   open.changes == message.model.changes()};
    if (message.damaged || message.found_damaged != history::kNever) made.allowed |= models::kError;
    if (message.found_damaged < inspect.invoked) made.allowed = models::kError;
    if (claims_.trait("store", "keeps") == "until_settled")
      made.may_be_gone = (made.allowed & models::kComplete) != 0;
    expire(made, message);
    found_.push_back(made);
  }

  void expire(Inspected& made, const Watched& message) const {
    const std::int64_t ttl =
        number_of(message.publish->asked, "ttl_ms", claims_.limit("ttl_default_ms").value_or(0));
    if (ttl <= 0) return;
    const Time life = std::chrono::milliseconds(ttl);
    if (message.publish->invoked + life - granularity(claims_) > made.inspect->answered) return;
    made.may_be_gone = true;
    made.quiet = false;
    const auto grace = declared(claims_, "ttl_grace_ms");
    // One that was delivered or is a dead letter may have more to tell than its age.
    const bool over =
        grace && !message.delivered && message.way == Way::accepted &&
        message.publish->answered + life + *grace + granularity(claims_) < made.inspect->invoked;
    const bool buried = claims_.trait("ttl", "on_expiry") == "dead_letter";
    made.allowed = static_cast<Statuses>((over ? 0 : made.allowed) | models::kExpired |
                                         (buried ? models::kError : 0));
    if (over) made.way = Way::expired;
  }

  const View& view_;
  const contract::Claims& claims_;
  bool exact_;
  std::int64_t attempts_max_;
  bool attempts_known_;
  std::map<std::uint32_t, Time> lease_ends_;
  std::map<std::uint32_t, const Operation*> operations_;
  std::map<std::uint32_t, Watched> messages_;
  std::map<std::uint32_t, Open> open_;                ///< Inspections under way.
  std::map<std::uint32_t, Targets> targets_;          ///< Of redrives and purges under way.
  std::map<std::uint32_t, std::int64_t> attempt_of_;  ///< By delivery.
  std::set<std::uint32_t> settled_;                   ///< Deliveries that somebody tried to settle.
  std::set<std::uint32_t> in_time_;                   ///< Settlings answered while the lease held.
  bool over_ = false;
  std::vector<Inspected> found_;
};

}  // namespace

std::vector<Inspected> inspections(const View& view, const contract::Claims& claims) {
  return Walk(view, claims).take();
}

}  // namespace busproof::checkers
