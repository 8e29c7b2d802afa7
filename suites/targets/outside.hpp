// Reaching into a store past the bus, be it a file or a server: what the target file's `corrupt`,
// `rows`, `archive` and
// `older` say, carried out.
//
// Threads: any number at once.
// Errors:  "unavailable" with what the store said.
#pragma once

#include <cstdint>

#include <optional>
#include <string>

#include "fixtures/backends/server_store.hpp"
#include "fixtures/backends/sqlite_file.hpp"
#include "suites/contract/result.hpp"
#include "suites/targets/target.hpp"

namespace busproof::targets {

/// Carries out that damage; how much it changed.
contract::Result<std::int64_t> damage(const Target& target, const std::string& backend,
                                      const std::string& statements,
                                      const backends::Values& values);

/// What the backend's `rows` counts.
contract::Result<std::int64_t> rows(const Target& target, const std::string& backend);

/// What the backend's `rows` counts for that role; nothing where it is no PostgreSQL server.
std::optional<contract::Result<std::int64_t>> rows_seen(const Target& target,
                                                        const std::string& backend,
                                                        backends::Eyes eyes);

/// How often the backend's `archive` finds that message.
contract::Result<std::int64_t> archived(const Target& target, const std::string& backend,
                                        const backends::Values& values);

/// Puts data of an older schema into stores that are empty.
contract::Result<void> put(const Target& target, const Older& older);

}  // namespace busproof::targets
