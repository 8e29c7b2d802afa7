#include "suites/targets/target_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include "suites/targets/target_backends.hpp"
#include "suites/targets/yaml_words.hpp"

namespace busproof::targets {
namespace {

using contract::refused;
using contract::Result;

Ready ready_of(const YAML::Node& node) {
  Ready ready;
  if (!node) return ready;
  check_keys(node, "launch.ready", {"http", "tcp", "log", "command", "within"});
  if (node["within"]) ready.within = duration_of(node["within"], "launch.ready.within");
  if (node["command"]) {
    ready.how = Ready::How::command;
    ready.command = words_of(node["command"], "launch.ready.command");
  }
  const std::pair<const char*, Ready::How> texts[] = {
      {"http", Ready::How::http}, {"tcp", Ready::How::tcp}, {"log", Ready::How::log}};
  for (const auto& [key, how] : texts) {
    if (!node[key]) continue;
    ready.how = how;
    ready.what = text_of(node[key], fmt::format("launch.ready.{}", key));
  }
  return ready;
}

Launch launch_of(const YAML::Node& node) {
  check_keys(node, "launch", {"command", "env", "ready", "clock"});
  if (!node["command"]) wrong(node, "launch needs a command");
  if (node["clock"] && text_of(node["clock"], "launch.clock") != "faketime")
    wrong(node["clock"], "launch.clock must be faketime");
  return {words_of(node["command"], "launch.command"), environment_of(node["env"], "launch.env"),
          ready_of(node["ready"]), static_cast<bool>(node["clock"])};
}

Connect connect_of(const YAML::Node& node) {
  check_keys(node, "connect", {"websocket", "tcp", "unix", "stdio", "env"});
  Connect connect;
  connect.env = environment_of(node["env"], "connect.env");
  const std::pair<const char*, Connect::How> addresses[] = {{"websocket", Connect::How::websocket},
                                                            {"tcp", Connect::How::tcp},
                                                            {"unix", Connect::How::unix_socket}};
  int ways = 0;
  for (const auto& [key, how] : addresses) {
    if (!node[key]) continue;
    ++ways;
    connect.how = how;
    connect.address = text_of(node[key], fmt::format("connect.{}", key));
  }
  if (node["stdio"]) {
    ++ways;
    const bool launch = node["stdio"].IsScalar() && node["stdio"].as<std::string>() == "launch";
    connect.how = launch ? Connect::How::stdio_launch : Connect::How::stdio;
    if (!launch) connect.command = words_of(node["stdio"], "connect.stdio");
  }
  if (ways != 1) wrong(node, "connect must name one of websocket, tcp, unix, stdio");
  return connect;
}

Http http_of(const YAML::Node& node) {
  Http http;
  if (!node) return http;
  check_keys(node, "http", {"base", "live", "ready", "metrics", "connections", "connection_stats"});
  if (!node["base"]) wrong(node, "http needs a base, http://HOST:PORT or https://HOST:PORT");
  http.base = text_of(node["base"], "http.base");
  for (const auto& [name, page] :
       {std::pair("live", &http.live), std::pair("ready", &http.ready),
        std::pair("metrics", &http.metrics), std::pair("connections", &http.connections),
        std::pair("connection_stats", &http.connection_stats)}) {
    if (!node[name]) continue;
    *page = text_of(node[name], fmt::format("http.{}", name));
    if (!page->starts_with('/'))
      wrong(node[name], fmt::format("http.{0} is \"{1}\"; write it as /{1}", name, *page));
  }
  return http;
}

bool has_secure_address(const TargetFile& target) {
  return is_secure(target.connect.address) || is_secure(target.control) ||
         is_secure(target.http.base) || (target.launch && is_secure(target.launch->ready.what));
}

/// Only read where a target has it.
Tls tls_of(const YAML::Node& node, const TargetFile& target) {
  check_keys(node, "tls", {"ca", "certificate", "key", "insecure", "made"});
  Tls tls;
  for (const auto& [key, text] :
       {std::pair("ca", &tls.ca), std::pair("certificate", &tls.certificate),
        std::pair("key", &tls.key)})
    if (node[key]) *text = text_of(node[key], fmt::format("tls.{}", key));
  for (const auto& [key, yes] :
       {std::pair("insecure", &tls.insecure), std::pair("made", &tls.made)}) {
    if (!node[key]) continue;
    const std::string said = text_of(node[key], fmt::format("tls.{}", key));
    if (said != "true" && said != "false")
      wrong(node[key], fmt::format("tls.{} is \"{}\"; it is true or false", key, said));
    *yes = said == "true";
  }
  if (tls.certificate.empty() != tls.key.empty())
    wrong(node, "tls.certificate and tls.key go together");
  if (tls.made && (tls.insecure || !tls.ca.empty() || !tls.certificate.empty()))
    wrong(node, "tls.made stands alone: all else is made then");
  if (tls.made && !target.launch) wrong(node, "tls.made needs a launch, which is told the files");
  if (!has_secure_address(target))
    wrong(node, "tls is for addresses with wss:// or https://, and there is none");
  return tls;
}

Auth::Carry carry_of(const YAML::Node& node) {
  const std::string carry = text_of(node, "auth.carry");
  if (carry == "hello") return Auth::Carry::hello;
  if (carry == "header") return Auth::Carry::header;
  if (carry == "subprotocol") return Auth::Carry::subprotocol;
  wrong(node, fmt::format("auth.carry is \"{}\"; it is hello, header or subprotocol", carry));
}

Auth auth_of(const YAML::Node& node) {
  check_keys(node, "auth", {"jwt", "tokens", "carry"});
  Auth auth;
  const YAML::Node jwt = node["jwt"], tokens = node["tokens"];
  if (static_cast<bool>(jwt) == static_cast<bool>(tokens))
    wrong(node, "auth must say how tokens are made (jwt) or name some (tokens)");
  if (node["carry"]) auth.carry = carry_of(node["carry"]);
  const auto read = [](const YAML::Node& from, const std::string& where,
                       std::initializer_list<std::pair<const char*, std::string*>> texts) {
    for (const auto& [key, text] : texts)
      if (from[key]) *text = text_of(from[key], where + key);
  };
  if (tokens) {
    check_keys(tokens, "auth.tokens", {"good", "expired"});
    read(tokens, "auth.tokens.", {{"good", &auth.good}, {"expired", &auth.expired}});
    if (auth.good.empty()) wrong(tokens, "auth.tokens needs one that is good");
    return auth;
  }
  check_keys(jwt, "auth.jwt", {"algorithm", "secret", "private_key", "audience", "issuer"});
  read(jwt, "auth.jwt.",
       {{"algorithm", &auth.algorithm},
        {"secret", &auth.secret},
        {"private_key", &auth.private_key},
        {"audience", &auth.audience},
        {"issuer", &auth.issuer}});
  const std::vector<std::string> known = {"HS256", "RS256", "ES256"};
  if (std::find(known.begin(), known.end(), auth.algorithm) == known.end())
    wrong(jwt, "auth.jwt.algorithm must be HS256, RS256 or ES256");
  return auth;
}

std::map<std::string, std::optional<std::int64_t>> defaults_of(const YAML::Node& node) {
  std::map<std::string, std::optional<std::int64_t>> defaults;
  for (const auto& [name, text] : environment_of(node, "defaults")) {
    static const std::regex kForm("-?[0-9]{1,18}");
    if (text != "none" && !std::regex_match(text, kForm))
      wrong(node, fmt::format("defaults.{} is \"{}\"; it is a whole number or none", name, text));
    defaults[name] = text == "none" ? std::nullopt : std::optional(std::stoll(text));
  }
  return defaults;
}

Signs signs_of(const YAML::Node& node) {
  Signs signs;
  if (!node) return signs;
  check_keys(node, "signs", {"fallbacks", "breaker", "latency"});
  const std::pair<const char*, std::string*> names[] = {
      {"fallbacks", &signs.fallbacks}, {"breaker", &signs.breaker}, {"latency", &signs.latency}};
  for (const auto& [key, name] : names)
    if (node[key]) *name = text_of(node[key], fmt::format("signs.{}", key));
  return signs;
}

int nodes_of(const YAML::Node& node, const TargetFile& target) {
  constexpr int kMost = 16;
  const std::string text = text_of(node, "nodes");
  const bool number =
      !text.empty() && text.size() < 3 && text.find_first_not_of("0123456789") == std::string::npos;
  const int count = number ? std::stoi(text) : 0;
  if (count < 1 || count > kMost)
    wrong(node, fmt::format("nodes is \"{}\"; it is a number from 1 to {}", text, kMost));
  if (count > 1 && (!target.launch || target.connect.how == Connect::How::stdio_launch))
    wrong(node, "nodes need a launch, and connections to what it has launched");
  return count;
}

TargetFile target_of(const YAML::Node& root, const Files& files) {
  check_keys(root, "a target",
             {"name", "launch", "connect", "control", "http", "tls", "auth", "backends", "variants",
              "corrupt", "rows", "archive", "older", "nodes", "profile", "defaults", "signs"});
  if (!root["connect"]) wrong(root, "a target needs connect");
  TargetFile target;
  if (root["name"]) target.name = text_of(root["name"], "name");
  if (root["launch"]) target.launch = launch_of(root["launch"]);
  target.connect = connect_of(root["connect"]);
  if (target.connect.how == Connect::How::stdio_launch && !target.launch)
    wrong(root["connect"], "connect.stdio: launch needs a launch");
  if (const YAML::Node control = root["control"]; control) {
    check_keys(control, "control", {"websocket", "connection"});
    if (control["websocket"]) target.control = text_of(control["websocket"], "control.websocket");
    if (control["connection"]) target.control_on_connection = control["connection"].as<bool>();
  }
  target.http = http_of(root["http"]);
  if (root["tls"]) target.tls = tls_of(root["tls"], target);
  if (root["auth"]) target.auth = auth_of(root["auth"]);
  if (const YAML::Node variants = root["variants"]; variants && !variants.IsMap())
    wrong(variants, "variants must be a map of names to maps of variables");
  else if (variants)
    for (const auto& variant : variants)
      target.variants[variant.first.as<std::string>()] = environment_of(variant.second, "variants");
  target.defaults = defaults_of(root["defaults"]);
  target.signs = signs_of(root["signs"]);
  target.backends = all_backends_of(root);
  target.older = older_of(root["older"], target.backends, files);
  if (root["nodes"]) target.nodes = nodes_of(root["nodes"], target);
  if (root["profile"]) target.profile = text_of(root["profile"], "profile");
  return target;
}

}  // namespace

Result<TargetFile> parse_target(const std::string& text, const std::string& origin,
                                const std::filesystem::path& folder, const Environment& beside) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) return refused("bad_target", origin + ": a target file is a YAML map");
    TargetFile target = target_of(root, {folder, beside});
    target.origin = origin;
    target.folder = folder;
    if (target.name.empty()) target.name = std::filesystem::path(origin).stem().string();
    return target;
  } catch (const Wrong& found) {
    return refused("bad_target",
                   fmt::format("{}, line {}: {}", origin, found.line + 1, found.what));
  } catch (const YAML::Exception& found) {  // yaml-cpp reports by exception alone.
    return refused("bad_target",
                   fmt::format("{}, line {}: {}", origin, found.mark.line + 1, found.msg));
  }
}

Result<TargetFile> read_target(const std::filesystem::path& path) {
  std::error_code ignored;
  std::ifstream file(path);
  const int error = std::filesystem::is_directory(path, ignored) ? EISDIR : errno;
  if (!file || error == EISDIR)
    return refused("bad_target",
                   fmt::format("{}: cannot be read: {}", path.string(), std::strerror(error)));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return parse_target(text, path.string(), std::filesystem::absolute(path).parent_path());
}

Result<std::string> substitute(const std::string& text, const Environment& values) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find("${", at);
    const std::size_t close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) return out + text.substr(at);
    const std::string name = text.substr(open + 2, close - open - 2);
    const auto found = values.find(name);
    if (found == values.end()) {
      std::vector<std::string> known;
      for (const auto& [key, value] : values) known.push_back(key);
      return refused("bad_target", fmt::format("${{{}}} is not known; known are {}", name,
                                               fmt::join(known, ", ")));
    }
    out += text.substr(at, open - at) + found->second;
    at = close + 1;
  }
  return out;
}

}  // namespace busproof::targets
