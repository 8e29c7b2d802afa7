// The checked-in schema and the writer agree. Method: every record of the tests is valid, and the
// schema refuses a result with one member more, less or wrong. A file of its own: valijson is slow
// to compile.

// GCC 12 sees uninitialised members in std::regex, which valijson uses, once sanitizers are on.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "reports/json/result_json.hpp"
#include "reports/support/records.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;
using valijson::adapters::BoostJsonAdapter;

class Schema {
 public:
  Schema() {
    std::ifstream file(BUSPROOF_REPORTS_DIR "/schema/result.schema.json");
    std::stringstream text;
    text << file.rdbuf();
    source_ = json::parse(text.str());
    valijson::SchemaParser().populateSchema(BoostJsonAdapter(source_), schema_);
  }

  // What the schema has against a result; empty when it is valid.
  std::string complaints(const json::value& result) {
    valijson::ValidationResults results;
    if (valijson::Validator().validate(schema_, BoostJsonAdapter(result), &results)) return {};
    std::string out;
    for (const auto& error : results) {
      for (const auto& step : error.context) out += step;
      out += " " + error.description + "\n";
    }
    return out.empty() ? "refused" : out;
  }

 private:
  json::value source_;
  valijson::Schema schema_;
};

TEST(ResultSchema, Every_record_is_valid_as_written) {
  Schema schema;
  for (const auto& record : {support::conformant_record(), support::nonconformant_record(),
                             support::unreachable_record(), support::whole_contract_record()}) {
    EXPECT_EQ(schema.complaints(json::parse(result_json(record))), "");
  }
}

TEST(ResultSchema, It_is_strict) {
  Schema schema;
  const json::object good = to_json(support::conformant_record());
  for (const auto& [name, value] : good) {
    json::object less = good;
    less.erase(name);
    EXPECT_NE(schema.complaints(less), "") << "without " << name;
  }
  json::object more = good;
  more["extra"] = 1;
  EXPECT_NE(schema.complaints(more), "");
  for (const auto& [name, wrong] :
       std::vector<std::pair<const char*, json::value>>{{"verdict", "green"},
                                                        {"seed", 42},
                                                        {"seed", "0x2a"},
                                                        {"schema_version", 2},
                                                        {"target", "refbus"},
                                                        {"seconds", -1}}) {
    json::object bad = good;
    bad[name] = wrong;
    EXPECT_NE(schema.complaints(bad), "") << name;
  }
  json::value bad = good;
  bad.as_object()["rules"].as_array()[0].as_object()["cases"].as_array()[0].as_object().erase(
      "judged");
  EXPECT_NE(schema.complaints(bad), "");
}

}  // namespace
}  // namespace busproof::reports
