// The checker of the dialect.
#include "reports/support/junit_dialect.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <pugixml.hpp>

namespace busproof::reports::support {
namespace {

using Complaints = std::vector<std::string>;

bool is_decimal(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  const auto digits = [](std::string_view all) {
    return std::all_of(all.begin(), all.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return !whole.empty() && digits(whole) && digits(part) && part.size() <= 3;
}

void check_characters(std::string_view xml, Complaints& out) {
  boost::json::error_code failed;
  boost::json::parse(boost::json::serialize(boost::json::string(xml)), failed);
  if (failed) out.push_back("not UTF-8");
  for (const char c : xml) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n' && c != '\t' && c != '\r') {
      out.push_back(fmt::format("character {} is forbidden in XML", byte));
    }
  }
  for (const std::string_view forbidden : {"\xef\xbf\xbe", "\xef\xbf\xbf", "&#0", "&#x0"}) {
    if (xml.find(forbidden) != std::string_view::npos) out.push_back("a character XML forbids");
  }
}

// Only these attributes, each of them there.
template <std::size_t N>
void check_attributes(pugi::xml_node node, const std::array<const char*, N>& names,
                      Complaints& out) {
  for (const char* name : names) {
    if (!node.attribute(name)) out.push_back(fmt::format("{} has no {}", node.name(), name));
  }
  for (const auto attribute : node.attributes()) {
    const bool known = std::any_of(names.begin(), names.end(), [&](const char* name) {
      return std::string_view(name) == attribute.name();
    });
    if (!known) out.push_back(fmt::format("{} has {}", node.name(), attribute.name()));
  }
  const auto time = node.attribute("time");
  if (time && !is_decimal(time.value())) out.push_back(fmt::format("time {}", time.value()));
}

// Where a child belongs within a testcase; -1 where it does not.
int place_of(std::string_view name) {
  if (name == "failure" || name == "error" || name == "skipped") return 0;
  if (name == "system-out") return 1;
  return name == "system-err" ? 2 : -1;
}

void check_testcase(pugi::xml_node testcase, Complaints& out) {
  check_attributes(testcase, std::array{"classname", "name", "time"}, out);
  int last = -1;
  for (const auto child : testcase.children()) {
    const int place = place_of(child.name());
    if (place <= last) {
      out.push_back(fmt::format("{} in {} is out of place", child.name(),
                                testcase.attribute("name").value()));
    }
    last = place;
    if (place == 0) check_attributes(child, std::array{"type", "message"}, out);
  }
}

std::size_t count_of(pugi::xml_node suite, const char* outcome) {
  const auto cases = suite.children("testcase");
  return static_cast<std::size_t>(std::count_if(
      cases.begin(), cases.end(), [&](auto each) { return bool(each.child(outcome)); }));
}

void check_suite(pugi::xml_node suite, std::set<std::string>& names, Complaints& out) {
  check_attributes(
      suite,
      std::array{"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
      out);
  std::size_t tests = 0;
  for (const auto child : suite.children()) {
    const std::string_view tag = child.name();
    if (tag == "properties") {
      if (tests > 0) out.push_back("properties behind a testcase");
      for (const auto property : child.children()) {
        check_attributes(property, std::array{"name", "value"}, out);
      }
      continue;
    }
    if (tag != "testcase") out.push_back(fmt::format("{} in a testsuite", tag));
    ++tests;
    check_testcase(child, out);
    const std::string name =
        fmt::format("{} {}", child.attribute("classname").value(), child.attribute("name").value());
    if (!names.insert(name).second) out.push_back("twice: " + name);
  }
  const auto same = [&](const char* attribute, std::size_t counted) {
    if (suite.attribute(attribute).as_ullong(~0ULL) != counted) {
      out.push_back(fmt::format("{} is not {}", attribute, counted));
    }
  };
  same("tests", tests);
  same("failures", count_of(suite, "failure"));
  same("errors", count_of(suite, "error"));
  same("skipped", count_of(suite, "skipped"));
}

}  // namespace

Complaints dialect_complaints(std::string_view xml) {
  Complaints out;
  check_characters(xml, out);
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) return out.push_back(parsed.description()), out;
  const pugi::xml_node root = document.document_element();
  if (std::string_view(root.name()) != "testsuites") out.push_back("no testsuites at the top");
  check_attributes(root, std::array{"name", "tests", "failures", "errors", "skipped", "time"}, out);
  std::set<std::string> names;
  std::array<unsigned long long, 4> sums{};
  constexpr std::array<const char*, 4> kCounts = {"tests", "failures", "errors", "skipped"};
  for (const auto suite : root.children()) {
    if (std::string_view(suite.name()) != "testsuite") out.push_back("not a testsuite");
    check_suite(suite, names, out);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += suite.attribute(kCounts[i]).as_ullong();
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (root.attribute(kCounts[i]).as_ullong() != sums[i]) {
      out.push_back(fmt::format("{} of the whole is not {}", kCounts[i], sums[i]));
    }
  }
  return out;
}

}  // namespace busproof::reports::support
