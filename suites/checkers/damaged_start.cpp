#include "suites/checkers/damaged_start.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// Parts of words with which somebody says that data was not in order. One that a healthy start
/// writes as well says nothing.
constexpr std::array kTellingWords = {"damage",   "corrupt",  "malform", "repair",        "recover",
                                      "truncat",  "checksum", "salvage", "broken",        "invalid",
                                      "mismatch", "lost",     "missing", "not a database"};

std::set<std::string> telling_words(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::set<std::string> found;
  for (const char* word : kTellingWords)
    if (text.find(word) != std::string::npos) found.insert(word);
  return found;
}

struct Round {
  const history::Note* damaged = nullptr;
  const history::Note* came = nullptr;  ///< "started" or "not_started"
  Time until = history::kNever;         ///< The next round, or the end.
};

/// What the starts before any damage wrote.
std::set<std::string> usual_words(const View& view) {
  std::set<std::string> usual;
  for (const history::Note& note : view.notes()) {
    if (note.action != Action::mark) continue;
    if (note.name == "damaged") break;
    if (note.name == "started") usual.merge(telling_words(text_of(note.said, "wrote")));
  }
  return usual;
}

std::vector<Round> rounds_of(const View& view) {
  std::vector<Round> found;
  for (const history::Note& note : view.notes()) {
    if (note.action != Action::mark) continue;
    if (note.name == "damaged") {
      if (!found.empty()) found.back().until = note.at;
      found.push_back({&note});
    } else if ((note.name == "started" || note.name == "not_started") && !found.empty() &&
               found.back().came == nullptr) {
      found.back().came = &note;
    }
  }
  std::erase_if(found, [](const Round& round) { return round.came == nullptr; });
  return found;
}

bool within(const Operation& operation, const Round& round) {
  return operation.invoked > round.came->at && operation.invoked < round.until;
}

/// The fence that came in that round, or null.
const Operation* fence_of(const View& view, const Round& round) {
  for (const history::Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    if (publish == nullptr || !within(*publish, round)) continue;
    for (const history::Delivery& delivery : view.deliveries())
      if (delivery.message == mark.message) return publish;
  }
  return nullptr;
}

/// Whether the bus said in that round that something is not in order.
bool says_so(const View& view, const Round& round, const std::set<std::string>& usual) {
  const auto words = telling_words(text_of(round.came->said, "wrote"));
  if (!std::includes(usual.begin(), usual.end(), words.begin(), words.end())) return true;
  for (const Operation& call : view.operations(Action::call)) {
    if (!within(call, round) || !call.ok()) continue;
    const std::string status = text_of(call.said, "status");
    if (text_of(call.asked, "method") == "bus/health" && status != "healthy") return true;
    if (const auto* payloads = call.said.if_contains("payloads");
        text_of(call.asked, "method") == "bus/stats" && payloads != nullptr &&
        payloads->is_object() && number_of(payloads->get_object(), "corrupt") > 0)
      return true;
  }
  for (const Action action : {Action::inspect, Action::retrieve})
    for (const Operation& ask : view.operations(action))
      if (within(ask, round) && (text_of(ask.said, "status") == "error" ||
                                 (!ask.ok() && ask.error != "not_found" && ask.error != "expired")))
        return true;
  return false;
}

/// What became of what had been accepted before the first stop, in one round.
struct Balance {
  std::vector<const Operation*> missing;
  std::size_t came = 0;
};

Balance balance_of(const View& view, const Round& round, Time stopped, history::Text destination) {
  std::set<std::uint32_t> came;
  for (const history::Delivery& delivery : view.deliveries())
    if (const Operation* subscribe = view.subscribe_of(delivery.subscription);
        subscribe != nullptr && within(*subscribe, round))
      came.insert(delivery.message);
  Balance balance;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!publish.ok() || publish.answered > stopped || publish.destination != destination) continue;
    if (came.contains(publish.message))
      ++balance.came;
    else
      balance.missing.push_back(&publish);
  }
  return balance;
}

/// One round in which the bus came up and its silence counts.
struct Served {
  const Round& round;
  const Operation& fence;
  Balance balance;
  bool told;

  [[nodiscard]] std::vector<std::size_t> events() const {
    return {balance.missing.front()->invoke_index, round.damaged->index, round.came->index,
            fence.invoke_index};
  }
};

/// `refused` and `served` say what is wrong with a round, if anything is.
template <typename Refused, typename InService>
Judgement judge_rounds(const View& view, Refused refused, InService served) {
  const auto stops = view.marks("stop");
  const auto rounds = rounds_of(view);
  if (stops.empty() || rounds.empty())
    return Judgement::inconclusive("the bus was not started on damaged data");
  const auto usual = usual_words(view);
  std::uint64_t judged = 0;
  bool open = false;
  for (const Round& round : rounds) {
    std::optional<Judgement> wrong;
    if (round.came->name == "not_started") {
      wrong = refused(round);
      ++judged;
    } else if (const Operation* fence = fence_of(view, round)) {
      const Served in_service{round, *fence,
                              balance_of(view, round, stops.front().at, fence->destination),
                              says_so(view, round, usual)};
      if (in_service.balance.came + in_service.balance.missing.size() == 0) continue;
      wrong = served(in_service);
      ++judged;
    } else {
      open = true;  // It came up and serves nobody: that is no silent loss, and no proof.
    }
    if (wrong) return *wrong;
  }
  if (open && judged == 0)
    return Judgement::inconclusive("no fence came after the start on damaged data");
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_never_empty(const View& view, const contract::Claims&) {
  return judge_rounds(
      view, [](const Round&) { return std::optional<Judgement>(); },
      [](const Served& served) -> std::optional<Judgement> {
        if (served.balance.came > 0 || served.told) return std::nullopt;
        return Judgement::violated(
            "silently_empty",
            fmt::format("With {} of its file damaged the bus came up empty, without {} accepted "
                        "messages and without a word.",
                        text_of(served.round.damaged->said, "how"), served.balance.missing.size()),
            served.events());
      });
}

Judgement judge_damage_told(const View& view, const contract::Claims&) {
  return judge_rounds(
      view,
      [](const Round& round) -> std::optional<Judgement> {
        const std::string wrote = text_of(round.came->said, "wrote");
        if (std::any_of(wrote.begin(), wrote.end(), [](unsigned char c) { return c > ' '; }))
          return std::nullopt;
        return Judgement::violated("wordless_refusal",
                                   "The bus refused to start on damaged data and wrote nothing.",
                                   {round.damaged->index, round.came->index});
      },
      [](const Served& served) -> std::optional<Judgement> {
        const auto& [missing, came] = served.balance;
        if (missing.empty() || (served.told && came > 0)) return std::nullopt;
        if (!served.told)
          return Judgement::violated(
              "unreported_loss",
              fmt::format("After a start on damaged data {} of {} messages are missing, m{} the "
                          "first, and nothing says so.",
                          missing.size(), missing.size() + came, missing.front()->message),
              served.events());
        return Judgement::violated(
            "lost_everything",
            fmt::format("The damage left half of the file and more, and all {} messages are gone.",
                        missing.size()),
            served.events());
      });
}

}  // namespace busproof::checkers
