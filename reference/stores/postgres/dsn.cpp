// By libpq's own parser, so that both of its forms and all of its settings work. Source: CFG-2.
#include "reference/stores/postgres/dsn.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>

#include "reference/stores/postgres/values.hpp"

namespace reference::stores::postgres {
namespace {

using core::Result;
using core::StoreError;
using Settings = std::map<std::string, std::string>;

// An address may hold a password, and the parser repeats what it did not understand.
std::string without(std::string text, const std::string& secret) {
  const auto at = secret.empty() ? std::string::npos : text.find(secret);
  return at == std::string::npos ? text : text.replace(at, secret.size(), "...");
}

Result<Settings> parse(const std::string& address) {
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(address.c_str(), &why), PQconninfoFree);
  if (!options) {
    std::string detail = why == nullptr ? "no memory" : why;
    PQfreemem(why);
    while (detail.ends_with('\n')) detail.pop_back();
    return tl::unexpected(StoreError::did_not_happen(
        "this is no address of a PostgreSQL database: " + without(detail, address)));
  }
  Settings settings;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) settings[option->keyword] = option->val;
  return settings;
}

// PostgreSQL cuts longer names off, and what two of them begin with may be the same.
constexpr std::size_t kNameBytesMax = 63;

std::string bounded(const std::string& schema) {
  if (schema.size() <= kNameBytesMax) return schema;
  return "bus " + key_of(schema);
}

/// A setting that names the one schema, as the command line of a server session has it.
std::string search_path(const std::string& schema) {
  std::string text = "-csearch_path=\"";
  for (const char c : schema) {
    if (c == ' ' || c == '\\') text += '\\';
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

Result<std::string> complete_dsn(const std::string& address, const std::string& password,
                                 const std::string& schema) {
  // What a parser would take for a database's name or half of a setting, and nobody means so.
  if (address.starts_with("http://") || address.starts_with("https://"))
    return tl::unexpected(StoreError::did_not_happen(
        "the address of the PostgreSQL database is wanted (postgresql://USER@HOST:PORT/DATABASE), "
        "not that of a web interface"));
  auto parsed = parse(address);
  if (!parsed) return tl::unexpected(parsed.error());
  auto& settings = *parsed;
  if (!password.empty()) settings.try_emplace("password", password);
  for (const auto& [name, value] : Settings{{"connect_timeout", "3"},
                                            {"tcp_user_timeout", "10000"},
                                            {"keepalives_idle", "5"},
                                            {"keepalives_interval", "2"},
                                            {"keepalives_count", "3"},
                                            {"application_name", "refbus"}})
    settings.try_emplace(name, value);
  settings["client_encoding"] = "UTF8";
  if (!schema.empty()) {
    auto& options = settings["options"];
    options += (options.empty() ? "" : " ") + search_path(bounded(schema));
  }
  std::string text;
  for (const auto& [name, value] : settings)
    text += (text.empty() ? "" : " ") + name + "=" + quoted(value);
  return text;
}

std::string shown_dsn(const std::string& address) {
  const auto parsed = parse(address);
  if (!parsed) return "PostgreSQL";
  std::string text;
  for (const char* name : {"host", "port", "dbname", "user"})
    if (const auto found = parsed->find(name); found != parsed->end())
      text += (text.empty() ? "" : " ") + std::string(name) + "=" + found->second;
  return "PostgreSQL (" + text + ")";
}

}  // namespace reference::stores::postgres
