#include "suites/contract/print.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "suites/contract/profile.hpp"
#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

namespace json = boost::json;

constexpr std::size_t kColumns = 100;

// `text` broken at blanks; the first line starts where the caller stands, the rest at `indent`.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  for (const std::string_view word : words(text)) {
    const bool fits = column + 1 + word.size() <= kColumns;
    if (!out.empty()) out += fits ? std::string(" ") : "\n" + std::string(indent, ' ');
    column = out.empty() || !fits ? indent + word.size() : column + 1 + word.size();
    out += word;
  }
  return out;
}

// What a case needs beyond its rule's capability, each marked with `quote`; may be empty.
std::vector<std::string> needs(const Case& part, std::string_view quote) {
  std::vector<std::string> found;
  if (part.hook == Hook::needed) found.emplace_back("a hook");
  for (const std::string_view name : words(part.also))
    found.push_back(fmt::format("{0}{1}{0}", quote, name));
  if (part.from != Durability::memory)
    found.push_back(fmt::format("durability {0}{1}{0}", quote, to_string(part.from)));
  for (const std::string_view trait : words(part.where))
    found.push_back(fmt::format("{0}{1}{0}", quote, trait));
  if (const auto all = words(part.lacks); !all.empty())
    found.push_back(fmt::format("one of {0}{1}{0} not claimed", quote,
                                fmt::join(all, fmt::format("{0}, {0}", quote))));
  for (const std::string_view path : words(part.limits))
    found.push_back(fmt::format("{0}{1}{0} declared", quote, path));
  return found;
}

// " Needs: a hook, store." with its leading blank, or nothing.
std::string needs_text(const Case& part, std::string_view quote) {
  const auto found = needs(part, quote);
  return found.empty() ? std::string() : fmt::format(" Needs: {}.", fmt::join(found, ", "));
}

