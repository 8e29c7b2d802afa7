// The JSON Schemas: they take what is right, refuse what is wrong, and cover every table.
//
// Every example under examples/ is judged: ok-* must pass, bad-* must not (each says its one
// fault). Beyond those, the first of each kind loses one required member at a time.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "suites/contract/errors.hpp"
#include "suites/contract/event.hpp"
#include "suites/contract/methods.hpp"
#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

namespace json = boost::json;
using valijson::adapters::BoostJsonAdapter;

const std::filesystem::path kFolder = BUSPROOF_PROTOCOL_FOLDER;

json::value read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return json::parse(text.str());
}

json::value read_schema(const std::string& name) { return read(kFolder / "schema" / name); }

// "#/definitions/x" of publish.json -> "#/definitions/publish/definitions/x", and so on.
std::string bundled_reference(const std::string& stem, const std::string& reference) {
  const std::size_t hash = std::min(reference.find('#'), reference.size());
  const std::string file = reference.substr(0, hash);
  const std::string pointer = hash < reference.size() ? reference.substr(hash + 1) : "";
  const std::string home = file.empty() ? stem : file.substr(0, file.rfind(".json"));
  return "#/definitions/" + home + pointer;
}

void bundle_references(const std::string& stem, json::value& node) {
  if (node.is_array())
    for (json::value& item : node.get_array()) bundle_references(stem, item);
  if (!node.is_object()) return;
  for (auto& member : node.get_object()) {
    if (member.key() == "$ref")
      member.value() = bundled_reference(stem, std::string(member.value().as_string()));
    else
      bundle_references(stem, member.value());
  }
}

// All schemas in one document: valijson 1.0 confuses local references of several documents.
json::object make_bundle() {
  json::object definitions;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / "schema")) {
    const std::string stem = entry.path().stem().string();
    json::value schema = read(entry.path());
    bundle_references(stem, schema);
    definitions[stem] = std::move(schema);
  }
  return definitions;
}

// The definition "publish.json#/definitions/params" as something to judge with; made once.
const valijson::Schema& schema_of(const std::string& reference) {
  static const json::object definitions = make_bundle();
  static std::map<std::string, std::unique_ptr<valijson::Schema>> made;
  auto& schema = made[reference];
  if (schema) return *schema;
  schema = std::make_unique<valijson::Schema>();
  json::object link;
  link["$ref"] = bundled_reference("", reference);
  const json::value root = {{"allOf", json::array{link}}, {"definitions", definitions}};
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(BoostJsonAdapter(root), *schema);
  return *schema;
}

// What is wrong with the message, for people; empty when it is valid.
std::string faults(const std::string& reference, const json::value& message) {
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema_of(reference), BoostJsonAdapter(message), &results)) return {};
  std::string text = "invalid:";
  for (const valijson::ValidationResults::Error& error : results) {
    for (const std::string& step : error.context) text += " " + step;
    text += ": " + error.description + "\n";
  }
  return text;
}

bool valid(const std::string& reference, const json::value& message) {
  return faults(reference, message).empty();
}

// "bus/publish" -> "publish", "ctl/clock" -> "ctl_clock"
std::string stem_of(std::string_view method) {
  std::string stem(method.starts_with("bus/") ? method.substr(4) : method);
  std::ranges::replace(stem, '/', '_');
  return stem;
}

const std::map<std::string, std::string> kDefinitions = {
    {"requests", "#/definitions/request"},
    {"answers", "#/definitions/answer"},
    {"notifications", "#/definitions/notification"},
    {"events", ""}};

std::string reference_of(const std::string& stem, const std::string& section) {
  return stem + ".json" + kDefinitions.at(section);
}

std::vector<std::string> stems() {
  std::vector<std::string> all = {"event", "errors"};
  for (const Method& method : methods()) all.push_back(stem_of(method.name));
  return all;
}

class Example : public testing::TestWithParam<std::string> {};

TEST_P(Example, GoodOnesAreTaken) {
  const json::value examples = read(kFolder / "examples" / ("ok-" + GetParam() + ".json"));
  for (const auto& section : examples.as_object()) {
    EXPECT_FALSE(section.value().as_array().empty());
    for (const json::value& message : section.value().as_array())
      EXPECT_EQ(faults(reference_of(GetParam(), section.key()), message), "") << message;
  }
}

