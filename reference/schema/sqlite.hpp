// The SQL scripts of schema/sqlite, put into the program when it is built.
#pragma once

#include <span>

namespace reference::schema {

/// In order: script n (from 1) turns data of schema n - 1 into data of schema n; 0 is an empty
/// database. A script that was released never changes.
std::span<const char* const> sqlite_scripts();

}  // namespace reference::schema
