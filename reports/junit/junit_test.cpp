// junit.xml is the dialect that consumers read, and as red or green as the run. Method: every
// record through a checker of the dialect, which is itself shown to complain; then each verdict's
// place.

#include "reports/junit/junit.hpp"

#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "reports/support/junit_dialect.hpp"
#include "reports/support/records.hpp"

namespace busproof::reports {
namespace {

using contract::Conformance;
using contract::Level;
using contract::RunRecord;
using contract::Verdict;
using support::dialect_complaints;
using Complaints = std::vector<std::string>;

class Parsed {
 public:
  explicit Parsed(const RunRecord& record) { document_.load_string(junit_xml(record).c_str()); }

  // The testcase of that name, in whatever suite.
  pugi::xml_node testcase(const std::string& name) const {
    return document_.select_node(("//testcase[@name='" + name + "']").c_str()).node();
  }
  pugi::xml_node root() const { return document_.document_element(); }

 private:
  pugi::xml_document document_;
};

TEST(Junit, Every_record_is_of_the_dialect) {
  for (const auto& record :
       {support::conformant_record(), support::nonconformant_record(),
        support::unreachable_record(), support::whole_contract_record(), RunRecord{}}) {
    EXPECT_EQ(dialect_complaints(junit_xml(record)), Complaints{});
  }
}

TEST(Junit, The_dialect_checker_complains) {
  const std::string good = junit_xml(support::nonconformant_record());
  const auto with = [&](std::string_view old, std::string_view fresh) {
    std::string bad = good;
    const std::size_t at = bad.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    bad.replace(at, old.size(), fresh);
    return dialect_complaints(bad);
  };
  EXPECT_NE(with("<system-out>", "<system-out>\x01"), Complaints{});
  EXPECT_NE(with("hostname=", "host="), Complaints{});
  EXPECT_NE(with("<failure ", "<skipped type=\"a\" message=\"b\"/><failure "), Complaints{});
  EXPECT_NE(with("failures=\"2\"", "failures=\"0\""), Complaints{});
  EXPECT_NE(with("QUE-4.golden_early", "QUE-4.golden_late"), Complaints{});
  EXPECT_NE(with("</testsuite>", ""), Complaints{});
  EXPECT_NE(with("time=\"0.500\"", "time=\"0.5 s\""), Complaints{});
}

TEST(Junit, Xmllint_finds_it_well_formed) {
  if (std::system("command -v xmllint >/dev/null 2>&1") != 0) GTEST_SKIP() << "no xmllint here";
  FILE* pipe = popen("xmllint --noout -", "w");
  ASSERT_NE(pipe, nullptr);
  const std::string xml = junit_xml(support::nonconformant_record());
  EXPECT_EQ(std::fwrite(xml.data(), 1, xml.size(), pipe), xml.size());
  EXPECT_EQ(pclose(pipe), 0);
}

TEST(Junit, Each_verdict_has_its_place) {
  const Parsed xml(support::nonconformant_record());
  const auto type = [&](const char* name, const char* outcome) {
    return std::string(xml.testcase(name).child(outcome).attribute("type").value());
  };
  EXPECT_EQ(type("QUE-4.golden_late", "failure"), "violated");
  EXPECT_EQ(type("QUE-5.golden_again", "failure"), "blocked");
  EXPECT_EQ(type("QUE-11.golden_credit", "error"), "inconclusive");
  EXPECT_EQ(type("QUE-21.golden_cut", "skipped"), "unverified");
  EXPECT_EQ(type("PRI-1.golden_order", "skipped"), "not claimed");
  EXPECT_EQ(type("BRK-1.golden_start", "skipped"), "not judged yet");
  EXPECT_EQ(type("QUE-20.golden_drain", "skipped"), "known");
  EXPECT_STREQ(xml.testcase("QUE-20.golden_drain").child("skipped").attribute("message").value(),
               "KNOWN(https://issues.example/7, expires 2027-01-31): "
               "the queue is read a page at a time");
  EXPECT_STREQ(xml.testcase("QUE-21.golden_cut").child("skipped").attribute("message").value(),
               "unverified: needs a proxy before the store");
  EXPECT_EQ(std::string(xml.testcase("QUE-4.golden_early").first_child().name()), "system-out");
}

TEST(Junit, A_testcase_is_told_apart_by_target_family_and_case) {
  const Parsed xml(support::conformant_record());
  EXPECT_STREQ(xml.testcase("QUE-1.golden_after").attribute("classname").value(),
               "busproof.refbus_on_SQLite.QUE");
}

TEST(Junit, A_should_only_warns_so_that_a_conformant_run_is_green) {
  const Parsed xml(support::conformant_record());
  EXPECT_STREQ(xml.root().attribute("failures").value(), "0");
  EXPECT_STREQ(xml.root().attribute("errors").value(), "0");
  const auto skipped = xml.testcase("QUE-25.golden_publish").child("skipped");
  EXPECT_STREQ(skipped.attribute("type").value(), "warning");
  EXPECT_STREQ(skipped.attribute("message").value(),
               "WARNING (SHOULD) violated: publish took 14 times as long");
}

TEST(Junit, What_is_not_conformant_is_not_green_though_every_case_be_fine) {
  RunRecord record = support::conformant_record();
  record.verdict = Conformance::nonconformant;
  record.why = "queue is required and not claimed";
  EXPECT_STREQ(Parsed(record).testcase("verdict").child("failure").attribute("message").value(),
               record.why.c_str());
  record.verdict = Conformance::incomplete;
  EXPECT_TRUE(Parsed(record).testcase("verdict").child("error"));
}

TEST(Junit, A_run_that_never_started_is_not_green) {
  const Parsed xml(support::unreachable_record());
  const auto problem = xml.testcase("problem, exit code 69");
  EXPECT_NE(std::string(problem.child("error").attribute("message").value()).find("refused"),
            std::string::npos);
  EXPECT_STREQ(xml.root().attribute("errors").value(), "2") << "the problem and the verdict";
}

TEST(Junit, An_expectation_that_did_not_hold_fails) {
  const Parsed xml(support::nonconformant_record());
  EXPECT_STREQ(
      xml.testcase("expectation QUE-3.golden_lease").child("failure").attribute("message").value(),
      "expired: 2026-01-31 is past");
  EXPECT_FALSE(xml.testcase("expectation QUE-20.golden_drain")) << "it held";
}

TEST(Junit, System_out_is_short_and_points_to_the_history) {
  RunRecord record = support::nonconformant_record();
  auto& part = record.rules[1].cases[0];
  part.evidence.assign(5000, std::string(100, 'x') + std::string("\0[[", 3));
  const Parsed xml(record);
  const std::string out = xml.testcase(part.id).child_value("system-out");
  EXPECT_LE(out.size(), kSystemOutBytesMax);
  EXPECT_GT(out.size(), kSystemOutBytesMax / 2);
  EXPECT_NE(out.find("history: history/QUE-4.golden_late.jsonl"), std::string::npos);
  EXPECT_NE(out.find("more evidence than fits"), std::string::npos);
  EXPECT_EQ(dialect_complaints(junit_xml(record)), Complaints{});
}

TEST(Junit, The_bus_cannot_name_an_attachment) {
  EXPECT_EQ(junit_xml(support::nonconformant_record()).find("[[ATTACHMENT"), std::string::npos)
      << "nowhere, in no attribute and no failure either";
  const Parsed xml(support::nonconformant_record());
  const std::string out = xml.testcase("QUE-4.golden_late").child_value("system-out");
  EXPECT_EQ(out.find("[[ATTACHMENT|"), std::string::npos) << out;
  EXPECT_NE(out.find("[\\[ATTACHMENT|"), std::string::npos) << out;
}

TEST(Junit, A_case_that_comes_twice_gets_a_name_of_its_own) {
  RunRecord record = support::conformant_record();
  record.rules.push_back(record.rules.front());
  record.rules.push_back(record.rules.front());
  EXPECT_EQ(dialect_complaints(junit_xml(record)), Complaints{});
}

}  // namespace
}  // namespace busproof::reports
