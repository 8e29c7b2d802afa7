#include "suites/checkers/refusals.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace busproof::checkers {

using history::Action;
using history::Note;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

namespace {

constexpr std::array<Action, 14> kRequests = {
    Action::hello,  Action::publish, Action::subscribe, Action::unsubscribe, Action::credit,
    Action::ack,    Action::reject,  Action::extend,    Action::retrieve,    Action::inspect,
    Action::remove, Action::pending, Action::control,   Action::call};

constexpr std::array<std::string_view, 8> kPassing = {
    "rate_limited", "backpressure", "breaker_open",   "store_unavailable",
    "closed",       "internal",     "internal_error", "unauthenticated"};

}  // namespace

bool was_answered(const Operation& operation) {
  return operation.answered != history::kNever && operation.error != "no_answer" &&
         operation.error != "disconnected";
}

bool is_passing(const Operation& operation) {
  return !was_answered(operation) ||
         std::find(kPassing.begin(), kPassing.end(), operation.error) != kPassing.end();
}

bool is_momentary(const Operation& operation) {
  return is_passing(operation) && operation.error != "internal" &&
         operation.error != "internal_error";
}

bool answered_for_itself(const Operation& operation) {
  return operation.answered != history::kNever &&
         (!is_passing(operation) || operation.error == "unauthenticated");
}

std::optional<Judgement> not_refused(const Operation& operation, std::string_view kind,
                                     std::string_view what, std::uint64_t& judged) {
  const std::vector<std::size_t> events = {operation.invoke_index, operation.answer_index};
  if (operation.ok())
    return Judgement::violated("accepted", fmt::format("{} was accepted.", what), events);
  if (is_passing(operation)) return std::nullopt;
  if (operation.error != kind)
    return Judgement::violated(
        "wrong_error",
        fmt::format("{} was refused with {} instead of {}.", what, operation.error, kind), events);
  ++judged;
  return std::nullopt;
}

bool lives(const View& view, std::uint32_t session, Time after) {
  return std::any_of(kRequests.begin(), kRequests.end(), [&](Action action) {
    const auto all = view.operations(action);
    return std::any_of(all.begin(), all.end(), [&](const Operation& request) {
      return request.session == session && request.invoked > after && was_answered(request);
    });
  });
}

const Note* ended_by_bus(const View& view, std::uint32_t session, Time after) {
  for (const Note& note : view.notes()) {
    const bool ours =
        note.action == Action::mark && (note.name == "kill" || note.name == "stop" ||
                                        (note.name == "leaving" && note.session == session));
    if (ours) return nullptr;
    if (note.action == Action::disconnected && note.session == session && note.at >= after)
      return text_of(note.said, "by") == "us" ? nullptr : &note;
  }
  return nullptr;
}

bool watched(const View& view, history::Text destination, Time after) {
  for (const Note& fence : view.marks("fence")) {
    const Operation* publish = view.publish_of(fence.message);
    if (publish == nullptr || publish->destination != destination || publish->invoked <= after)
      continue;
    const auto all = view.deliveries();
    if (std::any_of(all.begin(), all.end(), [&](const history::Delivery& delivery) {
          return delivery.message == fence.message;
        }))
      return true;
  }
  return false;
}

std::optional<Judgement> undefined_outcome(const View& view, const Operation& operation,
                                           std::string_view what) {
  const std::vector<std::size_t> events = {operation.invoke_index, operation.answer_index};
  if (operation.error == "disconnected") {
    const Note* ended = ended_by_bus(view, operation.session, operation.invoked);
    if (ended == nullptr || operation.outcome == history::Phase::fail) return std::nullopt;
    return Judgement::violated("connection_lost",
                               fmt::format("The bus ended the connection over it: {}.", what),
                               {operation.invoke_index, ended->index});
  }
  if (!was_answered(operation)) {
    if (!lives(view, operation.session, operation.answered)) return std::nullopt;
    return Judgement::violated(
        "unanswered", fmt::format("{} was never answered, though later requests were.", what),
        events);
  }
  if (operation.error == "internal" || operation.error == "internal_error")
    return Judgement::violated(
        "undefined_error",
        fmt::format("{} was answered with \"{}\", which defines nothing.", what, operation.error),
        events);
  return std::nullopt;
}

}  // namespace busproof::checkers
