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

}  // namespace

View::View(const History& history) : history_(&history) {
  for (std::size_t i = 0; i < history.events.size(); ++i) add(history.events[i], i);
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

std::vector<Note> View::marks(std::string_view name) const {
  std::vector<Note> found;
  std::copy_if(notes_.begin(), notes_.end(), std::back_inserter(found),
               [&](const Note& note) { return note.action == Action::mark && note.name == name; });
  return found;
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

Time View::longest_stall(Time from, Time to) const {
  Time longest{};
  for (const Note& note : notes_) {
    if (note.action != Action::stall) continue;
    const Time length = std::chrono::milliseconds(note.amount);
    if (note.at >= from && note.at - length <= to) longest = std::max(longest, length);
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
