// The SQL of schema/sqlite.sql, put into the program when it is built.
#pragma once

namespace reference::schema {

/// Makes what is missing; harmless when repeated.
extern const char* const kSqlite;

}  // namespace reference::schema
