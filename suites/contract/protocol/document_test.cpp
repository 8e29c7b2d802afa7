// PROTOCOL.md leaves nothing out: every method, error, capability, trait and limit is in it.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "suites/contract/errors.hpp"
#include "suites/contract/methods.hpp"
#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

const std::string& document() {
  static const std::string text = [] {
    std::ifstream file(std::filesystem::path(BUSPROOF_PROTOCOL_FOLDER) / "PROTOCOL.md");
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }();
  return text;
}

bool has(std::string_view text) { return document().find(text) != std::string::npos; }

std::string quoted(std::string_view word) { return "`" + std::string(word) + "`"; }

TEST(ProtocolDocument, NamesEveryMethodAndParamOfACapability) {
  for (const Method& method : methods()) EXPECT_TRUE(has(quoted(method.name))) << method.name;
  for (const Param& param : capability_params())
    EXPECT_TRUE(has(std::string(param.name) + "?` (" + std::string(param.capability) + ")") ||
                has(quoted(param.name) + " (" + std::string(param.capability) + ")"))
        << param.name;
}

TEST(ProtocolDocument, NamesEveryErrorWithItsCode) {
  for (const ErrorKind& known : error_kinds()) {
    EXPECT_TRUE(has(std::to_string(known.code))) << known.code;
    if (known.code > 0) {
      EXPECT_TRUE(has("| " + std::to_string(known.code) + " | " + quoted(known.kind) + " |"))
          << known.kind;
    }
  }
  for (const std::string_view kind : closed_kinds()) EXPECT_TRUE(has(quoted(kind))) << kind;
}

TEST(ProtocolDocument, NamesEveryCapabilityTraitAndLimit) {
  const std::size_t begin = document().find("\n`routing, store,");
  ASSERT_NE(begin, std::string::npos);
  std::string listed = document().substr(begin + 2, document().find("`\n", begin + 2) - begin - 2);
  for (char& sign : listed)
    if (sign == '\n' || sign == ',') sign = ' ';
  EXPECT_EQ(words(listed).size(), capabilities().size());
  for (const std::string_view name : words(listed)) EXPECT_TRUE(is_capability(name)) << name;
  for (const Trait& trait : traits()) {
    const std::string row =
        "| " + std::string(trait.capability) + " | " + quoted(trait.name) + " | ";
    const std::size_t at = document().find(row);
    ASSERT_NE(at, std::string::npos) << row;
    std::size_t after = at + row.size();
    const std::size_t end = document().find('\n', at);
    for (const std::string_view value : words(trait.values, '|')) {
      after = document().find(quoted(value), after);
      EXPECT_LT(after, end) << trait.name << " " << value;
    }
  }
  for (const Limit& limit : limits()) {
    const std::size_t dot = limit.path.find('.');
    const std::string_view last = limit.path.substr(dot == std::string_view::npos ? 0 : dot + 1);
    EXPECT_TRUE(has(last)) << limit.path;
  }
}

}  // namespace
}  // namespace busproof::contract