TEST_P(Example, BadOnesAreRefused) {
  const json::value examples = read(kFolder / "examples" / ("bad-" + GetParam() + ".json"));
  for (const auto& section : examples.as_object()) {
    EXPECT_FALSE(section.value().as_array().empty());
    for (const json::value& example : section.value().as_array())
      EXPECT_FALSE(valid(reference_of(GetParam(), section.key()), example.at("message")))
          << example.at("says") << ": " << example.at("message");
  }
}

// The member of an envelope that holds what a method is about.
const std::map<std::string, std::pair<std::string, std::string>> kInner = {
    {"requests", {"params", "params"}},
    {"answers", {"result", "result"}},
    {"notifications", {"params", "params"}}};

TEST_P(Example, LosingARequiredMemberIsNoticed) {
  if (GetParam() == "event" || GetParam() == "errors") return;
  const json::value definitions = read_schema(GetParam() + ".json").at("definitions");
  const json::value examples = read(kFolder / "examples" / ("ok-" + GetParam() + ".json"));
  for (const auto& section : examples.as_object()) {
    const auto& [member, definition] = kInner.at(section.key());
    const json::value* required = definitions.at(definition).as_object().if_contains("required");
    json::value message = section.value().as_array().front();
    for (const char* part : {"jsonrpc", "id", "method"}) {
      json::value broken = message;
      if (broken.as_object().erase(part) == 0) continue;
      EXPECT_FALSE(valid(reference_of(GetParam(), section.key()), broken)) << broken;
    }
    if (required == nullptr) continue;
    for (const json::value& name : required->as_array()) {
      json::value broken = message;
      ASSERT_EQ(broken.at(member).as_object().erase(name.as_string()), 1U) << name;
      EXPECT_FALSE(valid(reference_of(GetParam(), section.key()), broken)) << broken;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Schemas, Example, testing::ValuesIn(stems()),
                         [](const auto& test) { return test.param; });

TEST(Schemas, EveryMethodHasItsOwnWithItsName) {
  for (const Method& method : methods()) {
    const json::value definitions = read_schema(stem_of(method.name) + ".json").at("definitions");
    const bool request = method.direction == Direction::request;
    const json::value& envelope = definitions.at(request ? "request" : "notification");
    EXPECT_EQ(envelope.at("properties").at("method").at("const").as_string(), method.name);
    EXPECT_TRUE(definitions.as_object().contains("params"));
    EXPECT_EQ(definitions.as_object().contains("answer"), request);
    EXPECT_EQ(definitions.as_object().contains("result"), request);
  }
}

TEST(Schemas, NoFileIsWithoutItsUse) {
  std::set<std::string> known = {"types.json"};
  for (const std::string& stem : stems()) known.insert(stem + ".json");
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / "schema"))
    found.insert(entry.path().filename().string());
  EXPECT_EQ(found, known);
  std::set<std::string> examples;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / "examples"))
    examples.insert(entry.path().filename().string());
  EXPECT_EQ(examples.size(), 2 * stems().size());
}

TEST(Schemas, EveryParamOfACapabilityIsThere) {
  for (const Param& param : capability_params()) {
    const json::value schema = read_schema(stem_of(param.method) + ".json");
    EXPECT_TRUE(
        schema.at("definitions").at("params").at("properties").as_object().contains(param.name))
        << param.method << " " << param.name;
  }
}

TEST(Schemas, EveryErrorKindIsThereWithItsCode) {
  const json::value schema = read_schema("errors.json");
  const json::object& definitions = schema.at("definitions").as_object();
  for (const ErrorKind& known : error_kinds()) {
    ASSERT_TRUE(definitions.contains(known.kind)) << known.kind;
    EXPECT_EQ(definitions.at(known.kind).at("properties").at("code").at("const"), known.code);
  }
  EXPECT_EQ(definitions.at("error").at("oneOf").as_array().size(), error_kinds().size());
}

TEST(Schemas, TakeAndRefuseErrorsAsTheTableDoes) {
  for (const char* file : {"ok-errors.json", "bad-errors.json"}) {
    const bool good = file[0] == 'o';
    const json::value examples = read(kFolder / "examples" / file);
    for (const json::value& example : examples.at("answers").as_array()) {
      const json::value& message = good ? example : example.at("message");
      const bool by_code = !malformed(message.at("error").as_object());
      // What only the schema knows: the envelope, and what belongs to one kind's data.
      if (!good && by_code) {
        EXPECT_FALSE(valid("errors.json#/definitions/answer", message)) << message;
      } else {
        EXPECT_EQ(by_code, good) << message;
      }
    }
  }
}

