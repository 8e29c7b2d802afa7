// The SQL scripts of schema/postgres, put into the program when it is built.
#pragma once

#include <span>

namespace reference::schema {

/// As sqlite_scripts(): script n turns schema n - 1 into schema n, and a released one never
/// changes.
std::span<const char* const> postgres_scripts();

}  // namespace reference::schema
