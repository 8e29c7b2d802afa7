#include "reference/bench/place.hpp"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "reference/stores/postgres/dsn.hpp"

namespace reference::bench {

namespace postgres = stores::postgres;

namespace {
constexpr int kOneByOne = 3'000;
}

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::vector<int> windows_of(int argc, char** argv) {
  std::vector<int> windows;
  for (int i = 1; i < argc; ++i) windows.push_back(std::atoi(argv[i]));
  return windows.empty() ? std::vector{64, 512} : windows;
}

Config config_of(const std::filesystem::path& folder) {
  Config config;
  if (const auto error = read_environment(config, from_environment))
    throw std::runtime_error(error->message);
  config.data = folder.string();
  config.postgres.schema = folder.parent_path().filename().string() + folder.filename().string();
  config.redis_prefix = config.data + ':';
  return config;
}

Scratch::Scratch(const Config& config) : schema_(config.postgres.schema) {
  if (config.store != StoreKind::postgres) return;
  const auto& place = config.postgres;
  const auto dsn = postgres::complete_dsn(place.address, place.password, schema_);
  if (!dsn) throw std::runtime_error(dsn.error().detail());
  connection_ = std::make_unique<postgres::Connection>(*dsn);
  connection_->open();
  drop();
}

Scratch::~Scratch() {
  if (connection_) drop();
}

std::optional<double> Scratch::one_by_one(std::size_t bytes) {
  if (!connection_) return std::nullopt;
  connection_->execute("CREATE SCHEMA IF NOT EXISTS \"" + schema_ + "\";" +
                       "CREATE TABLE one_by_one (id bigserial PRIMARY KEY, body text)");
  constexpr postgres::Query kInsert{"one", "INSERT INTO one_by_one (body) VALUES ($1)"};
  const auto body = postgres::args(std::string(bytes, 'x'));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kOneByOne; ++i) connection_->run(kInsert, body);
  return kOneByOne /
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Scratch::drop() { connection_->execute("DROP SCHEMA IF EXISTS \"" + schema_ + "\" CASCADE"); }

}  // namespace reference::bench
