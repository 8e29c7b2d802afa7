// The page is whole, safe, small and readable. Method: a reader of tags that knows nothing of the
// template checks what is in the text; the hostile record says everything that could break it.

#include "reports/html/report.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "reports/html/assets.hpp"
#include "reports/overview.hpp"
#include "reports/support/records.hpp"

namespace busproof::reports {
namespace {

using contract::RunRecord;
using contract::Verdict;

struct Tag {
  std::string name;  ///< "/a" for an end.
  std::map<std::string, std::string> attributes;
};

// The attributes in the text of a tag, `name="value"` or `name`.
std::map<std::string, std::string> attributes_in(std::string_view text) {
  std::map<std::string, std::string> out;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
    if (text.empty()) return out;
    const std::size_t end = text.find_first_of("= \n");
    const std::string name(text.substr(0, end));
    text.remove_prefix(std::min(end, text.size()));
    if (!text.starts_with("=\"")) {
      out[name] = "";
      continue;
    }
    const std::size_t close = text.find('"', 2);
    out[name] = std::string(text.substr(2, close - 2));
    text.remove_prefix(close + 1);
  }
}

// Every tag of a page; what is inside style and script is skipped.
std::vector<Tag> tags_of(const std::string& page) {
  std::vector<Tag> out;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at)) {
    const std::size_t end = page.find('>', at);
    const std::string text = page.substr(at + 1, end - at - 1);
    const std::size_t name_end = std::min(text.find_first_of(" \n"), text.size());
    out.push_back(
        {text.substr(0, name_end), attributes_in(std::string_view(text).substr(name_end))});
    at = end;
    const std::string& name = out.back().name;
    if (name == "style" || name == "script") at = page.find("</" + name, at);
  }
  return out;
}

std::vector<RunRecord> records() {
  return {support::conformant_record(), support::nonconformant_record(),
          support::unreachable_record(), support::whole_contract_record(), RunRecord{}};
}

TEST(HtmlReport, Every_tag_is_closed_in_its_order) {
  const std::set<std::string> never_closed = {"!doctype", "meta", "link", "input"};
  for (const auto& record : records()) {
    std::vector<std::string> open;
    for (const Tag& tag : tags_of(html_report(record))) {
      if (never_closed.contains(tag.name)) continue;
      if (!tag.name.starts_with('/')) {
        open.push_back(tag.name);
        continue;
      }
      ASSERT_FALSE(open.empty()) << tag.name;
      ASSERT_EQ("/" + open.back(), tag.name);
      open.pop_back();
    }
    EXPECT_TRUE(open.empty());
  }
}

TEST(HtmlReport, Nothing_of_the_bus_becomes_markup) {
  const std::set<std::string> ours = {
      "!doctype", "a",        "article", "b",       "body",  "caption", "code",    "details",
      "div",      "fieldset", "footer",  "form",    "h1",    "h2",      "h3",      "h4",
      "head",     "header",   "html",    "input",   "label", "legend",  "li",      "link",
      "main",     "meta",     "output",  "p",       "pre",   "script",  "section", "small",
      "span",     "strong",   "style",   "summary", "table", "tbody",   "td",      "th",
      "thead",    "title",    "tr",      "ul"};
  const std::string page = html_report(support::nonconformant_record());
  std::size_t scripts = 0;
  for (const Tag& tag : tags_of(page)) {
    const std::string name = tag.name.starts_with('/') ? tag.name.substr(1) : tag.name;
    EXPECT_TRUE(ours.contains(name)) << name;
    scripts += tag.name == "script" ? 1 : 0;
    for (const auto& [attribute, value] : tag.attributes) {
      EXPECT_FALSE(attribute.starts_with("on")) << attribute;
      EXPECT_NE(attribute, "src");
    }
  }
  EXPECT_EQ(scripts, 1U);
  for (const std::string_view hidden : {"\x1b", "\x07", "\xe2\x80\xae", "\xff", "\xed\xa0"}) {
    EXPECT_EQ(page.find(hidden), std::string::npos) << "is there as it came";
  }
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_NE(page.find("&lt;img src=x onerror=alert(1)&gt;"), std::string::npos);
}

TEST(HtmlReport, It_loads_nothing_and_links_only_where_it_may) {
  for (const auto& record : records()) {
    for (const Tag& tag : tags_of(html_report(record))) {
      if (!tag.attributes.contains("href")) continue;
      const std::string& href = tag.attributes.at("href");
      const bool fine = href.starts_with("#") || href.starts_with("data:image/svg+xml,") ||
                        href.starts_with("history/") || href == "https://issues.example/7";
      EXPECT_TRUE(fine) << href;
    }
  }
  EXPECT_EQ(page_style().find("url("), std::string_view::npos);
  EXPECT_EQ(page_style().find("@import"), std::string_view::npos);
}

TEST(HtmlReport, A_history_outside_the_folder_is_no_link) {
  RunRecord record = support::nonconformant_record();
  for (const char* path : {"../../etc/passwd", "/etc/passwd", "javascript:alert(1)//", "a b\".x"}) {
    record.rules[1].cases[0].history = path;
    const std::string page = html_report(record);
    EXPECT_EQ(page.find("href=\"../"), std::string::npos);
    EXPECT_EQ(page.find("href=\"/"), std::string::npos);
    EXPECT_EQ(page.find("href=\"javascript:"), std::string::npos);
  }
  EXPECT_NE(html_report(record).find("href=\"a%20b%22.x\""), std::string::npos);
}

