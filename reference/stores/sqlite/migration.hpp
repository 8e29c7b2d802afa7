// Brings a database to the schema that this build knows.
//
// Threads: before the store's lane starts. Errors: StoreError, and then the data is as it was.
// Source: DUR-6.
#pragma once

#include "reference/stores/sqlite/database.hpp"

namespace reference::stores::sqlite {

/// Runs the scripts that the database has not seen, in one transaction; harmless when repeated.
/// Refuses data of a newer schema: what this build does not know it would not keep.
core::Result<void> migrate(Database& database);

}  // namespace reference::stores::sqlite
