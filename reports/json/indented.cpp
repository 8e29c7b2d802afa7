// JSON as text that people can read and compare line by line.
#include <cmath>
#include <cstddef>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "reports/json/result_json.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;

constexpr std::size_t kColumns = 100;

void append_value(std::string& out, const json::value& value, std::size_t indent);

bool is_container(const json::value& value) {
  return (value.is_object() && !value.get_object().empty()) ||
         (value.is_array() && !value.get_array().empty());
}

template <typename Members, typename ValueOf>
bool any_container(const Members& members, ValueOf&& value_of) {
  for (const auto& member : members) {
    if (is_container(value_of(member))) return true;
  }
  return false;
}

// A container's members, each written by `append`, on one line or on one each.
template <typename Members, typename Append>
void append_members(std::string& out, const Members& members, bool one_line, std::size_t indent,
                    Append&& append) {
  bool first = true;
  for (const auto& member : members) {
    if (!first) out += one_line ? ", " : ",";
    first = false;
    if (!one_line) out += '\n' + std::string(indent + 2, ' ');
    append(member);
  }
  if (!one_line) out += '\n' + std::string(indent, ' ');
}

// Writes on one line where nothing nests and the line stays short, else on one line a member.
template <typename Members, typename ValueOf, typename Append>
void append_container(std::string& out, const Members& members, char open, char close,
                      std::size_t indent, ValueOf&& value_of, Append&& append) {
  const std::size_t start = out.size();
  const std::size_t line_start = out.rfind('\n') + 1;  // npos + 1 is 0.
  out += open;
  bool one_line = !any_container(members, value_of);
  if (one_line) append_members(out, members, true, indent, append);
  if (!one_line || out.size() + 1 - line_start > kColumns) {
    out.resize(start + 1);
    append_members(out, members, false, indent, append);
  }
  out += close;
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) number = 0;
  out += fmt::format("{}", number);
}

void append_value(std::string& out, const json::value& value, std::size_t indent) {
  if (value.is_double()) return append_number(out, value.get_double());
  if (!is_container(value)) {
    out += json::serialize(value);
    return;
  }
  if (value.is_array()) {
    append_container(
        out, value.get_array(), '[', ']', indent,
        [](const json::value& member) -> const json::value& { return member; },
        [&](const json::value& member) { append_value(out, member, indent + 2); });
    return;
  }
  append_container(
      out, value.get_object(), '{', '}', indent,
      [](const json::key_value_pair& member) -> const json::value& { return member.value(); },
      [&](const json::key_value_pair& member) {
        out += json::serialize(json::string(member.key())) + ": ";
        append_value(out, member.value(), indent + 2);
      });
}

}  // namespace

std::string indented(const json::value& value) {
  std::string out;
  append_value(out, value, 0);
  return out;
}

}  // namespace busproof::reports
