#include "suites/targets/outside.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fixtures/backends/copy.hpp"
#include "fixtures/backends/server_store.hpp"

namespace busproof::targets {

using contract::Result;

namespace {

std::string one_by_one(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, ";\n"));
}

}  // namespace

Result<std::int64_t> damage(const Target& target, const std::string& backend,
                            const std::string& statements, const backends::Values& values) {
  if (const Lodging* lodging = target.lodging(backend))
    return backends::alter(lodging->space->for_harness(), lodging->space->prefix(), statements,
                           values);
  return backends::alter(target.backends().at(backend).where, statements, values);
}

Result<std::int64_t> rows(const Target& target, const std::string& backend) {
  const Backend& store = target.backends().at(backend);
  if (const Lodging* lodging = target.lodging(backend))
    return backends::count_rows(lodging->space->for_harness(), lodging->space->prefix(),
                                store.rows);
  return backends::count_rows(store.where, store.rows);
}

std::optional<Result<std::int64_t>> rows_seen(const Target& target, const std::string& backend,
                                              backends::Eyes eyes) {
  const Lodging* lodging = target.lodging(backend);
  if (lodging == nullptr || lodging->space->for_harness().kind != backends::Kind::postgres)
    return std::nullopt;
  return backends::rows_seen(lodging->space->for_harness(), target.backends().at(backend).rows,
                             eyes);
}

Result<std::int64_t> archived(const Target& target, const std::string& backend,
                              const backends::Values& values) {
  const Backend& store = target.backends().at(backend);
  if (const Lodging* lodging = target.lodging(backend))
    return backends::rows_found(lodging->space->for_harness(), lodging->space->prefix(),
                                store.archive, values);
  return backends::rows_found(store.where, store.archive, values);
}

Result<void> put(const Target& target, const Older& older) {
  for (const auto& [name, texts] : older.put) {
    const Lodging* lodging = target.lodging(name);
    auto done = lodging == nullptr
                    ? backends::create(target.backends().at(name).where, one_by_one(texts))
                    : backends::put(*lodging->space, texts);
    if (!done)
      return contract::refused(
          "unavailable", fmt::format("older {}: {}: {}", older.name, name, done.error().detail()));
  }
  return {};
}

}  // namespace busproof::targets
