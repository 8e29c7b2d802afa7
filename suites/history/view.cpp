#include "suites/history/view.hpp"

#include <algorithm>
#include <chrono>

#include <boost/json/parse.hpp>

namespace busproof::history {
namespace {

namespace json = boost::json;

json::object detail_of(const History& history, const Event& event) {
  if (event.detail == 0) return {};
  boost::system::error_code failed;
  json::value value = json::parse(history.text(event.detail), failed);
  if (failed || !value.is_object()) return {};
  return std::move(value.get_object());
}

Operation operation_from(const History& history, const Event& event, std::size_t index) {
  Operation made;
  made.action = event.action;
  made.number = event.op;
  made.session = event.session;
  made.message = event.message;
  made.subscription = event.subscription;
  made.delivery = event.delivery;
  made.destination = event.destination;
  made.amount = event.amount;
  made.invoked = event.at;
  made.asked = detail_of(history, event);
  made.invoke_index = made.answer_index = index;
  return made;
}

std::uint64_t numbered(Action action, std::uint32_t number) {
  return (static_cast<std::uint64_t>(action) << 32U) | number;
}

}  // namespace

View::View(const History& history) : history_(&history) {
  for (std::size_t i = 0; i < history.events.size(); ++i) add(history.events[i], i);
  index_operations();
  for (const Delivery& delivery : deliveries_)
    if (delivery.message != 0) deliveries_of_[delivery.message].push_back(&delivery);
  for (const Note& note : notes_) {
    if (note.session != 0) notes_of_[note.session].push_back(&note);
    if (note.action == Action::stall) stalls_.push_back(&note);
    if (note.action != Action::mark) continue;
    marks_[note.name].push_back(note);
    marked_[note.name].insert(note.message);
  }
}

void View::index_operations() {
  for (const auto& [action, all] : operations_) {
    for (const Operation& operation : all) {
      if (operation.delivery != 0)
        on_delivery_[numbered(action, operation.delivery)].push_back(&operation);
      if (operation.message != 0)
        on_message_[numbered(action, operation.message)].push_back(&operation);
      if (operation.answered != kNever && operation.error != "no_answer" &&
          operation.error != "disconnected")
        signs_[operation.session].emplace_back(operation.answered, operation.invoked);
    }
  }
  for (auto& [session, signs] : signs_) {
    std::sort(signs.begin(), signs.end());
    Time latest{};
    for (auto& [answered, invoked] : signs) latest = invoked = std::max(latest, invoked);
  }
}

void View::add(const Event& event, std::size_t index) {
  if (event.phase == Phase::invoke) {
    auto& all = operations_[event.action];
    by_number_[event.op] = {event.action, all.size()};
    if (event.action == Action::publish) publishes_.try_emplace(event.message, all.size());
    if (event.action == Action::subscribe) subscribes_.try_emplace(event.subscription, all.size());
    all.push_back(operation_from(*history_, event, index));
  } else if (event.phase != Phase::note) {
    add_answer(event, index);
  } else if (event.action == Action::deliver) {
    deliveries_.push_back({event.at, event.session, event.subscription, event.delivery,
                           event.message, event.attempt, detail_of(*history_, event), index});
  } else {
    notes_.push_back({event.at, event.action, event.session, event.message, event.amount,
                      history_->text(event.error), detail_of(*history_, event), index});
  }
}

void View::add_answer(const Event& event, std::size_t index) {
  const auto found = by_number_.find(event.op);
  if (found == by_number_.end()) return;
  Operation& operation = operations_[found->second.first][found->second.second];
  operation.answered = event.at;
  operation.outcome = event.phase;
  operation.error = history_->text(event.error);
  operation.said = detail_of(*history_, event);
  operation.answer_index = index;
}

std::span<const Operation> View::operations(Action action) const {
  const auto found = operations_.find(action);
  return found == operations_.end() ? std::span<const Operation>() : found->second;
}

const Operation* View::publish_of(std::uint32_t message) const {
  const auto found = publishes_.find(message);
  return found == publishes_.end() ? nullptr : &operations(Action::publish)[found->second];
}

const Operation* View::subscribe_of(std::uint32_t subscription) const {
  const auto found = subscribes_.find(subscription);
  return found == subscribes_.end() ? nullptr : &operations(Action::subscribe)[found->second];
}

Operations View::found(const Numbered& all, Action action, std::uint32_t number) {
  static const std::vector<const Operation*> kNone;
  const auto its = all.find(numbered(action, number));
  const auto& those = its == all.end() ? kNone : its->second;
  return Operations(those.begin(), those.end());
}

Operations View::on_delivery(Action action, std::uint32_t delivery) const {
  return found(on_delivery_, action, delivery);
}

Operations View::on_message(Action action, std::uint32_t message) const {
  return found(on_message_, action, message);
}

Deliveries View::deliveries_of(std::uint32_t message) const {
  static const std::vector<const Delivery*> kNone;
  const auto its = deliveries_of_.find(message);
  const auto& those = its == deliveries_of_.end() ? kNone : its->second;
  return Deliveries(those.begin(), those.end());
}

std::span<const Note* const> View::notes_of(std::uint32_t session) const {
  const auto found = notes_of_.find(session);
  return found == notes_of_.end() ? std::span<const Note* const>() : found->second;
}

std::span<const Note> View::marks(std::string_view name) const {
  const auto found = marks_.find(name);
  return found == marks_.end() ? std::span<const Note>() : found->second;
}

bool View::is_marked(std::string_view name, std::uint32_t message) const {
  const auto found = marked_.find(name);
  return found != marked_.end() && found->second.contains(message);
}

Time View::last_known(std::uint32_t session, Time until) const {
  const auto found = signs_.find(session);
  if (found == signs_.end()) return {};
  const auto past = std::upper_bound(found->second.begin(), found->second.end(), until,
                                     [](Time at, const auto& sign) { return at < sign.first; });
  return past == found->second.begin() ? Time{} : std::prev(past)->second;
}

namespace {

/// What a ctl/clock adds; zero for any other request, and for one that certainly did not happen.
Time advance_of(const Operation& control) {
  if (control.outcome == Phase::fail || text_of(control.asked, "method") != "ctl/clock") return {};
  const json::value* params = control.asked.if_contains("params");
  if (params == nullptr || !params->is_object()) return {};
  return std::chrono::milliseconds(number_of(params->get_object(), "advance_ms"));
}

}  // namespace

Time View::passed_at_least(Time from, Time to) const {
  Time passed = to - from;
  for (const Operation& control : operations(Action::control))
    if (control.ok() && control.invoked >= from && control.answered <= to)
      passed += advance_of(control);
  return passed;
}

Time View::passed_at_most(Time from, Time to) const {
  Time passed = to - from;
  for (const Operation& control : operations(Action::control))
    if (control.answered >= from && control.invoked <= to) passed += advance_of(control);
  return passed;
}

Time View::earliest_after(Time from, Time span) const {
  Time over = from + span;
  for (const Operation& control : operations(Action::control))
    if (control.answered >= from && control.invoked <= over)
      over = std::max({from, std::min(over, control.invoked), over - advance_of(control)});
  return over;
}

Time View::longest_stall(Time from, Time to) const {
  Time longest{};
  for (const Note* note : stalls_) {
    const Time length = std::chrono::milliseconds(note->amount);
    if (note->at >= from && note->at - length <= to) longest = std::max(longest, length);
  }
  return longest;
}

std::int64_t number_of(const json::object& detail, std::string_view key, std::int64_t otherwise) {
  const json::value* value = detail.if_contains(key);
  if (value == nullptr) return otherwise;
  if (value->is_int64()) return value->get_int64();
  if (value->is_bool()) return value->get_bool() ? 1 : 0;
  return otherwise;
}

std::string text_of(const json::object& detail, std::string_view key) {
  const json::value* value = detail.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace busproof::history
