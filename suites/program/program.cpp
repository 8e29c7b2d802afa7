#include "suites/program/program.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace busproof::program {
namespace {

/// In the order of Kind.
constexpr std::array<std::string_view, 16> kKinds = {
    "publish", "take",  "ack",  "reject", "reconnect", "later", "bury", "remove",
    "redrive", "purge", "join", "leave",  "extend",    "look",  "pass", "sweep"};

bool has_value(Kind kind) {
  return kind == Kind::publish || kind == Kind::ack || kind == Kind::reject || kind == Kind::bury ||
         kind == Kind::remove || kind == Kind::redrive || kind == Kind::purge ||
         kind == Kind::extend || kind == Kind::look || kind == Kind::pass;
}

contract::Result<Operation> parse_one(std::string_view word) {
  const std::size_t space = std::min(word.find(' '), word.size());
  const auto* kind = std::find(kKinds.begin(), kKinds.end(), word.substr(0, space));
  if (kind == kKinds.end())
    return contract::refused("bad_program", fmt::format("no operation is called \"{}\"", word));
  Operation operation{static_cast<Kind>(kind - kKinds.begin()), 0};
  const std::string_view number = word.substr(std::min(space + 1, word.size()));
  if (!has_value(operation.kind)) return operation;
  const auto [end, failed] =
      std::from_chars(number.data(), number.data() + number.size(), operation.value);
  if (failed != std::errc() || end != number.data() + number.size())
    return contract::refused("bad_program", fmt::format("\"{}\" needs a number", word));
  return operation;
}

}  // namespace

boost::json::array to_json(const Program& program) {
  boost::json::array words;
  for (const Operation& operation : program) {
    std::string word(kKinds[static_cast<std::size_t>(operation.kind)]);
    if (has_value(operation.kind)) word += fmt::format(" {}", operation.value);
    words.emplace_back(word);
  }
  return words;
}

contract::Result<Program> parse(const boost::json::array& words) {
  Program program;
  for (const boost::json::value& word : words) {
    if (!word.is_string()) return contract::refused("bad_program", "an operation is a text");
    auto operation = parse_one(word.get_string());
    if (!operation) return tl::make_unexpected(operation.error());
    program.push_back(*operation);
  }
  return program;
}

}  // namespace busproof::program
