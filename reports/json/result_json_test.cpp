// result.json comes back as it went. Method: random records through writer and reader, then a
// result with one member broken at a time, which the reader has to name.

#include "reports/json/result_json.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "reports/overview.hpp"
#include "reports/support/records.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;
using contract::Conformance;
using contract::Level;
using contract::RunRecord;
using contract::Verdict;

std::string any_text() {
  return *rc::gen::oneOf(rc::gen::map(rc::gen::container<std::string>(rc::gen::arbitrary<char>()),
                                      [](const std::string& raw) { return valid_utf8(raw); }),
                         rc::gen::just(valid_utf8(support::hostile_text())),
                         rc::gen::just(std::string()));
}

std::vector<std::string> any_texts() {
  std::vector<std::string> out(*rc::gen::inRange<std::size_t>(0, 4));
  for (auto& text : out) text = any_text();
  return out;
}

double any_seconds() { return *rc::gen::inRange(0, 1'000'000'000) / 1e6; }

contract::CaseResult any_case() {
  contract::CaseResult out;
  out.id = any_text();
  out.verdict = *rc::gen::elementOf(kVerdicts);
  out.detail = any_text();
  out.judged = *rc::gen::arbitrary<std::uint64_t>();
  out.tries = *rc::gen::inRange(0, 4);
  out.stall_ms = *rc::gen::inRange<std::int64_t>(0, 4);
  out.seconds = any_seconds();
  out.evidence = any_texts();
  out.history = any_text();
  out.repeat = any_text();
  out.trace = any_texts();
  return out;
}

contract::RuleResult any_rule() {
  contract::RuleResult out;
  out.id = any_text();
  out.level = *rc::gen::element(Level::must, Level::should, Level::may);
  out.capability = any_text();
  out.sentence = any_text();
  out.verdict = *rc::gen::elementOf(kVerdicts);
  out.detail = any_text();
  out.cases.resize(*rc::gen::inRange<std::size_t>(0, 4));
  for (auto& part : out.cases) part = any_case();
  return out;
}

RunRecord any_record() {
  RunRecord out;
  out.verdict = *rc::gen::element(Conformance::conformant, Conformance::nonconformant,
                                  Conformance::incomplete);
  for (auto* text : {&out.why, &out.profile, &out.effort, &out.commit, &out.version,
                     &out.started_at, &out.command, &out.target.name, &out.target.connect,
                     &out.target.server_name, &out.target.server_version}) {
    *text = any_text();
  }
  out.strict = *rc::gen::arbitrary<bool>();
  out.seed = *rc::gen::arbitrary<std::uint64_t>();
  out.seconds = any_seconds();
  out.target.claims_json = *rc::gen::element<std::string>(
      "", "{}", R"({"limits":{"a":null,"b":[1,-2,true,"x"]}})", "[1]", "no json", "\"text\"");
  out.rules.resize(*rc::gen::inRange<std::size_t>(0, 4));
  for (auto& rule : out.rules) rule = any_rule();
  out.expectations.resize(*rc::gen::inRange<std::size_t>(0, 3));
  for (auto& use : out.expectations) {
    use = {any_text(), any_text(), any_text(), any_text(), any_text(), any_text()};
  }
  out.problems.resize(*rc::gen::inRange<std::size_t>(0, 3));
  for (auto& problem : out.problems) problem = {*rc::gen::inRange(0, 256), any_text()};
  out.notes = any_texts();
  return out;
}

// Every member of a record as text, so that two can be compared and a difference be read.
std::string printed(const RunRecord& record) {
  std::string out;
  const auto add = [&out](const std::string& text) { (out += text) += '\x1f'; };
  const auto add_all = [&](const std::vector<std::string>& texts) {
    add(std::to_string(texts.size()));
    for (const auto& text : texts) add(text);
  };
  const contract::TargetInfo& target = record.target;
  for (const auto& text :
       {std::string(to_string(record.verdict)), record.why, record.profile, record.effort,
        std::to_string(record.strict), std::to_string(record.seed), record.commit, record.version,
        record.started_at, fmt::format("{}", record.seconds), record.command, target.name,
        target.connect, target.server_name, target.server_version, target.claims_json}) {
    add(text);
  }
  for (const auto& rule : record.rules) {
    add_all({rule.id, std::string(to_string(rule.level)), rule.capability, rule.sentence,
             std::string(to_string(rule.verdict)), rule.detail});
    for (const auto& part : rule.cases) {
      add_all({part.id, std::string(to_string(part.verdict)), part.detail,
               std::to_string(part.judged), std::to_string(part.tries),
               std::to_string(part.stall_ms), fmt::format("{}", part.seconds), part.history,
               part.repeat});
      add_all(part.evidence);
      add_all(part.trace);
    }
  }
  for (const auto& use : record.expectations) {
    add_all({use.id, use.kind, use.reason, use.link, use.expires, use.problem});
  }
  for (const auto& problem : record.problems) {
    add_all({std::to_string(problem.exit_code), problem.message});
  }
  add_all(record.notes);
  return out;
}

RC_GTEST_PROP(ResultJson, A_record_comes_back_as_it_went, ()) {
  const RunRecord record = any_record();
  const auto read = read_result_json(result_json(record));
  RC_ASSERT(read.has_value());
  RC_ASSERT(printed(*read) == printed(record));
  RC_ASSERT(result_json(*read) == result_json(record));
}

TEST(ResultJson, Bytes_that_are_no_utf8_come_back_visible) {
  const RunRecord record = support::nonconformant_record();
  const auto read = read_result_json(result_json(record));
  ASSERT_TRUE(read) << read.error().detail();
  EXPECT_EQ(read->why, valid_utf8(record.why));
  EXPECT_NE(read->why, record.why);
  EXPECT_EQ(read->why.find('\0') == std::string::npos, false) << "JSON keeps NUL as it is";
}

TEST(ResultJson, A_seed_of_64_bits_is_a_string) {
  const json::object result = to_json(support::conformant_record());
  EXPECT_EQ(result.at("seed"), "18446744073709551615");
}

TEST(ResultJson, Detection_stands_beside_met_cases_alone) {
  const json::object result = to_json(support::conformant_record());
  const auto& rules = result.at("rules").as_array();
  const auto& met = rules.at(0).at("cases").at(1).as_object();
  EXPECT_EQ(met.at("detection").at("judged"), 300);
  EXPECT_DOUBLE_EQ(met.at("detection").at("rate").as_double(), 0.01);
  EXPECT_FALSE(rules.at(2).at("cases").at(0).as_object().contains("detection")) << "violated";
}

TEST(ResultJson, A_standstill_is_told_where_there_was_one) {
  RunRecord record = support::conformant_record();
  record.rules[0].cases[1].stall_ms = 250;
  const json::object result = to_json(record);
  const auto& cases = result.at("rules").at(0).at("cases").as_array();
  EXPECT_FALSE(cases.at(0).as_object().contains("stall_ms"));
  EXPECT_EQ(cases.at(1).at("stall_ms"), 250);
}

TEST(ResultJson, Counts_are_of_rules_and_of_cases) {
  const json::object result = to_json(support::conformant_record());
  EXPECT_EQ(result.at("counts").at("rules").at("met"), 2);
  EXPECT_EQ(result.at("counts").at("rules").at("total"), 6);
  EXPECT_EQ(result.at("counts").at("cases").at("met"), 3);
}

TEST(ResultJson, A_rule_carries_the_evidence_of_the_case_that_decided) {
  const json::object result = to_json(support::nonconformant_record());
  const auto& rule = result.at("rules").as_array().at(1);
  EXPECT_EQ(rule.at("verdict"), "violated");
  EXPECT_EQ(rule.at("evidence").as_array().size(), 2U);
  EXPECT_EQ(rule.at("evidence"), rule.at("cases").at(0).at("evidence"));
}

TEST(ResultJson, Seconds_that_are_no_number_are_written_as_zero) {
  RunRecord record = support::conformant_record();
  record.seconds = std::numeric_limits<double>::quiet_NaN();
  record.rules[0].cases[0].seconds = std::numeric_limits<double>::infinity();
  const auto read = read_result_json(result_json(record));
  ASSERT_TRUE(read) << read.error().detail();
  EXPECT_EQ(read->seconds, 0.0);
}

struct Broken {
  const char* pointer;    ///< The member to replace, as a JSON pointer,
  json::value value;      ///< by what,
  const char* complaint;  ///< and how the error has to begin.
};

TEST(ResultJson, What_is_wrong_is_named) {
  const std::vector<Broken> all = {
      {"/schema_version", 2, "schema_version: is 2"},
      {"/verdict", "fine", "verdict: \"fine\""},
      {"/seed", 42, "seed: must be a string"},
      {"/seed", "18446744073709551616", "seed: must be a string of a decimal"},
      {"/seed", "-1", "seed: must be a string of a decimal"},
      {"/seed", "", "seed: must be a string of a decimal"},
      {"/strict", "yes", "strict: must be true or false"},
      {"/seconds", "long", "seconds: must be a number"},
      {"/target", "refbus", "target: must be an object"},
      {"/target/claims", 7, "target.claims: must be"},
      {"/target/server", nullptr, "target.server: must be an object"},
      {"/rules", json::object{}, "rules: must be an array"},
      {"/rules/2", "x", "rules[2]: must be an object"},
      {"/rules/2/level", "must", "rules[2].level: \"must\""},
      {"/rules/2/cases/0/verdict", "passed", "rules[2].cases[0].verdict: \"passed\""},
      {"/rules/2/cases/0/judged", -1, "rules[2].cases[0].judged: must be an integer"},
      {"/rules/2/cases/0/tries", 1.5, "rules[2].cases[0].tries: must be an integer"},
      {"/notes/0", 1, "notes[0]: must be a string"},
  };
  for (const Broken& each : all) {
    json::value result = to_json(support::conformant_record());
    json::error_code missing;
    json::value* member = result.find_pointer(each.pointer, missing);
    ASSERT_NE(member, nullptr) << each.pointer;
    *member = each.value;
    const auto read = from_json(result.as_object());
    ASSERT_FALSE(read) << each.pointer;
    EXPECT_EQ(read.error().kind(), "bad_result");
    EXPECT_TRUE(read.error().detail().starts_with(each.complaint)) << read.error().detail();
  }
}

TEST(ResultJson, What_is_missing_is_named_and_what_is_unknown_ignored) {
  json::object result = to_json(support::conformant_record());
  result["new_member"] = 1;
  EXPECT_TRUE(from_json(result));
  result.erase("commit");
  const auto read = from_json(result);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail(), "commit: is missing");
}

TEST(ResultJson, Rubbish_is_refused) {
  for (const char* text : {"", "{", "[]", "nonsense", "{\"schema_version\": 1}", "\xff"}) {
    const auto read = read_result_json(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind(), "bad_result");
  }
}

TEST(ResultJson, Indented_text_is_the_same_json_in_short_lines) {
  const json::value value = json::parse(
      R"({"a":[1,2,{"b":[]}],"long":["0123456789012345678901234567890123456789012345678901234567",)"
      R"("0123456789012345678901234567890123456789"],"d":1.5,"n":null,"s":"\u0000\n"})");
  const std::string text = indented(value);
  EXPECT_EQ(json::parse(text), value);
  EXPECT_NE(text.find("\n    {\"b\": []}\n"), std::string::npos) << text;
  std::size_t from = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    EXPECT_LE(end - from, 100U);
    from = end + 1;
  }
}

}  // namespace
}  // namespace busproof::reports