TEST(HtmlReport, Every_link_within_the_page_leads_somewhere_and_ids_are_unique) {
  for (const auto& record : records()) {
    std::set<std::string> ids;
    std::vector<std::string> targets;
    for (const Tag& tag : tags_of(html_report(record))) {
      if (tag.attributes.contains("id")) {
        EXPECT_TRUE(ids.insert(tag.attributes.at("id")).second) << tag.attributes.at("id");
      }
      if (!tag.attributes.contains("href")) continue;
      const std::string& href = tag.attributes.at("href");
      if (href.starts_with("#")) targets.push_back(href.substr(1));
    }
    for (const auto& target : targets) EXPECT_TRUE(ids.contains(target)) << target;
  }
}

TEST(HtmlReport, Every_rule_has_a_cell_and_a_detail) {
  const RunRecord record = support::whole_contract_record();
  std::set<std::string> cells;
  std::set<std::string> details;
  for (const Tag& tag : tags_of(html_report(record))) {
    if (!tag.attributes.contains("data-verdict")) continue;
    if (tag.name == "a") cells.insert(tag.attributes.at("href").substr(1));
    if (tag.name != "a") details.insert(tag.attributes.at("id"));
  }
  for (const auto& rule : record.rules) {
    EXPECT_TRUE(cells.contains(rule.id)) << rule.id;
    EXPECT_TRUE(details.contains(rule.id)) << rule.id;
  }
}

TEST(HtmlReport, The_order_is_verdict_matrix_findings_doubts_met_unjudged_claims_environment) {
  const std::string page = html_report(support::nonconformant_record());
  std::size_t last = 0;
  for (const char* mark :
       {"<h1>", "id=\"rules\"", "id=\"findings\"", "id=\"unverified\"", "id=\"met\"",
        "id=\"unjudged\"", "id=\"claims\"", "id=\"environment\""}) {
    const std::size_t at = page.find(mark);
    ASSERT_NE(at, std::string::npos) << mark;
    EXPECT_GT(at, last) << mark;
    last = at;
  }
}

TEST(HtmlReport, The_content_policy_names_the_script_that_is_in_it) {
  const std::string page = html_report(support::nonconformant_record());
  const std::size_t from = page.find("<script>") + 8;
  const std::string script = page.substr(from, page.find("</script>", from) - from);
  std::array<unsigned char, 32> digest{};
  EVP_Digest(script.data(), script.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<char, 45> text{};
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest.data(), 32);
  EXPECT_NE(page.find("script-src 'sha256-" + std::string(text.data(), 44) + "'"),
            std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(HtmlReport, Only_style_and_script_are_left_unescaped) {
  const std::string_view page = page_template();
  std::size_t raw = 0;
  for (std::size_t at = page.find("{{{"); at != std::string_view::npos; at = page.find("{{{", at)) {
    const std::string_view name = page.substr(at + 3, page.find("}}}", at) - at - 3);
    EXPECT_TRUE(name == "style" || name == "script") << name;
    ++raw;
    at += 3;
  }
  EXPECT_EQ(raw, 2U);
  EXPECT_EQ(page.find("{{&"), std::string_view::npos);
}

TEST(HtmlReport, However_much_there_is_the_page_stays_below_its_cap) {
  RunRecord record = support::whole_contract_record();
  std::size_t turn = 0;
  for (auto& rule : record.rules) {
    rule.verdict = kVerdicts.at(turn++ % kVerdicts.size());
    rule.sentence = std::string(10'000, '"');
    for (auto& part : rule.cases) {
      part.verdict = rule.verdict;
      part.detail = std::string(10'000, '"');
      part.evidence.assign(200, std::string(1000, '"'));
    }
  }
  const std::string page = html_report(record);
  EXPECT_LE(page.size(), kHtmlBytesMax);
  EXPECT_NE(page.find("bytes more]"), std::string::npos);
  for (const auto& rule : record.rules) {
    EXPECT_NE(page.find("id=\"" + rule.id + "\""), std::string::npos) << rule.id;
  }
}

TEST(HtmlReport, A_record_made_to_burst_it_does_not) {
  RunRecord record = support::nonconformant_record();
  const auto models = record.rules;
  const std::string wide(500, '"');
  for (auto* text : {&record.why, &record.command, &record.target.name, &record.profile}) {
    *text = std::string(1'000'000, '"');
  }
  record.notes.assign(1000, wide);
  record.problems.assign(1000, {70, wide});
  record.expectations.assign(1000, {wide, wide, wide, wide, wide, wide});
  record.rules.clear();
  for (int i = 0; i < 1600; ++i) {
    record.rules.push_back(models.at(static_cast<std::size_t>(i) % models.size()));
    contract::RuleResult& rule = record.rules.back();
    rule.id = std::to_string(i % 40) + wide + "-" + std::to_string(i);
    rule.sentence = wide;
    rule.cases.assign(6, rule.cases.front());
    for (auto& part : rule.cases) part.detail = part.repeat = part.id = wide;
  }
  const std::string page = html_report(record);
  EXPECT_LE(page.size(), kHtmlBytesMax);
  EXPECT_TRUE(page.ends_with("</html>\n"));
}

}  // namespace
}  // namespace busproof::reports
