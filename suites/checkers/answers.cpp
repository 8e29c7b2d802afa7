#include "suites/checkers/answers.hpp"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "suites/checkers/refusals.hpp"
#include "suites/history/breaches.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// "bus/publish" or the method of another request; empty for raw texts.
std::string kind_of(const Operation& operation) {
  return operation.action == Action::publish ? "bus/publish" : text_of(operation.asked, "method");
}

/// What an answer is told apart by: "a result" or the kind of its error.
std::string answer_of(const Operation& operation) {
  return operation.ok() ? "a result" : operation.error;
}

/// Requests of one history: those made alone, and those that were under way together.
struct Requests {
  std::map<std::string, std::string> alone;  // what each kind is answered with
  std::vector<Operation> together;           // in order of invocation
};

Requests requests_of(const View& view, Time mark) {
  Requests found;
  for (const Action action : {Action::publish, Action::call}) {
    for (const Operation& operation : view.operations(action)) {
      const std::string kind = kind_of(operation);
      if (kind.empty()) continue;
      if (operation.invoked >= mark)
        found.together.push_back(operation);
      else if (was_answered(operation))
        found.alone.emplace(kind, answer_of(operation));
    }
  }
  std::sort(found.together.begin(), found.together.end(),
            [](const Operation& a, const Operation& b) { return a.invoke_index < b.invoke_index; });
  return found;
}

/// Whether a later request of the same connection was answered.
bool lives(const Requests& requests, const Operation& unanswered) {
  return std::any_of(requests.together.begin(), requests.together.end(),
                     [&](const Operation& other) {
                       return other.session == unanswered.session &&
                              other.invoked > unanswered.answered && was_answered(other);
                     });
}

bool is_answer_of_another(const Requests& requests, const std::string& kind,
                          const std::string& answer) {
  return answer != requests.alone.at(kind) &&
         std::any_of(requests.alone.begin(), requests.alone.end(),
                     [&](const auto& other) { return other.second == answer; });
}

bool overlaps(const Operation& a, const Operation& b) {
  return a.session == b.session && a.invoked < b.answered && b.invoked < a.answered;
}

/// Deliveries show whether a publish was given the transaction id of another.
Judgement judge_transactions(const View& view) {
  std::map<std::string, const Operation*> by_id;
  for (const Operation& publish : view.operations(Action::publish))
    if (const std::string id = text_of(publish.said, "transaction_id"); publish.ok() && !id.empty())
      by_id[id] = &publish;
  for (const history::Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    const auto other = by_id.find(text_of(delivery.said, "tx"));
    if (publish == nullptr || !publish->ok() || other == by_id.end() ||
        other->second->message == delivery.message)
      continue;
    return Judgement::violated(
        "answer_of_another",
        fmt::format("Message {} was delivered under the transaction id that message {} was told.",
                    delivery.message, other->second->message),
        {publish->answer_index, other->second->answer_index, delivery.index});
  }
  return Judgement::met(0);
}

}  // namespace

Judgement judge_breaches(const View& view) {
  for (const history::Note& note : view.notes()) {
    if (note.action != Action::breach) continue;
    const std::string what = text_of(note.said, "what");
    if (what == history::kNoJson) continue;
    const std::string finding = what == history::kSecondAnswer  ? "answered_twice"
                                : what == history::kStrayAnswer ? "answer_to_nobody"
                                                                : "protocol_breach";
    return Judgement::violated(
        finding, fmt::format("The bus sent {}: {:.200}", what, text_of(note.said, "text")),
        {note.index});
  }
  return Judgement::inconclusive("nothing was sent that the protocol does not allow");
}

Judgement judge_answers_match(const View& view, const contract::Claims&) {
  Judgement seen = judge_breaches(view);
  if (seen.verdict() == contract::Verdict::violated) return seen;
  const auto marks = view.marks("overlap");
  if (marks.empty()) return Judgement::inconclusive("no requests were made to overlap");
  const Requests requests = requests_of(view, marks.front().at);
  std::uint64_t judged = 0;
  for (std::size_t i = 0; i < requests.together.size(); ++i) {
    const Operation& operation = requests.together[i];
    const std::string kind = kind_of(operation);
    if (!requests.alone.contains(kind) || operation.error == "disconnected") continue;
    const std::vector<std::size_t> events = {operation.invoke_index, operation.answer_index};
    if (!was_answered(operation)) {
      if (!lives(requests, operation)) continue;
      return Judgement::violated(
          "unanswered",
          fmt::format("A {} among others was never answered, though later requests were.", kind),
          events);
    }
    if (is_answer_of_another(requests, kind, answer_of(operation)))
      return Judgement::violated(
          "answer_of_another",
          fmt::format("A {} among others was answered with {}; by itself it is answered with {}.",
                      kind, answer_of(operation), requests.alone.at(kind)),
          events);
    if ((i > 0 && overlaps(requests.together[i - 1], operation)) ||
        (i + 1 < requests.together.size() && overlaps(operation, requests.together[i + 1])))
      ++judged;
  }
  seen = judge_transactions(view);
  return seen.verdict() == contract::Verdict::violated ? seen : Judgement::met(judged);
}

}  // namespace busproof::checkers
