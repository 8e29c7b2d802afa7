// One reader per JSON type. Errors: the first fault is kept; later readers go on harmlessly.
#include "reference/core/params.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace reference::core {
namespace {

namespace json = boost::json;

Fault wrong(std::string_view name, std::string_view expected) {
  return invalid_params(std::string(name) + " must be " + std::string(expected));
}

}  // namespace

void Params::fail(Fault fault) {
  if (!fault_) fault_ = std::move(fault);
}

std::string Params::text(std::string_view name) {
  if (!has(name)) fail(wrong(name, "given: a string"));
  return optional_text(name).value_or("");
}

std::optional<std::string> Params::optional_text(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  fail(wrong(name, "a string"));
  return std::nullopt;
}

std::string Params::checked_name(std::string_view name, std::string value) {
  if (value.empty() || value.size() > limits_.name_bytes_max ||
      value.find('\0') != std::string::npos)
    fail(invalid_argument(std::string(name) + " must have 1.." +
                          std::to_string(limits_.name_bytes_max) + " bytes and no NUL"));
  return value;
}

std::string Params::name(std::string_view name) {
  std::string value = text(name);
  return fault_ ? std::string() : checked_name(name, std::move(value));
}

std::optional<std::string> Params::optional_name(std::string_view name) {
  auto value = optional_text(name);
  if (!value) return std::nullopt;
  return checked_name(name, std::move(*value));
}

std::optional<std::int64_t> Params::as_integer(std::string_view name, const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_uint64()) return std::numeric_limits<std::int64_t>::max();
  if (value.is_double()) {
    const double number = value.get_double();
    if (std::trunc(number) == number) {
      if (std::abs(number) < 9e15) return static_cast<std::int64_t>(number);
      return number > 0 ? std::numeric_limits<std::int64_t>::max()
                        : std::numeric_limits<std::int64_t>::min();
    }
  }
  fail(wrong(name, "an integer"));
  return std::nullopt;
}

std::int64_t Params::integer(std::string_view name) {
  if (!has(name)) fail(wrong(name, "given: an integer"));
  return optional_integer(name).value_or(0);
}

std::optional<std::int64_t> Params::optional_integer(std::string_view name) {
  const auto* value = find(name);
  return value == nullptr ? std::nullopt : as_integer(name, *value);
}

bool Params::boolean(std::string_view name) {
  if (!has(name)) fail(wrong(name, "given: true or false"));
  return optional_boolean(name).value_or(false);
}

std::optional<bool> Params::optional_boolean(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  fail(wrong(name, "true or false"));
  return std::nullopt;
}

std::optional<Ms> Params::optional_ms(std::string_view name, Ms low, Ms high) {
  const auto value = optional_integer(name);
  if (!value) return std::nullopt;
  if (*value < low.count() || *value > high.count())
    fail(invalid_argument(std::string(name) + " must be " + std::to_string(low.count()) + ".." +
                          std::to_string(high.count())));
  return Ms(*value);
}

json::object* Params::object(std::string_view name) {
  auto* value = find(name);
  auto* object = value == nullptr ? nullptr : value->if_object();
  if (object == nullptr) fail(wrong(name, "an object"));
  return object;
}

json::array* Params::array(std::string_view name) {
  auto* value = find(name);
  auto* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) fail(wrong(name, "an array"));
  return array;
}

std::optional<std::vector<std::string>> Params::optional_texts(std::string_view name) {
  if (!has(name)) return std::nullopt;
  const auto* values = array(name);
  std::vector<std::string> texts;
  if (values == nullptr) return texts;
  for (const auto& value : *values) {
    if (value.is_string())
      texts.emplace_back(value.get_string());
    else
      fail(wrong(name, "an array of strings"));
  }
  return texts;
}

Params::Page Params::page(int usual, int most) {
  Page page{0, usual};
  if (const auto cursor = optional_text("cursor")) {
    const auto* end = cursor->data() + cursor->size();
    const auto [stop, error] = std::from_chars(cursor->data(), end, page.after);
    if (error != std::errc() || stop != end || page.after < 0)
      fail(invalid_argument("cursor was not made by this bus"));
  }
  if (const auto limit = optional_integer("limit")) {
    if (*limit <= 0) fail(invalid_argument("limit must be at least 1"));
    page.limit = static_cast<int>(std::min<std::int64_t>(*limit, most));
  }
  return page;
}

}  // namespace reference::core
