#include "suites/checkers/endpoint.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::Phase;
using history::View;
using history::number_of;
using history::text_of;

/// Whether a request of that session was answered after `after`.
bool lives(const View& view, std::uint32_t session, history::Time after) {
  const auto calls = view.operations(Action::call);
  return std::any_of(calls.begin(), calls.end(), [&](const Operation& call) {
    return call.session == session && call.invoked > after && call.answered != history::kNever &&
           call.error != "no_answer" && call.error != "disconnected";
  });
}

Judgement judge_raw(const View& view, std::string_view what, std::string_view expected) {
  std::uint64_t judged = 0;
  for (const Operation& call : view.operations(Action::call)) {
    if (text_of(call.asked, "raw") != what) continue;
    const std::vector<std::size_t> events = {call.invoke_index, call.answer_index};
    if (call.error == "disconnected")
      return Judgement::violated(
          "connection_lost", fmt::format("The bus ended the connection over a {} request.", what),
          events);
    if (!lives(view, call.session, call.answered)) continue;
    if (call.error == "no_answer")
      return Judgement::violated(
          "unanswered",
          fmt::format("A {} request was never answered, though later ones were.", what), events);
    if (call.error != expected)
      return Judgement::violated(
          "wrong_error",
          fmt::format("A {} request was answered with \"{}\" and should have been with \"{}\".",
                      what, call.ok() ? "a result" : call.error, expected),
          events);
    ++judged;
  }
  return Judgement::met(judged);
}

constexpr std::array<Action, 14> kRequests = {
    Action::hello,  Action::publish, Action::subscribe, Action::unsubscribe, Action::credit,
    Action::ack,    Action::reject,  Action::extend,    Action::retrieve,    Action::inspect,
    Action::remove, Action::pending, Action::control,   Action::call};

bool is_ours(const std::string& error) {
  return error == "no_answer" || error == "disconnected" || error == "malformed_answer";
}

}  // namespace

Judgement judge_malformed_json(const View& view, const contract::Claims&) {
  return judge_raw(view, "malformed_json", "parse_error");
}

Judgement judge_unknown_method(const View& view, const contract::Claims&) {
  return judge_raw(view, "unknown_method", "method_not_found");
}

Judgement judge_wrong_params(const View& view, const contract::Claims&) {
  return judge_raw(view, "wrong_params", "invalid_params");
}

Judgement judge_wrong_types(const View& view, const contract::Claims&) {
  return judge_raw(view, "wrong_types", "invalid_params");
}

Judgement judge_errors_named(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Action action : kRequests) {
    for (const Operation& operation : view.operations(action)) {
      if (operation.ok() || operation.error.empty() || is_ours(operation.error)) continue;
      ++judged;
      const std::string wrong = text_of(operation.said, "malformed");
      if (!wrong.empty())
        return Judgement::violated("unnamed_error",
                                   fmt::format("An error is not the protocol's: {}.", wrong),
                                   {operation.invoke_index, operation.answer_index});
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
