// The record as the members that the schema names.
#include <cmath>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "reports/json/result_json.hpp"
#include "reports/overview.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;
using contract::Verdict;

json::string text(std::string_view raw) { return json::string(valid_utf8(raw)); }

json::string word(std::string_view raw) { return json::string(raw); }

json::array lines(const std::vector<std::string>& raw) {
  json::array out;
  for (const auto& line : raw) out.emplace_back(text(line));
  return out;
}

json::object case_json(const contract::CaseResult& part) {
  json::object out{{"id", text(part.id)},
                   {"verdict", word(to_string(part.verdict))},
                   {"finding", text(part.finding)},
                   {"detail", text(part.detail)},
                   {"judged", part.judged},
                   {"tries", part.tries},
                   {"seconds", whole_micros(part.seconds)},
                   {"evidence", lines(part.evidence)},
                   {"history", text(part.history)},
                   {"repeat", text(part.repeat)}};
  if (part.stall_ms > 0) out["stall_ms"] = part.stall_ms;
  if (!part.trace.empty()) out["trace"] = lines(part.trace);
  if (part.verdict == Verdict::met && part.judged > 0) {
    out["detection"] = {{"judged", part.judged}, {"rate", detection_rate(part.judged)}};
  }
  return out;
}

json::object rule_json(const contract::RuleResult& rule) {
  json::array cases;
  for (const auto& part : rule.cases) cases.emplace_back(case_json(part));
  const contract::CaseResult* deciding = deciding_case(rule);
  return {{"id", text(rule.id)},
          {"level", word(to_string(rule.level))},
          {"capability", text(rule.capability)},
          {"sentence", text(rule.sentence)},
          {"verdict", word(to_string(rule.verdict))},
          {"detail", text(rule.detail)},
          {"evidence", deciding != nullptr ? lines(deciding->evidence) : json::array{}},
          {"cases", std::move(cases)}};
}

json::object tally_json(const Tally& tally) {
  json::object out{{"total", tally.total}};
  for (const Verdict verdict : kVerdicts) out[to_string(verdict)] = tally.of(verdict);
  return out;
}

// The claims as the object they are; as text when they are anything else, null when there are none.
json::value claims_json(const std::string& raw) {
  if (raw.empty()) return nullptr;
  json::parse_options options;
  options.max_depth = 256;
  json::error_code failed;
  json::value parsed = json::parse(raw, failed, json::storage_ptr{}, options);
  if (!failed && parsed.is_object()) return parsed;
  return text(raw);
}

json::object target_json(const contract::TargetInfo& target) {
  return {
      {"name", text(target.name)},
      {"connect", text(target.connect)},
      {"server", {{"name", text(target.server_name)}, {"version", text(target.server_version)}}},
      {"claims", claims_json(target.claims_json)}};
}

json::array expectations_json(const contract::RunRecord& record) {
  json::array out;
  for (const auto& use : record.expectations) {
    out.emplace_back(json::object{{"id", text(use.id)},
                                  {"kind", text(use.kind)},
                                  {"reason", text(use.reason)},
                                  {"link", text(use.link)},
                                  {"expires", text(use.expires)},
                                  {"problem", text(use.problem)}});
  }
  return out;
}

json::array problems_json(const contract::RunRecord& record) {
  json::array out;
  for (const auto& problem : record.problems) {
    out.emplace_back(
        json::object{{"exit_code", problem.exit_code}, {"message", text(problem.message)}});
  }
  return out;
}

}  // namespace

json::object to_json(const contract::RunRecord& record) {
  json::array rules;
  for (const auto& rule : record.rules) rules.emplace_back(rule_json(rule));
  return {
      {"schema_version", kResultSchemaVersion},
      {"verdict", word(to_string(record.verdict))},
      {"why", text(record.why)},
      {"profile", text(record.profile)},
      {"effort", text(record.effort)},
      {"strict", record.strict},
      {"seed", std::to_string(record.seed)},
      {"commit", text(record.commit)},
      {"version", text(record.version)},
      {"started_at", text(record.started_at)},
      {"seconds", whole_micros(record.seconds)},
      {"command", text(record.command)},
      {"target", target_json(record.target)},
      {"counts",
       {{"rules", tally_json(tally_rules(record))}, {"cases", tally_json(tally_cases(record))}}},
      {"rules", std::move(rules)},
      {"expectations", expectations_json(record)},
      {"problems", problems_json(record)},
      {"notes", lines(record.notes)}};
}

double whole_micros(double seconds) {
  if (!std::isfinite(seconds) || seconds <= 0) return 0;
  return std::round(seconds * 1e6) / 1e6;
}

std::string result_json(const contract::RunRecord& record) {
  return indented(to_json(record)) + "\n";
}

}  // namespace busproof::reports
