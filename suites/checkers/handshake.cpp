#include "suites/checkers/handshake.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/refusals.hpp"
#include "suites/history/breaches.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

std::vector<Operation> raw_calls(const View& view, std::string_view what) {
  std::vector<Operation> found;
  for (const Operation& call : view.operations(Action::call))
    if (text_of(call.asked, "raw") == what) found.push_back(call);
  return found;
}

std::vector<std::size_t> events_of(const Operation& operation) {
  return {operation.invoke_index, operation.answer_index};
}

/// What is wrong with the result of a hello, or nothing.
std::string missing_in(const json::object& result) {
  for (const char* member : {"capabilities", "limits", "guarantees", "server"}) {
    const json::value* value = result.if_contains(member);
    if (value == nullptr || !value->is_object()) return member;
  }
  return "";
}

/// The request after a hello that is answered as if there had been none, or null.
const Operation* forgotten(const View& view, const Operation& hello) {
  for (const Action action : {Action::call, Action::publish, Action::subscribe})
    for (const Operation& later : view.operations(action))
      if (later.session == hello.session && later.invoked > hello.answered &&
          later.error == "hello_first")
        return &later;
  return nullptr;
}

constexpr std::array<Action, 12> kAfterHello = {
    Action::publish, Action::subscribe, Action::unsubscribe, Action::credit,
    Action::ack,     Action::reject,    Action::extend,      Action::retrieve,
    Action::inspect, Action::remove,    Action::pending,     Action::call};

/// When the session said hello; never, where it did not.
Time hello_of(const View& view, std::uint32_t session) {
  Time first = history::kNever;
  for (const Operation& hello : view.operations(Action::hello))
    if (hello.session == session) first = std::min(first, hello.invoked);
  return first;
}

std::optional<Judgement> done_before_hello(const View& view, const Operation& publish) {
  for (const history::Delivery& delivery : view.deliveries())
    if (delivery.message == publish.message && publish.message != 0)
      return Judgement::violated(
          "done_before_hello",
          fmt::format("Message m{} was published before hello and was delivered.", publish.message),
          {publish.invoke_index, publish.answer_index, delivery.index});
  return std::nullopt;
}

/// One request from before the hello; whether it was refused as it should have been is counted.
std::optional<Judgement> judge_early(const View& view, const Operation& early,
                                     std::uint64_t& judged) {
  if (early.action == Action::publish)
    if (auto done = done_before_hello(view, early)) return done;
  if (early.ok())
    return Judgement::violated("served_before_hello",
                               "A request from before hello was answered with a result.",
                               events_of(early));
  if (is_passing(early)) return std::nullopt;
  if (early.error != "hello_first")
    return Judgement::violated(
        "wrong_error",
        fmt::format("A request from before hello was answered with \"{}\".", early.error),
        events_of(early));
  if (early.action != Action::publish || watched(view, early.destination, early.answered)) ++judged;
  return std::nullopt;
}

/// What an answer under another id shows as: nobody's, or a second one of whoever has that id.
bool is_wrong_answer(std::string_view breach) {
  return breach == history::kStrayAnswer || breach == history::kSecondAnswer;
}

}  // namespace

Judgement judge_hello(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& hello : raw_calls(view, "hello")) {
    if (is_passing(hello)) continue;
    if (!hello.ok())
      return Judgement::violated(
          "hello_refused",
          fmt::format("A hello that offers 1.0 was answered with \"{}\".", hello.error),
          events_of(hello));
    if (text_of(hello.said, "protocol") != "1.0")
      return Judgement::violated("wrong_version",
                                 fmt::format("The hello's answer settles on version \"{}\".",
                                             text_of(hello.said, "protocol")),
                                 events_of(hello));
    if (const std::string member = missing_in(hello.said); !member.empty())
      return Judgement::violated("incomplete_hello",
                                 fmt::format("The hello's answer has no object {}.", member),
                                 events_of(hello));
    if (const Operation* later = forgotten(view, hello))
      return Judgement::violated("hello_forgotten",
                                 "A request after the hello was refused with hello_first.",
                                 {hello.answer_index, later->invoke_index, later->answer_index});
    if (lives(view, hello.session, hello.answered)) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_before_hello(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Action action : kAfterHello) {
    for (const Operation& early : view.operations(action)) {
      if (early.invoked >= hello_of(view, early.session)) continue;
      if (auto wrong = judge_early(view, early, judged)) return *wrong;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_unknown_version(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& hello : raw_calls(view, "unknown_version")) {
    if (is_passing(hello)) continue;
    if (hello.ok())
      return Judgement::violated("unknown_accepted",
                                 "A hello that offers no known version was accepted.",
                                 events_of(hello));
    if (hello.error != "unsupported_version")
      return Judgement::violated(
          "wrong_error",
          fmt::format("A hello that offers no known version was answered with \"{}\".",
                      hello.error),
          events_of(hello));
    const json::value* supported = hello.said.if_contains("supported");
    const json::array* names = supported == nullptr ? nullptr : supported->if_array();
    const auto is_known = [](const json::value& name) { return name == json::string("1.0"); };
    if (names == nullptr || std::none_of(names->begin(), names->end(), is_known))
      return Judgement::violated("versions_unnamed",
                                 "The refusal does not name 1.0 as a version that is supported.",
                                 events_of(hello));
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_id_kinds(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& call : raw_calls(view, "id_kinds")) {
    if (was_answered(call)) ++judged;
    if (was_answered(call) || call.error == "disconnected" ||
        !lives(view, call.session, call.answered))
      continue;
    for (const history::Note& note : view.notes())
      if (note.action == Action::breach && note.session == call.session &&
          note.at >= call.invoked && is_wrong_answer(text_of(note.said, "what")))
        return Judgement::violated(
            "wrong_id",
            fmt::format("The request with the id {} was not answered, but came: {:.200}",
                        text_of(call.asked, "id"), text_of(note.said, "text")),
            {call.invoke_index, note.index});
    return Judgement::violated(
        "unanswered",
        fmt::format("The request with the id {} was never answered, though later ones were.",
                    text_of(call.asked, "id")),
        events_of(call));
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
