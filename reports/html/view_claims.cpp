// The view of what the bus said of itself in its hello.
#include <cstdint>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "reports/html/view.hpp"
#include "reports/overview.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;

constexpr std::size_t kClaimsBytesMax = 256 * 1024;

std::string plain(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (value.is_null()) return "unlimited";
  if (value.is_int64() && value.get_int64() >= 0) {
    return grouped(static_cast<unsigned long long>(value.get_int64()));
  }
  if (value.is_double()) return fmt::format("{}", value.get_double());
  return json::serialize(value);
}

// A capability's traits on one line: "lease timed, counts exact".
std::string traits(const json::value& value) {
  if (!value.is_object()) return plain(value);
  std::string out;
  for (const auto& [name, trait] : value.get_object()) {
    if (!out.empty()) out += ", ";
    (out += name) += " ";
    if (!trait.is_array()) {
      out += plain(trait);
      continue;
    }
    bool first = true;
    for (const auto& item : trait.get_array()) {
      out += (first ? "" : " ") + plain(item);
      first = false;
    }
  }
  return out;
}

// What a bare number of milliseconds or bytes is for people: "48 h", "1 MiB"; empty for the rest.
std::string in_words(std::string_view name, const json::value& value) {
  if (!value.is_int64() || value.get_int64() <= 0) return {};
  const std::int64_t number = value.get_int64();
  if (name.ends_with("_ms")) {
    if (number % 3'600'000 == 0) return fmt::format("{} h", number / 3'600'000);
    return number >= 1000 ? duration_text(static_cast<double>(number) / 1000) : std::string{};
  }
  if (name.find("bytes") == std::string_view::npos) return {};
  if (number % (1 << 20) == 0) return fmt::format("{} MiB", number >> 20);
  if (number % (1 << 10) == 0) return fmt::format("{} KiB", number >> 10);
  return {};
}

class Entries {
 public:
  explicit Entries(const Budget& budget) : budget_(budget) {}

  void add(std::string_view name, std::string_view value, std::string_view unit) {
    if (rows_.size() == budget_.entries) return;
    rows_.push_back({{"name", shown(name, budget_)},
                     {"value", shown(value, budget_)},
                     {"unit", shown(unit, budget_)},
                     {"has_unit", !unit.empty()}});
  }

  // Limits nest: "breaker.open_ms".
  void add_limits(const std::string& prefix, const json::object& limits, int depth) {
    for (const auto& [name, value] : limits) {
      const std::string path =
          prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
      if (value.is_object() && depth < 4) {
        add_limits(path, value.get_object(), depth + 1);
      } else {
        add(path, plain(value), in_words(name, value));
      }
    }
  }

  void add_to(json::array& tables, std::string_view caption) {
    if (rows_.empty()) return;
    tables.push_back({{"caption", caption}, {"entries", std::move(rows_)}});
  }

 private:
  const Budget& budget_;
  json::array rows_;
};

const json::object* object_in(const json::object& claims, std::string_view name) {
  const json::value* found = claims.if_contains(name);
  return found != nullptr ? found->if_object() : nullptr;
}

json::array tables_of(const json::object& claims, const Budget& budget) {
  json::array tables;
  if (const auto* capabilities = object_in(claims, "capabilities")) {
    Entries entries(budget);
    for (const auto& [name, value] : *capabilities) entries.add(name, traits(value), "");
    entries.add_to(tables, "Capabilities");
  }
  if (const auto* guarantees = object_in(claims, "guarantees")) {
    Entries entries(budget);
    entries.add_limits("", *guarantees, 0);
    entries.add_to(tables, "Guarantees");
  }
  if (const auto* limits = object_in(claims, "limits")) {
    Entries entries(budget);
    entries.add_limits("", *limits, 0);
    entries.add_to(tables, "Limits");
  }
  return tables;
}

}  // namespace

void add_claims(json::object& page, const contract::RunRecord& record, const Budget& budget) {
  const std::string& text = record.target.claims_json;
  page["has_claims"] = false;
  page["claims"] = json::array{};
  page["no_claims"] = "It never answered bus/hello.";
  if (text.empty()) return;
  page["no_claims"] = "Its hello holds no capabilities, guarantees or limits that could be shown.";
  if (text.size() > kClaimsBytesMax) return;
  json::error_code failed;
  const json::value claims = json::parse(text, failed);
  if (failed || !claims.is_object()) return;
  json::array tables = tables_of(claims.get_object(), budget);
  page["has_claims"] = !tables.empty();
  page["claims"] = std::move(tables);
}

}  // namespace busproof::reports
