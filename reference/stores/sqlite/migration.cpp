#include "reference/stores/sqlite/migration.hpp"

#include <fmt/format.h>

#include "reference/schema/sqlite.hpp"

namespace reference::stores::sqlite {
namespace {

using core::Result;
using core::StoreError;

std::int64_t version_of(Database& database) {
  Statement version(database, "PRAGMA user_version");
  return version.row() ? version.integer(0) : 0;
}

Result<void> run_from(Database& database, std::size_t seen) {
  const auto scripts = schema::sqlite_scripts();
  for (const char* script : scripts.subspan(seen))
    if (auto ran = database.execute(script); !ran) return ran;
  return database.execute(fmt::format("PRAGMA user_version = {}", scripts.size()));
}

}  // namespace

Result<void> migrate(Database& database) {
  const auto known = static_cast<std::int64_t>(schema::sqlite_scripts().size());
  const auto held = database.hold();
  database.begin(true);
  const auto seen = version_of(database);
  if (seen == known) return database.commit();
  if (seen < 0 || seen > known) {
    database.rollback();
    return tl::unexpected(StoreError::did_not_happen(
        fmt::format("the data is of schema {}, and this refbus knows none above {}; start the "
                    "refbus that wrote it, or a later one",
                    seen, known)));
  }
  if (auto ran = run_from(database, static_cast<std::size_t>(seen)); !ran) {
    database.rollback();
    return ran;
  }
  return database.commit();
}

}  // namespace reference::stores::sqlite
