// Brings a PostgreSQL schema to the one that this build knows.
//
// Threads: before the store's lane starts. Errors: StoreError, and then the data is as it was.
// Source: DUR-6, NODE-4.
#pragma once

#include <string>

#include "reference/core/result.hpp"

namespace reference::stores::postgres {

/// Runs the scripts that the schema has not seen, in one transaction; harmless when repeated, and
/// from many nodes at once: they wait for each other. Makes the role that the bus works as where it
/// is missing. Refuses data of a newer schema.
core::Result<void> migrate(const std::string& dsn);

/// What a server is like that answers.
struct Surveyed {
  bool power_loss = true;  ///< What it committed survives a power cut, by its own settings.
};

/// Tells whether it can be reached and used at all: of version 14 or later, its texts UTF-8.
/// Changes nothing.
core::Result<Surveyed> survey(const std::string& dsn);

}  // namespace reference::stores::postgres
