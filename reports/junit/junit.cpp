// JUnit XML, built as a tree so that escaping is pugixml's.
#include "reports/junit/junit.hpp"

#include <cctype>
#include <cmath>

#include <algorithm>
#include <sstream>
#include <unordered_set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "reports/overview.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

using contract::CaseResult;
using contract::RuleResult;
using contract::RunRecord;
using contract::Verdict;

constexpr std::size_t kMessageBytesMax = 4 * 1024;

// Without the "[[ATTACHMENT|path]]" by which consumers would fetch a file that the bus names.
std::string no_commands(std::string_view shown) {
  std::string out;
  for (const char c : shown) {
    if (c == '[' && out.ends_with('[')) out += '\\';
    out += c;
  }
  return out;
}

std::string body(std::string_view raw) { return no_commands(visible(raw)); }

std::string message(std::string_view raw) {
  return no_commands(capped(visible_line(raw), kMessageBytesMax));
}

// A name as one part of a classname, which dots would split.
std::string name_part(std::string_view raw) {
  std::string out = capped(visible_line(raw), 80);
  const auto odd = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80 && std::isalnum(byte) == 0 && c != '-' && c != '_';
  };
  std::replace_if(out.begin(), out.end(), odd, '_');
  return out.empty() ? "unnamed" : out;
}

std::string seconds_text(double seconds) {
  return fmt::format("{:.3f}", std::isfinite(seconds) && seconds > 0 ? seconds : 0.0);
}

// "2026-11-21T09:08:07", UTC: the schema knows no zone and no fraction.
std::string timestamp(const RunRecord& record) {
  return visible_line(record.started_at).substr(0, 19);
}

// What one testcase came to, in JUnit's words.
struct Outcome {
  enum class Kind { passed, failure, error, skipped } kind = Kind::passed;
  std::string type;
  std::string message;
  std::string body;
};

struct Suite {
  pugi::xml_node node;
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  double seconds = 0;
};

void append_outcome(pugi::xml_node testcase, const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::passed) return;
  const char* tag = outcome.kind == Outcome::Kind::failure ? "failure"
                    : outcome.kind == Outcome::Kind::error ? "error"
                                                           : "skipped";
  pugi::xml_node node = testcase.append_child(tag);
  node.append_attribute("type") = outcome.type.c_str();
  node.append_attribute("message") = message(outcome.message).c_str();
  if (!outcome.body.empty()) node.text() = body(outcome.body).c_str();
}

void count(Suite& suite, const Outcome& outcome, double seconds) {
  ++suite.tests;
  suite.failures += outcome.kind == Outcome::Kind::failure ? 1 : 0;
  suite.errors += outcome.kind == Outcome::Kind::error ? 1 : 0;
  suite.skipped += outcome.kind == Outcome::Kind::skipped ? 1 : 0;
  suite.seconds += std::isfinite(seconds) && seconds > 0 ? seconds : 0.0;
}

std::string known_message(const RunRecord& record, const CaseResult& part) {
  const contract::ExpectationUse* use = expectation_for(record, part.id);
  if (use == nullptr) return "KNOWN: " + part.detail;
  return fmt::format("KNOWN({}, expires {}): {}", use->link, use->expires, use->reason);
}

std::string failure_body(const RuleResult& rule, const CaseResult& part) {
  std::string out =
      fmt::format("{} ({}): {}\n{}\n", rule.id, to_string(rule.level), rule.sentence, part.detail);
  if (!part.repeat.empty()) out += "repeat: " + part.repeat + "\n";
  return capped(std::move(out), kMessageBytesMax);
}

Outcome outcome_of(const RunRecord& record, const RuleResult& rule, const CaseResult& part) {
  using Kind = Outcome::Kind;
  const std::string word = words(part.verdict);
  const std::string said = part.detail.empty() ? word : part.detail;
  if (part.verdict == Verdict::met) return {};
  if (part.verdict == Verdict::known) {
    return {Kind::skipped, "known", known_message(record, part), ""};
  }
  if (!speaks_against(part.verdict)) {
    return {Kind::skipped, word, fmt::format("{}: {}", word, said), ""};
  }
  if (is_warning(rule.level, part.verdict)) {
    return {Kind::skipped, "warning",
            fmt::format("WARNING ({}) {}: {}", to_string(rule.level), word, said),
            failure_body(rule, part)};
  }
  return {part.verdict == Verdict::inconclusive ? Kind::error : Kind::failure, word, said,
          failure_body(rule, part)};
}

// The evidence as far as it fits, then where the whole of it is.
std::string system_out(const CaseResult& part) {
  std::string end;
  if (!part.history.empty()) end += "history: " + body(capped(part.history, 1024)) + "\n";
  if (!part.repeat.empty()) end += "repeat: " + body(capped(part.repeat, 2048)) + "\n";
  end = capped(std::move(end), kSystemOutBytesMax / 2);
  std::string out;
  if (part.judged > 0 && part.verdict == Verdict::met) out = detection_text(part.judged) + "\n";
  const std::size_t room = kSystemOutBytesMax - end.size() - 128;
  for (const auto& line : part.evidence) {
    const std::string shown = no_commands(visible_line(line)) + "\n";
    if (out.size() + shown.size() > room) {
      out += "(more evidence than fits here; the recorded history holds all of it)\n";
      break;
    }
    out += shown;
  }
  return out + end;
}

