// The view of the whole run: verdict, counts, matrix, environment.
#include "reports/html/view.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "reports/overview.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;
using contract::Conformance;
using contract::RunRecord;
using contract::Verdict;

std::string_view section_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::violated:
    case Verdict::blocked:
      return "findings";
    case Verdict::inconclusive:
    case Verdict::unverified:
      return "unverified";
    case Verdict::known:
      return "known";
    case Verdict::met:
      return "met";
    case Verdict::not_judged_yet:
    case Verdict::not_claimed:
      return "unjudged";
  }
  return "";
}

void add_verdict(json::object& page, const RunRecord& record, const Budget& budget) {
  const bool good = record.verdict == Conformance::conformant;
  const bool bad = record.verdict == Conformance::nonconformant;
  page["verdict_title"] = conformance_title(record.verdict);
  page["verdict_class"] = to_string(record.verdict);
  page["verdict_shape"] = good ? "✓" : bad ? "✗" : "○";
  page["icon_color"] = good ? "3f9d6b" : bad ? "bf362d" : "bf9035";
  page["why"] = shown(record.why, budget);
  page["target_name"] = shown(record.target.name, budget);
  const std::string server = record.target.server_name + " " + record.target.server_version;
  page["server"] = shown(server, budget);
  page["has_server"] = !record.target.server_name.empty();
  json::array problems;
  for (const auto& problem : record.problems) {
    if (problems.size() == budget.entries) break;
    problems.push_back(
        json::object{{"message", capped(visible(problem.message), budget.text_bytes)}});
  }
  page["problems"] = std::move(problems);
}

// "3 cases"; where all rules of that verdict are no MUST, that they only warn.
std::string cases_text(const RunRecord& record, Verdict verdict, std::size_t cases) {
  const std::string text = counted(cases, "case", "cases");
  if (!speaks_against(verdict)) return text;
  const bool binding = std::any_of(record.rules.begin(), record.rules.end(), [&](const auto& rule) {
    return rule.verdict == verdict && !is_warning(rule.level, verdict);
  });
  return binding ? text : text + ", a warning";
}

void add_counts(json::object& page, const RunRecord& record) {
  const Tally rules = tally_rules(record);
  const Tally cases = tally_cases(record);
  json::array counts;
  json::array bar;
  json::array legend;
  for (const Verdict verdict : telling_order()) {
    if (rules.of(verdict) == 0 && cases.of(verdict) == 0) continue;
    counts.push_back({{"class", to_string(verdict)},
                      {"shape", shape(verdict)},
                      {"word", words(verdict)},
                      {"section", rules.of(verdict) > 0 ? section_of(verdict) : "rules"},
                      {"rules", grouped(rules.of(verdict))},
                      {"cases", cases_text(record, verdict, cases.of(verdict))}});
    legend.push_back(
        {{"class", to_string(verdict)}, {"shape", shape(verdict)}, {"word", words(verdict)}});
    if (cases.of(verdict) == 0) continue;
    bar.push_back({{"class", to_string(verdict)}, {"cases", std::to_string(cases.of(verdict))}});
  }
  page["has_bar"] = !counts.empty();
  page["counts"] = std::move(counts);
  page["bar"] = std::move(bar);
  page["legend"] = std::move(legend);
}

void add_facts(json::object& page, const RunRecord& record, const Budget& budget) {
  page["version"] = shown(record.version, budget);
  page["profile"] = shown(record.profile, budget);
  page["seed"] = std::to_string(record.seed);
  page["started_at"] = shown(record.started_at, budget);
  page["took"] = duration_text(record.seconds);
  page["has_notes"] = !record.notes.empty();
  page["notes_count"] = counted(record.notes.size(), "thing", "things");
  page["has_expectations"] = !record.expectations.empty();
  const std::size_t broken = broken_expectations(record);
  page["expectations_text"] = counted(record.expectations.size(), "expectation", "expectations") +
                              " in use" +
                              (broken > 0 ? fmt::format(", {} stale or expired", broken) : "");
}

json::object cell(const contract::RuleResult& rule, const Budget& budget) {
  return {{"id", shown(rule.id, budget)},
          {"number", shown(number_of(rule.id), budget)},
          {"class", to_string(rule.verdict)},
          {"shape", shape(rule.verdict)},
          {"word", words(rule.verdict)},
          {"sentence", shown(rule.sentence, budget)},
          {"warning", is_warning(rule.level, rule.verdict)}};
}

// The tally in parts that a line does not break inside, a comma after all but the last.
json::array tally_items(const Tally& tally) {
  std::vector<std::string> parts;
  for (const Verdict verdict : telling_order()) {
    if (tally.of(verdict) == 0) continue;
    if (!parts.empty()) parts.back() += ',';
    parts.push_back(grouped(tally.of(verdict)) + " " + words(verdict));
  }
  json::array out;
  for (const auto& text : parts) out.push_back(json::object{{"text", text}});
  return out;
}

void add_matrix(json::object& page, const RunRecord& record, const Budget& budget) {
  json::array rows;
  for (const auto& family : by_family(record)) {
    if (rows.size() == budget.entries) break;
    Tally tally;
    json::array cells;
    for (const auto* rule : family.rules) {
      tally.add(rule->verdict);
      if (cells.size() < budget.rules_per_section) cells.push_back(cell(*rule, budget));
    }
    rows.push_back({{"name", shown(family.name, budget)},
                    {"family_name", shown(family.name, budget)},
                    {"title", family.title},
                    {"cells", std::move(cells)},
                    {"tally", tally_items(tally)}});
  }
  page["has_families"] = !rows.empty();
  page["families"] = std::move(rows);
}

void add_environment(json::object& page, const RunRecord& record, const Budget& budget) {
  json::array rows;
  const auto add = [&](std::string_view name, std::string_view value, bool is_code) {
    if (value.empty()) return;
    rows.push_back({{"name", name}, {"value", shown(value, budget)}, {"is_code", is_code}});
  };
  add("Command", record.command, true);
  add("Target", record.target.name, false);
  add("Connection", record.target.connect, true);
  if (!record.target.server_name.empty()) {
    add("Server", record.target.server_name + " " + record.target.server_version, false);
  }
  add("Profile", record.profile + (record.strict ? ", strict" : ""), false);
  add("Effort", record.effort, false);
  add("Seed", std::to_string(record.seed), true);
  add("busproof", record.version, false);
  add("Commit", record.commit, true);
  add("Started", record.started_at, false);
  add("Took", duration_text(record.seconds), false);
  page["environment"] = std::move(rows);
}

}  // namespace

json::string shown(std::string_view raw, const Budget& budget) {
  return json::string(capped(visible_line(raw), budget.text_bytes));
}

std::string counted(std::size_t number, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", grouped(number), number == 1 ? singular : plural);
}

json::object page_view(const RunRecord& record, const Budget& budget) {
  json::object page;
  add_verdict(page, record, budget);
  add_counts(page, record);
  add_facts(page, record, budget);
  add_matrix(page, record, budget);
  add_rule_sections(page, record, budget);
  add_claims(page, record, budget);
  add_environment(page, record, budget);
  return page;
}

}  // namespace busproof::reports