// The method's name for people: "not judged yet".
std::string spaced(std::string_view word) {
  std::string text(word);
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string heading(const Rule& rule, const Judged& judged) {
  std::string text = fmt::format("{}  {}  {}\n  {}\n", rule.id, to_string(rule.level),
                                 rule.capability.empty() ? "every bus" : rule.capability,
                                 wrapped(rule.sentence, 2));
  text +=
      fmt::format("  Method: {}. Sources: {}.\n", spaced(judged_word(rule, judged)), rule.sources);
  if (!rule.reason.empty()) text += fmt::format("  {}\n", wrapped(rule.reason, 2));
  return text;
}

std::string case_text(const Rule& rule, const Case& part, const Judged& judged) {
  const std::string id = case_id(rule, part);
  const std::string state = (judged(id) ? "Judged." : "Not judged yet.") + needs_text(part, "");
  return fmt::format("\n  {}\n    {}\n    {}\n", id, wrapped(part.says, 4), wrapped(state, 4));
}

json::array word_array(std::string_view text) {
  json::array list;
  for (const std::string_view word : words(text)) list.emplace_back(json::string(word));
  return list;
}

json::object case_json(const Rule& rule, const Case& part, const Judged& judged) {
  const std::string id = case_id(rule, part);
  json::object object = {{"id", id}, {"says", part.says}, {"judged", judged(id)}};
  object["hook"] = part.hook == Hook::needed;
  if (!part.also.empty()) object["also"] = word_array(part.also);
  if (part.from != Durability::memory) object["from"] = to_string(part.from);
  if (!part.where.empty()) object["where"] = word_array(part.where);
  if (!part.lacks.empty()) object["lacks"] = word_array(part.lacks);
  if (!part.limits.empty()) object["limits"] = word_array(part.limits);
  return object;
}

json::object rule_json(const Rule& rule, const Judged& judged) {
  json::object object = {{"id", rule.id},
                         {"level", to_string(rule.level)},
                         {"capability", rule.capability},
                         {"judged", judged_word(rule, judged)},
                         {"sentence", rule.sentence},
                         {"sources", rule.sources}};
  if (!rule.reason.empty()) object["reason"] = rule.reason;
  json::array cases;
  for (const Case& part : rule.cases) cases.push_back(case_json(rule, part, judged));
  object["cases"] = std::move(cases);
  return object;
}

json::object profile_json(const Profile& profile) {
  json::object object = {{"name", profile.name}, {"says", profile.says}};
  object["builds_on"] = word_array(profile.builds_on);
  json::array required;
  for (const std::string_view name : required_capabilities(profile))
    required.emplace_back(json::string(name));
  object["requires"] = std::move(required);
  object["durability"] = to_string(profile.durability);
  object["rules"] = word_array(profile.rules);
  return object;
}

std::string bound_text(const LimitBound& bound) {
  std::string text = fmt::format("`{}`", bound.path);
  if (bound.required) text += " declared";
  if (bound.least) text += fmt::format("{} at least {}", bound.required ? "," : "", *bound.least);
  if (bound.most)
    text += fmt::format("{} at most {}", bound.required || bound.least ? "," : "", *bound.most);
  if (!bound.capability.empty()) text += fmt::format(", where `{}` is claimed", bound.capability);
  return text;
}

std::string requires_text(const Profile& profile) {
  std::vector<std::string> parts;
  if (profile.requires_all == "*") parts.emplace_back("every other profile but `claimed`");
  for (const std::string_view name : words(profile.requires_all == "*" ? "" : profile.builds_on))
    parts.push_back(fmt::format("profile {}", name));
  if (profile.requires_all == "*") parts.emplace_back("every capability");
  for (const std::string_view name : words(profile.requires_all))
    if (name != "*") parts.push_back(fmt::format("`{}`", name));
  if (!profile.requires_any.empty())
    parts.push_back(fmt::format("one of `{}`", fmt::join(words(profile.requires_any), "`, `")));
  if (profile.durability != Durability::memory)
    parts.push_back(fmt::format("durability `{}` or better", to_string(profile.durability)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string profiles_markdown() {
  std::string out =
      "## Profiles\n\n"
      "A run is judged against one profile; `claimed` is the default. What it requires and a bus\n"
      "does not claim makes the bus nonconformant, and so does a limit or trait outside its "
      "bounds.\n"
      "\n| profile | says | requires | rules |\n|---|---|---|---|\n";
  for (const Profile& profile : profiles())
    out += fmt::format("| `{}` | {} | {} | {} |\n", profile.name, profile.says,
                       requires_text(profile), profile.rules == "*" ? "all" : profile.rules);
  out +=
      "\nThe worst limits and traits that still count:\n\n| profile | bound | why "
      "|\n|---|---|---|\n";
  for (const LimitBound& bound : limit_bounds())
    out += fmt::format("| `{}` | {} | {} |\n", bound.profile, bound_text(bound), bound.why);
  for (const TraitBound& bound : trait_bounds())
    out += fmt::format("| `{}` | `{}.{}` is `{}` | {} |\n", bound.profile, bound.capability,
                       bound.trait, fmt::join(words(bound.accepted, '|'), "` or `"), bound.why);
  return out;
}

std::string rule_markdown(const Rule& rule, const Judged& judged) {
  std::string out =
      fmt::format("\n### {}\n\n**{}**, {}, {}. {}\n", rule.id, to_string(rule.level),
                  rule.capability.empty() ? "every bus" : fmt::format("`{}`", rule.capability),
                  spaced(judged_word(rule, judged)), rule.sentence);
  if (!rule.reason.empty()) out += fmt::format("{}\n", rule.reason);
  out += "\n";
  for (const Case& part : rule.cases)
    out += fmt::format("- `{}`{}: {}{}\n", part.name,
                       judged(case_id(rule, part)) ? "" : " (not judged yet)", part.says,
                       needs_text(part, "`"));
  return out;
}

struct Counts {
  std::size_t rules = 0;
  std::size_t cases = 0;
  std::size_t judged = 0;
};

Counts count(const Judged& judged) {
  Counts counts;
  for (const Family& family : families())
    for (const Rule& rule : family.rules) {
      ++counts.rules;
      counts.cases += rule.cases.size();
      for (const Case& part : rule.cases)
        if (judged(case_id(rule, part))) ++counts.judged;
    }
  return counts;
}

constexpr std::string_view kIntroduction =
    "A message bus that claims a capability is held to the rules of it. Each rule is a list of\n"
    "cases, each judged by itself; a rule's verdict is that of its worst case. A case binds a\n"
    "bus that claims its rule's capability and all that it needs beside it. One that needs a\n"
    "hook (a control method, a variant of the target, or a hold on its processes, stores or\n"
    "wires) is `unverified` without it. A case whose precondition never arose is\n"
    "`inconclusive`, not met. A SHOULD that is broken is a warning. Ids are never reused.\n"
    "\n"
    "Sources: S0 to S4 are the five briefs that busproof started from, R is research into\n"
    "other buses and test kits.\n\n";

}  // namespace

std::string_view judged_word(const Rule& rule, const Judged& judged) {
  if (rule.method == Method::untestable) return to_string(rule.method);
  const bool any = std::ranges::any_of(
      rule.cases, [&](const Case& part) { return judged(case_id(rule, part)); });
  return any ? to_string(rule.method) : "not_judged_yet";
}

std::string explain(const Rule& rule, const Judged& judged) {
  std::string text = heading(rule, judged);
  for (const Case& part : rule.cases) text += case_text(rule, part, judged);
  return text;
}

std::string explain(const Rule& rule, const Case& part, const Judged& judged) {
  return heading(rule, judged) + case_text(rule, part, judged);
}

json::object list_json(const Judged& judged) {
  json::array rules;
  for (const Family& family : families())
    for (const Rule& rule : family.rules) rules.push_back(rule_json(rule, judged));
  json::array listed;
  for (const Profile& profile : profiles()) listed.push_back(profile_json(profile));
  return {
      {"contract", kContractVersion}, {"rules", std::move(rules)}, {"profiles", std::move(listed)}};
}

std::string list_text(const Judged& judged) {
  constexpr std::size_t kIndent = 42;
  std::string out;
  for (const Family& family : families()) {
    out += fmt::format("{}{}: {}\n", out.empty() ? "" : "\n", family.name, family.title);
    for (const Rule& rule : family.rules) {
      const auto done = std::ranges::count_if(
          rule.cases, [&](const Case& part) { return judged(case_id(rule, part)); });
      out += fmt::format("  {:<9} {:<7} {:<15} {:>2}/{:<2} {}\n", rule.id, to_string(rule.level),
                         judged_word(rule, judged), done, rule.cases.size(),
                         wrapped(rule.sentence, kIndent));
    }
  }
  const Counts counts = count(judged);
  return out + fmt::format("\n{} rules, {} cases, {} of them judged in this version.\n",
                           counts.rules, counts.cases, counts.judged);
}

std::string contract_markdown(const Judged& judged) {
  const Counts counts = count(judged);
  std::string out = fmt::format(
      "<!-- Printed by `busproof list --markdown` from the registry in suites/contract/rules. -->\n"
      "# The contract, version {}\n\n{} rules in {} families, {} cases, {} of them judged in this "
      "version.\n\n{}",
      kContractVersion, counts.rules, families().size(), counts.cases, counts.judged,
      kIntroduction);
  out += profiles_markdown();
  for (const Family& family : families()) {
    out += fmt::format("\n## {}: {}\n", family.name, family.title);
    if (!family.note.empty()) out += fmt::format("\n{}\n", family.note);
    for (const Rule& rule : family.rules) out += rule_markdown(rule, judged);
  }
  return out;
}

}  // namespace busproof::contract
