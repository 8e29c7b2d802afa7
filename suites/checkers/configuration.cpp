#include "suites/checkers/configuration.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/credit.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::Delivery;
using history::Note;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

const json::object& object_of(const json::object& detail, std::string_view key) {
  static const json::object kNone;
  const json::value* value = detail.if_contains(key);
  return value == nullptr || !value->is_object() ? kNone : value->get_object();
}

// --- CFG-1.in_force

/// What came on a subscription before its credit was changed, and after.
struct Window {
  std::vector<const Delivery*> before;
  const Delivery* after = nullptr;
  const Operation* change = nullptr;
};

Window window_of(const View& view, const Operation& subscribe) {
  Window window;
  for (const Operation& change : view.operations(Action::credit))
    if (change.subscription == subscribe.subscription && window.change == nullptr)
      window.change = &change;
  for (const Delivery& delivery : view.deliveries()) {
    if (delivery.subscription != subscribe.subscription) continue;
    if (window.change == nullptr || delivery.at < window.change->invoked)
      window.before.push_back(&delivery);
    else if (window.after == nullptr)
      window.after = &delivery;
  }
  return window;
}

/// How many of them were outstanding for certain when the last of them came.
std::int64_t outstanding(const View& view, const Claims& claims,
                         const std::vector<const Delivery*>& came) {
  return std::ranges::count_if(came, [&](const Delivery* delivery) {
    return excused(view, claims, *delivery) > came.back()->at;
  });
}

/// How many messages waited there for certain when the subscription was asked for.
std::int64_t waiting(const View& view, const Operation& subscribe) {
  return std::ranges::count_if(view.operations(Action::publish), [&](const Operation& publish) {
    return publish.ok() && publish.destination == subscribe.destination &&
           publish.answered < subscribe.invoked;
  });
}

/// Whether a fence came behind it: whatever else was to come had the time to.
bool fenced_after(const View& view, const Delivery& last) {
  return std::ranges::any_of(view.marks("fence"), [&](const Note& fence) {
    const Operation* publish = view.publish_of(fence.message);
    return publish != nullptr && publish->invoke_index > last.index &&
           !view.deliveries_of(fence.message).empty();
  });
}

// --- CFG-2

struct Start {
  const Note* note;
  std::string variant;
  bool started;
};

std::vector<Start> bad_starts(const View& view) {
  std::vector<Start> found;
  for (const std::string_view name : {"started", "not_started"})
    for (const Note& note : view.marks(name))
      if (const std::string variant = text_of(note.said, "variant");
          variant.starts_with("bad_config"))
        found.push_back({&note, variant, name == "started"});
  std::ranges::sort(found, {}, [](const Start& start) { return start.note->index; });
  return found;
}

bool ended_by_itself(const Start& start) {
  const json::value* ended = start.note->said.if_contains("ended");
  return ended != nullptr && ended->is_bool() && ended->get_bool();
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    const auto sign = static_cast<unsigned char>(c);
    if (std::isalnum(sign) != 0 || c == '_') {
      word += static_cast<char>(std::tolower(sign));
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  return words;
}

/// Words that say that something is wrong, and not what would be right.
constexpr std::array kOfEveryRefusal = {"a",
                                        "an",
                                        "the",
                                        "is",
                                        "are",
                                        "was",
                                        "for",
                                        "of",
                                        "in",
                                        "on",
                                        "to",
                                        "with",
                                        "at",
                                        "not",
                                        "no",
                                        "bad",
                                        "wrong",
                                        "invalid",
                                        "illegal",
                                        "unknown",
                                        "error",
                                        "fatal",
                                        "failed",
                                        "failure",
                                        "value",
                                        "values",
                                        "allowed",
                                        "accepted",
                                        "permitted",
                                        "valid",
                                        "config",
                                        "option",
                                        "set",
                                        "variable",
                                        "setting",
                                        "cannot",
                                        "configuration",
                                        "refused",
                                        "got",
                                        "it",
                                        "start",
                                        "exit",
                                        "exiting",
                                        "env",
                                        "environment",
                                        "level",
                                        "event",
                                        "msg",
                                        "has",
                                        "does",
                                        "stop",
                                        "stopping",
                                        "parameter",
                                        "reading",
                                        "parse",
                                        "use"};

/// Whether the text holds anything that may say what is allowed.
bool says_allowed(const Start& start, const std::set<std::string>& usual) {
  std::string text = text_of(start.note->said, "wrote");
  for (const auto& [name, value] : object_of(start.note->said, "sets")) {
    const std::string_view shown = value.is_string() ? value.get_string() : std::string_view();
    for (const std::string_view taken : {std::string_view(name), shown})
      for (std::size_t at = text.find(taken); !taken.empty() && at != std::string::npos;
           at = text.find(taken, at))
        text.replace(at, taken.size(), " ");
  }
  const auto words = words_of(text);
  return std::ranges::any_of(words, [&](const std::string& word) {
    return !usual.contains(word) && std::ranges::count(kOfEveryRefusal, word) == 0;
  });
}

/// What starts that went well wrote.
std::set<std::string> usual_words(const View& view) {
  std::set<std::string> usual;
  for (const Note& note : view.marks("started"))
    if (text_of(note.said, "variant").empty()) usual.merge(words_of(text_of(note.said, "wrote")));
  return usual;
}

std::string sets(const Start& start) {
  std::string text;
  for (const auto& [name, value] : object_of(start.note->said, "sets"))
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", std::string_view(name),
                        value.is_string() ? std::string_view(value.get_string()) : "");
  return text;
}

}  // namespace

