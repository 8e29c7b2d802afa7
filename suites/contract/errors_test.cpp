// The table of errors, and what an error on the wire is taken to mean.

#include "suites/contract/errors.hpp"

#include <set>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace busproof::contract {
namespace {

boost::json::object read(std::string_view text) { return boost::json::parse(text).as_object(); }

boost::json::object error_of(const ErrorKind& known, std::string_view data) {
  boost::json::object error = {{"code", known.code}, {"message", "no"}};
  boost::json::object object = read(data);
  if (known.code > 0) object["kind"] = known.kind;
  error["data"] = object;
  return error;
}

TEST(Errors, AreFoundByCodeAndByKind) {
  std::set<int> codes;
  for (const ErrorKind& known : error_kinds()) {
    EXPECT_TRUE(codes.insert(known.code).second) << known.code;
    EXPECT_EQ(find_error(known.code), &known);
    EXPECT_EQ(find_error(known.kind), &known);
    EXPECT_TRUE(known.says.ends_with('.'));
    EXPECT_EQ(known.definite == Definiteness::as_said, known.code > 0) << known.kind;
  }
  EXPECT_EQ(codes.size(), 24U);
  EXPECT_EQ(find_error(0), nullptr);
  EXPECT_EQ(find_error("nothing"), nullptr);
}

TEST(Errors, ClosedKindsAreErrorKindsSaveTimeout) {
  for (const std::string_view kind : closed_kinds())
    EXPECT_EQ(find_error(kind) == nullptr, kind == "timeout") << kind;
}

TEST(ErrorFrom, GoesByDefiniteAndByTheCodesOwnMeaning) {
  for (const ErrorKind& known : error_kinds())
    for (const char* data : {R"({"definite": true})", R"({"definite": false})", "{}",
                             R"({"definite": "true"})", R"({"definite": 1})"}) {
      const Error error = error_from(error_of(known, data));
      const bool said = std::string_view(data) == R"({"definite": true})";
      const bool definite = known.code > 0 ? said : known.code != -32603;
      EXPECT_EQ(error.effect(), definite ? Effect::did_not_happen : Effect::may_have_happened)
          << known.kind << " " << data;
      EXPECT_EQ(error.kind(), known.kind);
      EXPECT_EQ(error.detail(), "no");
    }
}

TEST(ErrorFrom, TakesRubbishForMayHaveHappened) {
  for (const char* text :
       {"{}", R"({"code": 7})", R"({"code": "1004"})", R"({"code": 1004.0})", R"({"code": null})",
        R"({"code": 9223372036854775807, "data": {"definite": true}})",
        R"({"code": 2004, "data": {"kind": "not_found", "definite": true}})", R"({"data": [1]})"}) {
    const Error error = error_from(read(text));
    EXPECT_EQ(error.effect(), Effect::may_have_happened) << text;
    EXPECT_FALSE(error.kind().empty()) << text;
    EXPECT_FALSE(error.detail().empty()) << text;
  }
}

TEST(Malformed, IsNothingForEveryErrorInItsRightForm) {
  for (const ErrorKind& known : error_kinds()) {
    EXPECT_EQ(malformed(error_of(known, R"({"definite": true, "retryable": false})")),
              std::nullopt);
    EXPECT_EQ(malformed(error_of(known, "{}")), std::nullopt);
  }
  EXPECT_EQ(malformed(read(R"({"code": -32601, "message": "x"})")), std::nullopt);
}

TEST(Malformed, NamesWhatIsWrong) {
  struct Try {
    const char* text;
    const char* named;
  };
  for (const auto& [text, named] :
       {Try{"{}", "code (missing)"}, Try{R"({"code": 1, "message": "x"})", "code 1"},
        Try{R"({"code": "1004", "message": "x"})", "code \"1004\""},
        Try{R"({"code": 1004})", "no message"}, Try{R"({"code": 1004, "message": "x"})", "no data"},
        Try{R"({"code": 1004, "message": "x", "data": {}})", "kind ''"},
        Try{R"({"code": 1004, "message": "x", "data": {"kind": "conflict"}})", "'conflict'"},
        Try{R"({"code": 1004, "message": "x", "data": {"kind": "not_found", "definite": 1}})",
            "data.definite"},
        Try{R"({"code": 1004, "message": "x", "data": {"kind": "not_found", "retryable": "no"}})",
            "data.retryable"}}) {
    const auto wrong = malformed(read(text));
    ASSERT_TRUE(wrong) << text;
    EXPECT_NE(wrong->find(named), std::string::npos) << *wrong;
  }
}

}  // namespace
}  // namespace busproof::contract
