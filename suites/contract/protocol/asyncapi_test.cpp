// The AsyncAPI document: every method is an operation with its messages, and every reference leads
// somewhere.

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>
#include <boost/json.hpp>

#include "suites/contract/methods.hpp"

namespace busproof::contract {
namespace {

const std::filesystem::path kFolder = BUSPROOF_PROTOCOL_FOLDER;

const YAML::Node& document() {
  static const YAML::Node loaded = YAML::LoadFile((kFolder / "asyncapi.yaml").string());
  return loaded;
}

// Follows "/a/b" below `node`; an undefined node when it leads nowhere.
YAML::Node follow(const YAML::Node& node, std::string_view pointer) {
  if (pointer.empty()) return node;
  const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
  const YAML::Node next = node[std::string(pointer.substr(1, end - 1))];
  if (!next.IsDefined()) return YAML::Node(YAML::NodeType::Undefined);
  return follow(next, pointer.substr(end));
}

bool leads_somewhere(const std::string& reference) {
  const std::size_t hash = reference.find('#');
  const std::string file = reference.substr(0, hash);
  const std::string pointer = reference.substr(hash + 1);
  if (file.empty()) return follow(document(), pointer).IsDefined();
  std::ifstream stream(kFolder / file);
  std::stringstream text;
  text << stream.rdbuf();
  boost::json::error_code error;
  return stream && boost::json::parse(text.str()).find_pointer(pointer, error) != nullptr;
}

void gather(const YAML::Node& node, std::set<std::string>& references) {
  if (node.IsSequence())
    for (const YAML::Node& item : node) gather(item, references);
  if (!node.IsMap()) return;
  for (const auto& member : node) {
    if (member.first.as<std::string>() == "$ref")
      references.insert(member.second.as<std::string>());
    else
      gather(member.second, references);
  }
}

TEST(AsyncApi, EveryReferenceLeadsSomewhere) {
  std::set<std::string> references;
  gather(document(), references);
  EXPECT_GT(references.size(), 100U);
  for (const std::string& reference : references)
    EXPECT_TRUE(leads_somewhere(reference)) << reference;
  EXPECT_FALSE(leads_somewhere("#/channels/nowhere"));
  EXPECT_FALSE(leads_somewhere("schema/publish.json#/definitions/nowhere"));
  EXPECT_FALSE(leads_somewhere("schema/nowhere.json#/definitions/params"));
}

TEST(AsyncApi, EveryMethodIsAnOperationOfItsDirection) {
  EXPECT_EQ(document()["asyncapi"].as<std::string>(), "3.0.0");
  std::size_t found = 0;
  for (const auto& operation : document()["operations"]) {
    const std::string reference = operation.second["messages"][0]["$ref"].as<std::string>();
    const YAML::Node message = follow(document(), reference.substr(1));
    const std::string pointer = message["$ref"].as<std::string>().substr(1);
    const std::string name = follow(document(), pointer)["name"].as<std::string>();
    const Method* method = find_method(name);
    ASSERT_NE(method, nullptr) << name;
    const bool request = method->direction == Direction::request;
    EXPECT_EQ(operation.second["action"].as<std::string>(), request ? "receive" : "send") << name;
    EXPECT_EQ(operation.second["reply"].IsDefined(), request) << name;
    ++found;
  }
  EXPECT_EQ(found, methods().size());
}

}  // namespace
}  // namespace busproof::contract
