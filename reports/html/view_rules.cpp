// The view of the rules: findings in full, all else in tables.
#include <algorithm>

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "reports/html/view.hpp"
#include "reports/overview.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;
using contract::CaseResult;
using contract::RuleResult;
using contract::RunRecord;
using contract::Verdict;

// "late" of "QUE-4.late".
std::string_view case_name(std::string_view case_id) {
  const std::size_t dot = case_id.find('.');
  return dot == std::string_view::npos ? case_id : case_id.substr(dot + 1);
}

std::string lines_text(const std::vector<std::string>& all, std::string_view where,
                       const Budget& budget) {
  std::string out;
  const std::size_t lines = std::min(all.size(), budget.evidence_lines);
  for (std::size_t i = 0; i < lines; ++i) {
    if (i > 0) out += '\n';
    out += visible_line(all[i]);
    if (out.size() > budget.evidence_bytes) break;
  }
  if (lines < all.size()) out += fmt::format("\n({} more lines in {})", all.size() - lines, where);
  return capped(std::move(out), budget.evidence_bytes);
}

// The history's path as a link below the page's folder; empty where it would lead elsewhere.
std::string history_link(std::string_view path) {
  const bool elsewhere = path.empty() || path.front() == '/' || path.size() > 1024 ||
                         path.find("..") != std::string_view::npos ||
                         path.find("//") != std::string_view::npos;
  if (elsewhere) return {};
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string out;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

bool is_web_link(std::string_view link) {
  return link.starts_with("https://") || link.starts_with("http://");
}

// What a case's observations amount to: for one that is met, the fault rate that would have shown.
std::string power_text(const CaseResult& part) {
  std::string out;
  if (part.judged > 0) out = grouped(part.judged) + " judged";
  if (part.verdict == Verdict::met && part.judged > 3) {
    out += fmt::format(", shows 1 in {}", grouped(part.judged / 3));
  }
  if (part.tries > 1) out += fmt::format("{}{} tries", out.empty() ? "" : ", ", part.tries);
  return out;
}

std::string aside_text(const CaseResult& part) {
  std::string out = power_text(part);
  if (part.seconds > 0) out += (out.empty() ? "" : ", ") + duration_text(part.seconds);
  if (part.stall_ms > 0) {
    out += (out.empty() ? "" : ", ") + std::string("the machine stood still for ") +
           duration_text(static_cast<double>(part.stall_ms) / 1000);
  }
  return out.empty() ? out : out + ".";
}

json::object case_view(const CaseResult& part, const Budget& budget) {
  const std::string link = history_link(part.history);
  const std::string_view says = case_sentence(part.id);
  const bool has_evidence = !part.evidence.empty() && budget.evidence_lines > 0;
  const bool has_trace = !part.trace.empty() && budget.evidence_lines > 0;
  return {
      {"case_id", shown(part.id, budget)},
      {"case_name", shown(case_name(part.id), budget)},
      {"class", to_string(part.verdict)},
      {"shape", shape(part.verdict)},
      {"word", words(part.verdict)},
      {"says", says},
      {"has_says", !says.empty()},
      {"detail", shown(part.detail, budget)},
      {"has_detail", !part.detail.empty()},
      {"evidence", has_evidence ? lines_text(part.evidence, "the history", budget) : std::string{}},
      {"has_evidence", has_evidence},
      {"repeat", shown(part.repeat, budget)},
      {"has_repeat", !part.repeat.empty()},
      {"trace", has_trace ? lines_text(part.trace, "the file", budget) : std::string{}},
      {"has_trace", has_trace},
      {"history_link", link},
      {"has_history", !link.empty()},
      {"aside", aside_text(part)},
      {"power", power_text(part)}};
}

json::object rule_view(const RuleResult& rule, const Budget& budget) {
  return {{"id", shown(rule.id, budget)},
          {"level", to_string(rule.level)},
          {"capability", shown(rule.capability, budget)},
          {"has_capability", !rule.capability.empty()},
          {"sentence", shown(rule.sentence, budget)},
          {"class", to_string(rule.verdict)},
          {"shape", shape(rule.verdict)},
          {"word", words(rule.verdict)},
          {"warning", is_warning(rule.level, rule.verdict)}};
}

std::vector<const RuleResult*> rules_that_came_to(const RunRecord& record, Verdict verdict) {
  std::vector<const RuleResult*> out;
  for (const auto& rule : record.rules) {
    if (rule.verdict == verdict) out.push_back(&rule);
  }
  return out;
}

std::string more_text(std::size_t left_out) {
  return counted(left_out, "more rule is", "more rules are") + " in result.json.";
}

// The article of one rule that speaks against the bus: those cases in full, the others as a list.
json::object finding_view(const RuleResult& rule, const Budget& budget) {
  json::object out = rule_view(rule, budget);
  json::array deciding;
  json::array others;
  for (const auto& part : rule.cases) {
    if (deciding.size() + others.size() == budget.cases_per_rule) break;
    (speaks_against(part.verdict) ? deciding : others).push_back(case_view(part, budget));
  }
  out["has_others"] = !others.empty();
  out["others_count"] = counted(others.size(), "other case", "other cases");
  out["deciding"] = std::move(deciding);
  out["others"] = std::move(others);
  return out;
}

void add_findings(json::object& page, const RunRecord& record, const Budget& budget) {
  json::array findings;
  std::size_t left_out = 0;
  for (const Verdict verdict : {Verdict::violated, Verdict::blocked}) {
    for (const auto* rule : rules_that_came_to(record, verdict)) {
      if (findings.size() < budget.rules_per_section) {
        findings.push_back(finding_view(*rule, budget));
      } else {
        ++left_out;
      }
    }
  }
  const Tally tally = tally_rules(record);
  page["no_findings"] = tally.of(Verdict::met) > 0 ? "Nothing was violated, nothing was blocked."
                                                   : "Nothing was judged, so nothing was found.";
  page["has_findings"] = !findings.empty();
  page["findings"] = std::move(findings);
  page["findings_more"] =
      left_out == 0 ? json::array{} : json::array{json::object{{"text", more_text(left_out)}}};
}

// One table of a section: some rules under a heading of their own.
json::object part_view(std::string_view name, std::string_view title, bool open,
                       const std::vector<const RuleResult*>& rules, const Budget& budget,
                       std::size_t& room) {
  json::array views;
  for (const auto* rule : rules) {
    if (room == 0) break;
    --room;
    json::object view = rule_view(*rule, budget);
    json::array cases;
    for (const auto& part : rule->cases) {
      if (cases.size() < budget.cases_per_rule) cases.push_back(case_view(part, budget));
    }
    view["cases"] = std::move(cases);
    views.push_back(std::move(view));
  }
  return {{"part_name", name},
          {"part_title", title},
          {"part_count", counted(rules.size(), "rule", "rules")},
          {"open", open},
          {"rules", std::move(views)}};
}

json::object group(std::string_view id, std::string_view title, std::string_view lead,
                   std::size_t rules) {
  return {{"section_id", id},
          {"section_title", title},
          {"section_count", rules == 0 ? "" : counted(rules, "rule", "rules")},
          {"lead", lead.empty() ? json::array{} : json::array{json::object{{"text", lead}}}},
          {"has_uses", false},
          {"uses", json::array{}},
          {"parts", json::array{}},
          {"more", json::array{}},
          {"has_untested", false},
          {"untested", json::array{}}};
}

enum class Opened : bool { no, yes };

// A section with one table for each of some verdicts that any rule came to.
json::object by_verdict(json::object out, const RunRecord& record,
                        std::initializer_list<Verdict> verdicts, Opened opened,
                        const Budget& budget) {
  json::array parts;
  std::size_t room = budget.rules_per_section;
  std::size_t all = 0;
  for (const Verdict verdict : verdicts) {
    const auto rules = rules_that_came_to(record, verdict);
    if (rules.empty()) continue;
    all += rules.size();
    std::string name = words(verdict);
    name.front() = static_cast<char>(name.front() - 'a' + 'A');
    parts.push_back(part_view(name, "", opened == Opened::yes, rules, budget, room));
  }
  if (all > budget.rules_per_section) {
    out["more"] = json::array{json::object{{"text", more_text(all - budget.rules_per_section)}}};
  }
  out["section_count"] = all == 0 ? "" : counted(all, "rule", "rules");
  out["parts"] = std::move(parts);
  return out;
}

json::object doubts(const RunRecord& record, const Budget& budget) {
  json::object out = by_verdict(group("unverified", "Inconclusive and unverified", "", 0), record,
                                {Verdict::inconclusive, Verdict::unverified}, Opened::yes, budget);
  json::array notes;
  for (const auto& note : record.notes) {
    if (notes.size() == budget.entries) break;
    notes.push_back(json::object{{"text", shown(note, budget)}});
  }
  out["has_untested"] = !notes.empty();
  out["untested"] = std::move(notes);
  return out;
}

json::object knowns(const RunRecord& record, const Budget& budget) {
  json::object out = by_verdict(group("known", "Known and expected", "", 0), record,
                                {Verdict::known}, Opened::yes, budget);
  json::array uses;
  for (const auto& use : record.expectations) {
    if (uses.size() == budget.entries) break;
    uses.push_back({{"use_id", shown(use.id, budget)},
                    {"kind", shown(use.kind, budget)},
                    {"reason", shown(use.reason, budget)},
                    {"link", shown(use.link, budget)},
                    {"has_href", is_web_link(use.link)},
                    {"expires", shown(use.expires, budget)},
                    {"problem", shown(use.problem, budget)},
                    {"has_problem", !use.problem.empty()}});
  }
  out["has_uses"] = !uses.empty();
  out["uses"] = std::move(uses);
  return out;
}

json::object met(const RunRecord& record, const Budget& budget) {
  constexpr std::string_view kLead =
      "Beside each case: the observations judged, and the rarest fault that would have shown among "
      "them, with 95 % confidence.";
  const auto all = rules_that_came_to(record, Verdict::met);
  json::object out = group("met", "Met", all.empty() ? "" : kLead, all.size());
  json::array parts;
  std::size_t room = budget.rules_per_section;
  for (const auto& family : by_family(record)) {
    std::vector<const RuleResult*> rules;
    std::copy_if(family.rules.begin(), family.rules.end(), std::back_inserter(rules),
                 [](const RuleResult* rule) { return rule->verdict == Verdict::met; });
    if (rules.empty() || parts.size() == budget.entries) continue;
    const std::string name = capped(visible_line(family.name), budget.text_bytes);
    parts.push_back(part_view(name, family.title, true, rules, budget, room));
  }
  if (all.size() > budget.rules_per_section) {
    const std::size_t left_out = all.size() - budget.rules_per_section;
    out["more"] = json::array{json::object{{"text", more_text(left_out)}}};
  }
  out["parts"] = std::move(parts);
  return out;
}

}  // namespace

void add_rule_sections(json::object& page, const RunRecord& record, const Budget& budget) {
  add_findings(page, record, budget);
  json::array groups;
  const auto add = [&](json::object section) {
    const bool empty = section["parts"].as_array().empty() && !section["has_uses"].as_bool() &&
                       !section["has_untested"].as_bool();
    if (!empty) groups.push_back(std::move(section));
  };
  add(doubts(record, budget));
  add(knowns(record, budget));
  add(met(record, budget));
  add(by_verdict(group("unjudged", "Not claimed and not judged yet", "", 0), record,
                 {Verdict::not_claimed, Verdict::not_judged_yet}, Opened::no, budget));
  page["groups"] = std::move(groups);
}

}  // namespace busproof::reports
