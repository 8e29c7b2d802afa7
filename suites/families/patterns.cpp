// PUB-2, PUB-3: patterns, random ones of the declared grammar, against what the model says.
#include <array>

#include <fmt/format.h>

#include "suites/checkers/topics.hpp"
#include "suites/families/families.hpp"
#include "suites/families/listening.hpp"
#include "suites/models/patterns.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

template <typename Items>
std::string one_of(Stage& stage, const Items& items) {
  return std::string(items[static_cast<std::size_t>(stage.any(0, std::ssize(items) - 1))]);
}

template <typename Items>
std::string some_of(Stage& stage, const Items& items, std::int64_t least, std::int64_t most) {
  std::string text;
  for (std::int64_t i = stage.any(least, most); i > 0; --i) text += one_of(stage, items);
  return text;
}

/// Parts of names and patterns after a beginning that no other stage uses.
struct Grammar {
  std::string name;
  std::string separator;
  std::vector<std::string> name_parts, pattern_parts, endings;
};

Grammar grammar_of(Stage& stage) {
  const std::string name = stage.claims().trait("patterns", "grammar");
  if (name == "redis_glob")
    return {name,
            "",
            {"a", "b", "c", ".", "*", "?", "[", "]", "\\", "^", "-"},
            {"a", "b", ".", "*", "?", "[ab]", "[^a]", "[a-c]", "\\*", "\\?", "\\[", "\\]", "\\\\"},
            {"", "*"}};
  if (name == "nats") return {name, ".", {"a", "b", "c1"}, {"a", "b", "*"}, {"", ".>"}};
  if (name == "mqtt") return {name, "/", {"a", "b", "c1", ""}, {"a", "b", "+", ""}, {"", "/#"}};
  if (name == "amqp") return {name, ".", {"a", "b", "c1"}, {"a", "b", "*", "#"}, {"", ".#"}};
  throw Abandoned{Verdict::unverified, "no model of the grammar " + name};
}

std::string joined(Stage& stage, const Grammar& grammar, const std::string& first,
                   const std::vector<std::string>& parts) {
  std::string text = first;
  for (std::int64_t i = stage.any(1, 4); i > 0; --i)
    text += grammar.separator + one_of(stage, parts);
  return text;
}

struct Names {
  std::vector<std::string> patterns, names;
};

/// Patterns and names of which many match.
Names some_names(Stage& stage, const Grammar& grammar, std::size_t patterns, std::size_t names) {
  const std::string first = stage.destination("p") + (grammar.separator.empty() ? "." : "");
  Names made;
  for (std::size_t i = 0; i < names; ++i)
    made.names.push_back(joined(stage, grammar, first, grammar.name_parts));
  for (std::size_t i = 0; i < patterns; ++i)
    made.patterns.push_back(joined(stage, grammar, first, grammar.pattern_parts) +
                            one_of(stage, grammar.endings));
  return made;
}

/// Publishes to every name, then waits until every pattern has what the model says it matches, or
/// for as long as it takes to prove that it will not.
void publish_and_listen(Stage& stage, const Grammar& grammar, const Names& made) {
  Session& session = stage.connect();
  Listening listening(stage);
  for (const std::string& pattern : made.patterns) listening.subscribe_pattern(session, pattern);
  std::vector<targets::Published> published;
  for (int round = 0; round < 2; ++round)
    for (const std::string& name : made.names)
      published.push_back(stage.publish(
          session, {.destination = name, .mode = "topic", .payload = Payload::text(name)}));
  bool all = true;
  for (std::size_t i = 0; all && i < published.size(); ++i)
    for (const std::string& pattern : made.patterns)
      if (all &&
          models::pattern_matches(grammar.name, pattern, made.names[i % made.names.size()]) == true)
        all = listening.wait_for(pattern, published[i]);
  // An answer behind all of it: what was never to come has had its time.
  stage.publish(session, {.destination = stage.destination("end"), .mode = "topic"});
}

void random_patterns(Stage& stage) {
  const Grammar grammar = grammar_of(stage);
  publish_and_listen(stage, grammar, some_names(stage, grammar, 40, 30));
}

void literal_names(Stage& stage) {
  const Grammar grammar = grammar_of(stage);
  Names made;
  const std::string first = stage.destination("p");
  for (int i = 0; i < 12; ++i) {
    made.names.push_back(first + some_of(stage, grammar.name_parts, 1, 5));
    const auto pattern = models::pattern_of_name(grammar.name, made.names.back());
    if (!pattern) throw Abandoned{Verdict::unverified, "no escapes in the grammar " + grammar.name};
    made.patterns.push_back(*pattern);
  }
  for (const char sign : {'*', '?', '[', ']', '\\'}) {
    made.names.push_back(first + sign);
    made.names.push_back(first + "a");
    made.patterns.push_back(first + '\\' + sign);
  }
  publish_and_listen(stage, grammar, made);
}

void invalid_patterns(Stage& stage) {
  using namespace std::string_literals;
  const Grammar grammar = grammar_of(stage);
  Session& session = stage.connect();
  const std::string first = stage.destination("p");
  bool any = false;
  for (const std::string& pattern :
       {""s, first + "\0"s, first + "\0b"s, first + "..a", first + ".>.a", first + "/#/a",
        first + "/a#", first + "/a+"}) {
    if (models::pattern_valid(grammar.name, pattern) != false) continue;
    any = true;
    auto refused = session.subscribe({.destination = pattern, .mode = "topic", .pattern = true});
    if (!refused && session.closed()) return;
  }
  if (!any) throw Abandoned{Verdict::unverified, "the grammar takes every pattern"};
}

constexpr JudgedCase kMatches[] = {{"PUB-2.matches", checkers::judge_pattern_matches},
                                   {"PUB-3.patterns", checkers::judge_pattern_asked_for}};
constexpr JudgedCase kLiteral[] = {{"PUB-2.literal", checkers::judge_pattern_literal}};
constexpr JudgedCase kInvalid[] = {{"PUB-2.invalid", checkers::judge_pattern_invalid}};

constexpr std::array kScenarios = {
    Scenario{
        .name = "Patterns.PUB_2_3_match_by_the_grammar", .cases = kMatches, .run = random_patterns},
    Scenario{.name = "Patterns.PUB_2_escapes_are_literal", .cases = kLiteral, .run = literal_names},
    Scenario{.name = "Patterns.PUB_2_invalid_ones_are_refused",
             .cases = kInvalid,
             .run = invalid_patterns},
};

}  // namespace

std::span<const Scenario> patterns() { return kScenarios; }

}  // namespace busproof::families
