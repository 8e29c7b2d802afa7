#include "suites/contract/claims.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

namespace json = boost::json;

struct DefaultLimit {
  std::string_view name;
  std::int64_t value;
};

// Stand in for what a bus leaves undeclared; generous, since they only end a wait.
constexpr std::array kDefaultLimits = {DefaultLimit{"answer_ms", 30'000},
                                       DefaultLimit{"recovery_ms", 60'000},
                                       DefaultLimit{"counts_settle_ms", 5'000}};
constexpr std::array<std::string_view, 3> kOrderings = {"none", "per_publisher", "per_destination"};
constexpr std::array<std::string_view, 3> kDeliveries = {"at_most_once", "at_least_once",
                                                         "exactly_once"};

const json::value* member(const json::object& object, std::string_view name) {
  return object.if_contains(name);
}

const json::object* section(const json::object& hello, std::string_view name) {
  const json::value* value = member(hello, name);
  return value == nullptr ? nullptr : value->if_object();
}

// Where a limit is declared: below `limits` by its dotted path, or where the protocol keeps it.
const json::value* find_value(const json::object& hello, std::string_view path) {
  const std::size_t dot = path.find('.');
  const std::string_view head = path.substr(0, dot);
  if (path == "loss_window_ms") {
    const json::object* guarantees = section(hello, "guarantees");
    return guarantees == nullptr ? nullptr : member(*guarantees, path);
  }
  const bool in_capability = head == "dedupe" || head == "queue" || path == "breaker.closes_after";
  const json::object* place = section(hello, in_capability ? "capabilities" : "limits");
  if (place == nullptr) return nullptr;
  if (dot == std::string_view::npos) return member(*place, path);
  const json::object* group = section(*place, head);
  return group == nullptr ? nullptr : member(*group, path.substr(dot + 1));
}

std::optional<std::int64_t> whole(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  if (std::nearbyint(number) != number || std::fabs(number) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<double> as_number(const json::value& value) {
  if (value.is_bool()) return value.get_bool() ? 1.0 : 0.0;
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  return std::nullopt;
}

std::optional<std::string> as_word(const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(*text);
  if (const bool* flag = value.if_bool()) return *flag ? "true" : "false";
  return std::nullopt;
}

bool well_typed(const Limit& limit, const json::value& value) {
  if (value.is_null()) return true;
  if (limit.kind == LimitKind::integer) {
    const auto number = whole(value);
    return number && (*number >= 0 || limit.path.starts_with("priority."));
  }
  const auto number = as_number(value);
  if (!number || *number < 0) return false;
  return limit.kind == LimitKind::switched ? *number <= 1 : !value.is_bool();
}

bool allowed(const Trait& trait, std::string_view value) {
  return std::ranges::count(words(trait.values, '|'), value) > 0;
}

void check_sections(const json::object& hello, std::vector<std::string>& problems) {
  for (const std::string_view name : {"capabilities", "limits", "guarantees", "server"})
    if (member(hello, name) == nullptr)
      problems.push_back(fmt::format("{} is missing from the hello; read as empty", name));
}

void check_capabilities(const json::object& hello, std::vector<std::string>& problems) {
  const json::object* claimed = section(hello, "capabilities");
  if (claimed == nullptr) return;
  for (const auto& [name, value] : *claimed) {
    if (!is_capability(name) || name == kWebSocket)
      problems.push_back(fmt::format("capability {} is none of the protocol's", std::string(name)));
    if (!value.is_object())
      problems.push_back(fmt::format("capability {} must be an object; read as {}",
                                     std::string(name), value == true ? "claimed" : "absent"));
  }
}

void check_traits(const json::object& hello, std::vector<std::string>& problems) {
  const json::object* claimed = section(hello, "capabilities");
  if (claimed == nullptr) return;
  for (const Trait& trait : traits()) {
    const json::object* capability = section(*claimed, trait.capability);
    const json::value* value = capability == nullptr ? nullptr : member(*capability, trait.name);
    if (value == nullptr) continue;
    const auto word = as_word(*value);
    if (!word || !allowed(trait, *word))
      problems.push_back(fmt::format("{}.{} is {}, not one of {}; read as {}", trait.capability,
                                     trait.name, json::serialize(*value), trait.values,
                                     words(trait.values, '|').front()));
  }
}

void check_known_limits(const json::object& hello, std::vector<std::string>& problems) {
  for (const Limit& limit : limits()) {
    const json::value* value = find_value(hello, limit.path);
    if (value != nullptr && !well_typed(limit, *value))
      problems.push_back(
          fmt::format("limit {} is {}; read as not declared", limit.path, json::serialize(*value)));
  }
}

void check_limit_names(const json::object& hello, std::vector<std::string>& problems) {
  const json::object* declared = section(hello, "limits");
  if (declared == nullptr) return;
  const auto check = [&](const std::string& path) {
    if (find_limit(path) == nullptr)
      problems.push_back(fmt::format("limit {} is none of the protocol's", path));
  };
  for (const auto& [name, value] : *declared) {
    if (!value.is_object()) check(std::string(name));
    if (value.is_object())
      for (const auto& inner : value.get_object())
        check(fmt::format("{}.{}", std::string(name), std::string(inner.key())));
  }
}

// A guarantee's word, or its weakest value when left out or unknown.
std::string guarantee(const json::object& hello, std::string_view name,
                      std::span<const std::string_view> values) {
  const json::object* guarantees = section(hello, "guarantees");
  const json::value* value = guarantees == nullptr ? nullptr : member(*guarantees, name);
  const auto word = value == nullptr ? std::nullopt : as_word(*value);
  const bool known = word && std::ranges::count(values, *word) > 0;
  return known ? *word : std::string(values.front());
}

constexpr std::array<std::string_view, 4> kDurabilities = {"memory", "restart", "process_crash",
                                                           "power_loss"};

void check_guarantees(const json::object& hello, std::vector<std::string>& problems) {
  const json::object* guarantees = section(hello, "guarantees");
  if (guarantees == nullptr) return;
  const auto check = [&](std::string_view name, std::span<const std::string_view> values) {
    const json::value* value = member(*guarantees, name);
    if (value == nullptr || as_word(*value) == guarantee(hello, name, values)) return;
    problems.push_back(fmt::format("guarantee {} is {}; read as {}", name, json::serialize(*value),
                                   values.front()));
  };
  check("delivery", kDeliveries);
  check("durability", kDurabilities);
  check("ordering", kOrderings);
}

std::string server_field(const json::object& hello, std::string_view name) {
  const json::object* server = section(hello, "server");
  const json::value* value = server == nullptr ? nullptr : member(*server, name);
  return value == nullptr ? std::string() : as_word(*value).value_or("");
}

}  // namespace

Result<Claims> Claims::parse(const json::object& hello, Transport over) {
  for (const std::string_view name : {"capabilities", "limits", "guarantees", "server"}) {
    const json::value* value = member(hello, name);
    if (value != nullptr && !value->is_object())
      return refused("bad_hello", fmt::format("{} in the answer to bus/hello is {}, not an object",
                                              name, json::serialize(*value)));
  }
  Claims claims;
  claims.hello_ = hello;
  claims.over_ = over;
  claims.server_name_ = server_field(hello, "name");
  claims.server_version_ = server_field(hello, "version");
  check_sections(hello, claims.problems_);
  check_capabilities(hello, claims.problems_);
  check_traits(hello, claims.problems_);
  check_known_limits(hello, claims.problems_);
  check_limit_names(hello, claims.problems_);
  check_guarantees(hello, claims.problems_);
  return claims;
}

Result<Claims> Claims::parse_text(std::string_view hello, Transport over) {
  boost::system::error_code failed;
  const json::value value = json::parse(hello, failed);
  if (failed || !value.is_object()) return refused("bad_claims", "claims that are no JSON object");
  return parse(value.get_object(), over);
}

bool Claims::has(std::string_view capability) const {
  if (capability == kWebSocket) return over_ == Transport::websocket;
  const json::object* claimed = section(hello_, "capabilities");
  const json::value* value = claimed == nullptr ? nullptr : member(*claimed, capability);
  return value != nullptr && (value->is_object() || *value == true);
}

std::string Claims::trait(std::string_view capability, std::string_view name) const {
  const Trait* known = find_trait(capability, name);
  if (known == nullptr)
    throw std::logic_error(fmt::format("the protocol has no trait {}.{}", capability, name));
  const json::object* claimed = section(hello_, "capabilities");
  const json::object* object = claimed == nullptr ? nullptr : section(*claimed, capability);
  const json::value* value = object == nullptr ? nullptr : member(*object, name);
  const auto word = value == nullptr ? std::nullopt : as_word(*value);
  if (word && allowed(*known, *word)) return *word;
  return std::string(words(known->values, '|').front());
}

bool Claims::trait_is(std::string_view capability, std::string_view name,
                      std::string_view value) const {
  if (capability == "guarantees") return value == (name == "ordering" ? ordering() : delivery());
  if (capability != "compression") return trait(capability, name) == value;
  const json::object* claimed = section(hello_, "capabilities");
  const json::object* object = claimed == nullptr ? nullptr : section(*claimed, capability);
  const json::value* list = object == nullptr ? nullptr : member(*object, name);
  if (list == nullptr || !list->is_array()) return false;
  return std::ranges::count(list->get_array(), json::value(json::string(value))) > 0;
}

std::optional<std::int64_t> Claims::limit(std::string_view path) const {
  const Limit* known = find_limit(path);
  if (known == nullptr) throw std::logic_error(fmt::format("the protocol has no limit {}", path));
  const json::value* value = find_value(hello_, path);
  if (value == nullptr || !well_typed(*known, *value)) return std::nullopt;
  return whole(*value);
}

std::optional<double> Claims::number(std::string_view path) const {
  const Limit* known = find_limit(path);
  if (known == nullptr) throw std::logic_error(fmt::format("the protocol has no limit {}", path));
  const json::value* value = find_value(hello_, path);
  if (value == nullptr || !well_typed(*known, *value)) return std::nullopt;
  return as_number(*value);
}

bool Claims::declares(std::string_view path) const {
  const Limit* known = find_limit(path);
  const json::value* value = known == nullptr ? nullptr : find_value(hello_, path);
  return value != nullptr && well_typed(*known, *value);
}

std::int64_t Claims::limit_or_default(std::string_view name) const {
  const auto* found = std::find_if(kDefaultLimits.begin(), kDefaultLimits.end(),
                                   [&](const DefaultLimit& entry) { return entry.name == name; });
  if (found == kDefaultLimits.end())
    throw std::logic_error(fmt::format("limit {} has no documented default", name));
  return limit(name).value_or(found->value);
}

Durability Claims::durability() const {
  const std::string word = guarantee(hello_, "durability", kDurabilities);
  const auto at = std::ranges::find(kDurabilities, word) - kDurabilities.begin();
  return static_cast<Durability>(at);
}

std::string Claims::ordering() const { return guarantee(hello_, "ordering", kOrderings); }
std::string Claims::delivery() const { return guarantee(hello_, "delivery", kDeliveries); }

namespace {

bool any_value(const Claims& claims, std::string_view path, std::string_view values) {
  const std::size_t dot = path.find('.');
  const auto listed = words(values, '|');
  return std::ranges::any_of(listed, [&](std::string_view value) {
    return claims.trait_is(path.substr(0, dot), path.substr(dot + 1), value);
  });
}

std::optional<std::string> missing_trait(const Claims& claims, std::string_view where) {
  for (const std::string_view need : words(where)) {
    const std::size_t equals = need.find('=');
    if (!any_value(claims, need.substr(0, equals), need.substr(equals + 1)))
      return fmt::format("binds only where {}", need);
  }
  return std::nullopt;
}

std::optional<std::string> missing_limit(const Claims& claims, std::string_view needed) {
  for (const std::string_view path : words(needed)) {
    if (!claims.declares(path)) return fmt::format("limit {} is not declared", path);
    if (!claims.number(path)) return fmt::format("limit {} is declared as none", path);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Claims::not_claimed(const Rule& rule, const Case& part) const {
  if (!rule.capability.empty() && !has(rule.capability))
    return fmt::format("capability {} is not claimed", rule.capability);
  for (const std::string_view capability : words(part.also))
    if (!has(capability)) return fmt::format("capability {} is not claimed", capability);
  if (const auto all = words(part.lacks);
      !all.empty() &&
      std::ranges::all_of(all, [&](std::string_view capability) { return has(capability); }))
    return fmt::format("all of {} is claimed", part.lacks);
  if (durability() < part.from)
    return fmt::format("durability {} is claimed, {} needed", to_string(durability()),
                       to_string(part.from));
  if (auto missing = missing_trait(*this, part.where)) return missing;
  return missing_limit(*this, part.limits);
}

}  // namespace busproof::contract
