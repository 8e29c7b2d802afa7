#include "suites/checkers/endpoint.hpp"

#include <array>

#include <fmt/format.h>

#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

/// The raw request of that kind as a judgement; nothing where it cannot be told.
std::optional<Judgement> judge_one(const View& view, const Operation& call, std::string_view what,
                                   std::string_view expected, std::uint64_t& judged) {
  const std::vector<std::size_t> events = {call.invoke_index, call.answer_index};
  if (call.error == "disconnected" && call.outcome == Phase::fail)
    return std::nullopt;  // Not sent.
  if (!lives(view, call.session, call.invoked)) {
    const history::Note* ended = ended_by_bus(view, call.session, call.invoked);
    if (ended == nullptr) return std::nullopt;
    return Judgement::violated(
        "connection_lost", fmt::format("The bus ended the connection over the {} request.", what),
        {call.invoke_index, ended->index});
  }
  if (call.error == "disconnected") return std::nullopt;
  if (!lives(view, call.session, call.answered)) return std::nullopt;
  if (call.error == "no_answer")
    return Judgement::violated(
        "unanswered",
        fmt::format("The {} request was never answered, though later ones were.", what), events);
  if (call.error != expected)
    return Judgement::violated(
        "wrong_error",
        fmt::format("The {} request was answered with \"{}\" and should have been with \"{}\".",
                    what, call.ok() ? "a result" : call.error, expected),
        events);
  ++judged;
  return std::nullopt;
}

Judgement judge_raw(const View& view, std::string_view what, std::string_view expected) {
  std::uint64_t judged = 0;
  for (const Operation& call : view.operations(Action::call)) {
    if (text_of(call.asked, "raw") != what) continue;
    if (auto wrong = judge_one(view, call, what, expected, judged)) return *wrong;
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

Judgement judge_no_request(const View& view, const contract::Claims&) {
  return judge_raw(view, "no_request", "invalid_request");
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
