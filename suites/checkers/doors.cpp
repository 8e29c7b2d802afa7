// Source: SEC-4, SEC-5.
#include "suites/checkers/doors.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;
using history::Note;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

std::vector<std::size_t> events_of(const Operation& operation) {
  return {operation.invoke_index, operation.answer_index};
}

std::vector<const Operation*> handshakes(const View& view, std::string_view shown) {
  std::vector<const Operation*> found;
  for (const Operation& call : view.operations(Action::call))
    if (text_of(call.asked, "method") == "handshake" && text_of(call.asked, "shown") == shown)
      found.push_back(&call);
  return found;
}

/// Whether that was refused for what it said, not for what the server could not do just then.
bool kept_out(const Operation& handshake) {
  const auto status = number_of(handshake.said, "status");
  return handshake.outcome == Phase::fail && status >= 400 && status < 500;
}

Judgement judge_origins(const View& view, std::string_view shown) {
  const auto listed = handshakes(view, "listed");
  std::uint64_t judged = 0;
  for (const Operation* handshake : handshakes(view, shown)) {
    if (handshake->ok())
      return Judgement::violated("let_in",
                                 fmt::format("A handshake from the origin {} was taken, which is "
                                             "not on the list.",
                                             text_of(handshake->asked, "origin")),
                                 events_of(*handshake));
    if (kept_out(*handshake)) ++judged;
  }
  if (std::none_of(listed.begin(), listed.end(), [](const auto* one) { return one->ok(); }))
    return Judgement::inconclusive("no listed origin was let in: whether the list is kept is open");
  return Judgement::met(judged);
}

std::string shown_of(const Operation& hook) {
  const auto* params = hook.asked.if_contains("params");
  return params == nullptr || !params->is_object() ? "" : text_of(params->get_object(), "shown");
}

}  // namespace

Judgement judge_foreign_origin(const View& view, const contract::Claims&) {
  return judge_origins(view, "foreign");
}

Judgement judge_near_origin(const View& view, const contract::Claims&) {
  return judge_origins(view, "near_miss");
}

Judgement judge_listed_origin(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation* handshake : handshakes(view, "listed")) {
    if (kept_out(*handshake))
      return Judgement::violated(
          "kept_out",
          fmt::format("A handshake from the listed origin {} was refused "
                      "with HTTP {}.",
                      text_of(handshake->asked, "origin"), number_of(handshake->said, "status")),
          events_of(*handshake));
    if (!handshake->ok()) continue;
    const auto hellos = view.operations(Action::hello);
    const bool served = std::any_of(hellos.begin(), hellos.end(), [&](const Operation& hello) {
      return hello.ok() && text_of(hello.asked, "shown") == "listed" &&
             hello.invoked >= handshake->answered;
    });
    if (served) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_hooks_absent(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& hook : view.operations(Action::control)) {
    const std::string method = text_of(hook.asked, "method");
    if (hook.ok())
      return Judgement::violated(
          "hook_present",
          fmt::format("{} was carried out on a bus whose hooks are switched off.", method),
          events_of(hook));
    // An endpoint that knows nothing of hooks may want a hello first.
    const bool passing = is_passing(hook) && hook.error != "unauthenticated";
    if (passing || hook.error == "hello_first") continue;
    if (hook.error != "method_not_found")
      return Judgement::violated("wrong_error",
                                 fmt::format("{} was answered with {} on a bus whose hooks are "
                                             "switched off, instead of method_not_found.",
                                             method, hook.error),
                                 events_of(hook));
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_hooks_guarded(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& hook : view.operations(Action::control)) {
    const std::string shown = shown_of(hook), method = text_of(hook.asked, "method");
    if (shown.empty()) continue;
    if (hook.ok())
      return Judgement::violated("accepted",
                                 fmt::format("{} with {} token was carried out.", method, shown),
                                 events_of(hook));
    const bool refused =
        hook.error == "unauthenticated" || (shown == "no" && hook.error == "invalid_params");
    if (!refused && is_passing(hook)) continue;
    if (!refused)
      return Judgement::violated("wrong_error",
                                 fmt::format("{} with {} token was refused with {} instead of "
                                             "unauthenticated.",
                                             method, shown, hook.error),
                                 events_of(hook));
    ++judged;
  }
  if (const Judgement kept = judge_delivered(view, claims); kept.verdict() == Verdict::violated)
    return Judgement::violated(
        "done_unauthenticated",
        "Hooks were called without the right token, and then: " + kept.says(), kept.events());
  return Judgement::met(judged);
}

Judgement judge_hooks_on_loopback(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Note& listens : view.marks("listens")) {
    const auto* loopback = listens.said.if_contains("loopback");
    if (loopback == nullptr) continue;
    if (*loopback != true)
      return Judgement::violated(
          "reachable",
          fmt::format("The control hooks are listened for at {}, which is no loopback address.",
                      text_of(listens.said, "address")),
          {listens.index});
    ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