TEST(Schemas, EveryClosedKindIsThere) {
  const json::value schema = read_schema("closed.json");
  std::vector<std::string> listed;
  for (const json::value& kind :
       schema.at("definitions").at("params").at("properties").at("kind").at("enum").as_array())
    listed.emplace_back(kind.as_string());
  EXPECT_TRUE(std::ranges::equal(listed, closed_kinds()));
}

std::set<std::string> keys_of(const json::value& object) {
  std::set<std::string> keys;
  for (const auto& member : object.as_object()) keys.insert(std::string(member.key()));
  return keys;
}

TEST(Schemas, TheHelloHasEveryCapabilityAndLimitOfTheVocabulary) {
  const json::value definitions = read_schema("hello.json").at("definitions");
  std::set<std::string> claims(capabilities().begin(), capabilities().end());
  claims.insert(control_capabilities().begin(), control_capabilities().end());
  EXPECT_EQ(keys_of(definitions.at("capabilities").at("properties")), claims);
  std::set<std::string> paths;
  for (const auto& member : definitions.at("limits").at("properties").as_object()) {
    const json::value* inner = member.value().as_object().if_contains("properties");
    const std::string name(member.key());
    if (inner == nullptr) paths.insert(name);
    if (inner != nullptr)
      for (const std::string& key : keys_of(*inner)) paths.insert(name + "." + key);
  }
  for (const char* elsewhere : {"loss_window_ms", "dedupe.window_ms", "breaker.closes_after",
                                "queue.messages_max", "queue.bytes_max"})
    paths.insert(elsewhere);
  std::set<std::string> known;
  for (const Limit& limit : limits()) known.insert(std::string(limit.path));
  EXPECT_EQ(paths, known);
}

TEST(Schemas, TheHelloHasEveryTraitWithItsValues) {
  const json::value definitions = read_schema("hello.json").at("definitions");
  const json::value& listed = definitions.at("capabilities").at("properties");
  for (const Trait& trait : traits()) {
    const json::value& schema = listed.at(trait.capability).at("properties").at(trait.name);
    if (schema.at("type") == "boolean") {
      EXPECT_TRUE(trait.values == "true|false" || trait.values == "false|true") << trait.name;
      continue;
    }
    std::vector<std::string> values;
    for (const json::value& value : schema.at("enum").as_array())
      values.emplace_back(value.as_string());
    EXPECT_TRUE(std::ranges::equal(values, words(trait.values, '|'))) << trait.name;
  }
}

// The lines of the session in PROTOCOL.md, "> " to the bus and "< " from it.
std::vector<std::string> session_lines() {
  std::ifstream file(kFolder / "PROTOCOL.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("> {") || line.starts_with("< {")) lines.push_back(line);
  return lines;
}

TEST(Schemas, TakeEveryLineOfTheSessionInTheDocument) {
  std::map<std::int64_t, std::string> asked;
  const std::vector<std::string> lines = session_lines();
  EXPECT_GE(lines.size(), 10U);
  for (const std::string& line : lines) {
    const json::value message = json::parse(line.substr(2));
    const json::object& object = message.as_object();
    const json::value* method = object.if_contains("method");
    if (line.front() == '>') asked[object.at("id").as_int64()] = method->as_string();
    const std::string stem = stem_of(method != nullptr ? std::string(method->as_string())
                                                       : asked.at(object.at("id").as_int64()));
    std::string section = "answers";
    if (method != nullptr) section = object.contains("id") ? "requests" : "notifications";
    const bool error = object.contains("error");
    EXPECT_EQ(faults(reference_of(error ? "errors" : stem, section), message), "") << line;
  }
}

TEST(Schemas, GoodEventsAreReadByTheHarnessToo) {
  const json::value good = read(kFolder / "examples" / "ok-event.json");
  for (const json::value& event : good.at("events").as_array())
    EXPECT_TRUE(parse_event(event).has_value()) << event;
}

}  // namespace
}  // namespace busproof::contract
