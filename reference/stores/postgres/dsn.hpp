// Where PostgreSQL is, as an operator writes it, and as a connection is opened with it.
//
// Threads: values only. Errors: StoreError, in libpq's own words; never with the password.
#pragma once

#include <string>

#include "reference/core/result.hpp"

namespace reference::stores::postgres {

/// `postgresql://user@host:port/database?...` or `host=... dbname=...` made into what a connection
/// is opened with: the password added where the address holds none, connecting bounded to 3 s, a
/// silent network noticed within 10 s, UTF-8. `schema`, where given, is where everything is then;
/// one of more than 63 bytes is known by a digest.
core::Result<std::string> complete_dsn(const std::string& address, const std::string& password,
                                       const std::string& schema = "");

/// The address for logs and people: host, port, database and user, and nothing that is secret.
std::string shown_dsn(const std::string& address);

}  // namespace reference::stores::postgres