Judgement judge_defaults_declared(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  const auto hellos = view.operations(Action::hello);
  for (const Note& note : view.marks("documented")) {
    std::vector<std::size_t> events = {note.index};
    for (const Operation& hello : hellos)
      if (hello.ok()) events.push_back(hello.answer_index);
    if (events.size() < 2) continue;
    for (const auto& [name, value] : object_of(note.said, "limits")) {
      const std::string limit(name);
      const auto* documented = value.if_int64();
      const std::string says = documented != nullptr ? std::to_string(*documented) : "none";
      if (!claims.declares(limit))
        return Judgement::violated(
            "undeclared",
            fmt::format("The documentation says that {} is {}, and hello declares none.", limit,
                        says),
            events);
      const auto declared = claims.limit(limit);
      const bool same =
          declared.has_value() ? documented != nullptr && *documented == *declared : !documented;
      if (!same)
        return Judgement::violated(
            "another_default",
            fmt::format("With nothing set {} is declared as {}, and documented as {}.", limit,
                        declared ? std::to_string(*declared) : "none", says),
            events);
      ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_default_credit(const View& view, const Claims& claims) {
  // Long enough for whoever has work and credit, whatever else the machine does.
  constexpr Time kSurely = std::chrono::seconds(5);
  const auto credit = claims.limit("credit_default");
  if (!credit || *credit < 1)
    return Judgement::unverified("credit_default is not declared, or no number of deliveries");
  std::uint64_t judged = 0;
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    if (!subscribe.ok() || subscribe.amount >= 0 || text_of(subscribe.asked, "mode") != "queue")
      continue;
    const Window window = window_of(view, subscribe);
    const auto came = static_cast<std::int64_t>(window.before.size());
    if (came > *credit && outstanding(view, claims, window.before) > *credit)
      return Judgement::violated(
          "more_than_declared",
          fmt::format("{} deliveries were outstanding on a subscription that named no credit; "
                      "credit_default is {}.",
                      came, *credit),
          {subscribe.answer_index, window.before.back()->index});
    if (waiting(view, subscribe) <= *credit) continue;
    const Time patience = kSurely + declared(claims, "wakeup_ms").value_or(Time::zero());
    if (came < *credit && window.after != nullptr &&
        window.change->invoked > subscribe.answered + patience +
                                     own_delay(view, subscribe.invoked, window.change->invoked))
      return Judgement::violated(
          "fewer_than_declared",
          fmt::format(
              "A subscription that named no credit got {} deliveries, and the next one only "
              "when credit was asked for; credit_default is {}.",
              came, *credit),
          {subscribe.answer_index, window.change->invoke_index, window.after->index});
    const auto full = static_cast<std::size_t>(*credit);
    if (came >= *credit && fenced_after(view, *window.before[full - 1])) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_wrong_value_stops(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  for (const Start& start : bad_starts(view)) {
    const auto wrong = [&](std::string finding, std::string_view says) {
      return Judgement::violated(std::move(finding),
                                 fmt::format("With {} the bus {}.", sets(start), says),
                                 {start.note->index});
    };
    if (start.started) return wrong("started", "came up and answered hello");
    if (!ended_by_itself(start)) return wrong("goes_on", "neither served nor ended");
    if (const json::value* code = start.note->said.if_contains("code");
        code != nullptr && code->is_int64() && code->get_int64() == 0)
      return wrong("ended_well", "ended as though all were well, with 0");
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_wrong_value_told(const View& view, const Claims& claims) {
  auto usual = usual_words(view);
  usual.merge(words_of(claims.server_name()));  // Who speaks says nothing, either.
  std::uint64_t judged = 0;
  for (const Start& start : bad_starts(view)) {
    if (start.started || !ended_by_itself(start)) continue;
    const std::string wrote = text_of(start.note->said, "wrote");
    for (const auto& [name, value] : object_of(start.note->said, "sets")) {
      const std::string shown(value.is_string() ? std::string_view(value.get_string()) : "");
      if (wrote.find(std::string_view(name)) == std::string::npos)
        return Judgement::violated(
            "variable_not_named",
            fmt::format("The bus did not start with {}, and does not name the variable.",
                        sets(start)),
            {start.note->index});
      if (wrote.find(shown) == std::string::npos)
        return Judgement::violated(
            "value_not_named",
            fmt::format("The bus did not start with {}, and does not name the value.", sets(start)),
            {start.note->index});
    }
    if (!says_allowed(start, usual))
      return Judgement::violated(
          "allowed_not_said",
          fmt::format("The bus did not start with {}, and does not say what is allowed.",
                      sets(start)),
          {start.note->index});
    ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