class Document {
 public:
  explicit Document(const RunRecord& record)
      : record_(record), prefix_("busproof." + name_part(record.target.name) + ".") {
    pugi::xml_node declaration = document_.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    root_ = document_.append_child("testsuites");
  }

  std::string text() {
    append_run();
    for (const auto& family : by_family(record_)) append_family(family);
    set_counts(root_, "busproof " + message(record_.profile), whole_);
    root_.attribute("time") = seconds_text(record_.seconds).c_str();
    std::ostringstream out;
    document_.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
    return out.str();
  }

 private:
  static void set_counts(pugi::xml_node node, const std::string& name, const Suite& counts) {
    node.append_attribute("name") = name.c_str();
    node.append_attribute("tests") = counts.tests;
    node.append_attribute("failures") = counts.failures;
    node.append_attribute("errors") = counts.errors;
    node.append_attribute("skipped") = counts.skipped;
    node.append_attribute("time") = seconds_text(counts.seconds).c_str();
  }

  void append_properties(pugi::xml_node suite) const {
    pugi::xml_node properties = suite.append_child("properties");
    const auto add = [&](const char* name, const std::string& value) {
      pugi::xml_node property = properties.append_child("property");
      property.append_attribute("name") = name;
      property.append_attribute("value") = message(value).c_str();
    };
    add("verdict", std::string(to_string(record_.verdict)));
    add("profile", record_.profile);
    add("seed", std::to_string(record_.seed));
    add("commit", record_.commit);
    add("version", record_.version);
    add("target", record_.target.name);
    add("connect", record_.target.connect);
    add("command", record_.command);
  }

  pugi::xml_node append_testcase(Suite& suite, const std::string& classname,
                                 const std::string& name, double seconds, const Outcome& outcome) {
    std::string unique = name;
    for (int again = 2; !names_.insert(classname + '\n' + unique).second; ++again) {
      unique = fmt::format("{} (again, {})", name, again);
    }
    pugi::xml_node testcase = suite.node.append_child("testcase");
    testcase.append_attribute("classname") = classname.c_str();
    testcase.append_attribute("name") = unique.c_str();
    testcase.append_attribute("time") = seconds_text(seconds).c_str();
    append_outcome(testcase, outcome);
    count(suite, outcome, seconds);
    return testcase;
  }

  void finish(Suite& suite, const std::string& name) {
    set_counts(suite.node, name, suite);
    suite.node.append_attribute("timestamp") = timestamp(record_).c_str();
    suite.node.append_attribute("hostname") = "localhost";
    whole_.tests += suite.tests;
    whole_.failures += suite.failures;
    whole_.errors += suite.errors;
    whole_.skipped += suite.skipped;
  }

  Outcome verdict_outcome() const {
    using contract::Conformance;
    if (record_.verdict == Conformance::conformant) return {};
    const auto kind = record_.verdict == Conformance::nonconformant ? Outcome::Kind::failure
                                                                    : Outcome::Kind::error;
    return {kind, std::string(to_string(record_.verdict)), record_.why, ""};
  }

  void append_run() {
    Suite suite;
    suite.node = root_.append_child("testsuite");
    append_properties(suite.node);
    const std::string classname = prefix_ + "run";
    append_testcase(suite, classname, "verdict", 0, verdict_outcome());
    for (const auto& problem : record_.problems) {
      append_testcase(suite, classname, fmt::format("problem, exit code {}", problem.exit_code), 0,
                      {Outcome::Kind::error, "problem", problem.message, problem.message});
    }
    for (const auto& use : record_.expectations) {
      if (use.problem.empty()) continue;
      append_testcase(suite, classname, "expectation " + message(use.id), 0,
                      {Outcome::Kind::failure, "expectation", use.problem,
                       fmt::format("{} ({}): {}", use.link, use.expires, use.reason)});
    }
    finish(suite, "busproof.run");
  }

  void append_family(const FamilyRules& family) {
    Suite suite;
    suite.node = root_.append_child("testsuite");
    append_properties(suite.node);
    const std::string classname = prefix_ + name_part(family.name);
    for (const RuleResult* rule : family.rules) {
      for (const CaseResult& part : rule->cases) {
        pugi::xml_node testcase = append_testcase(suite, classname, message(part.id), part.seconds,
                                                  outcome_of(record_, *rule, part));
        const std::string out = system_out(part);
        if (!out.empty()) testcase.append_child("system-out").text() = out.c_str();
      }
    }
    finish(suite, "busproof." + name_part(family.name));
  }

  const RunRecord& record_;
  std::string prefix_;
  pugi::xml_document document_;
  pugi::xml_node root_;
  Suite whole_;
  std::unordered_set<std::string> names_;
};

}  // namespace

std::string junit_xml(const RunRecord& record) { return Document(record).text(); }

}  // namespace busproof::reports
