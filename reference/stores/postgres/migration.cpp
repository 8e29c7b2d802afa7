#include "reference/stores/postgres/migration.hpp"

#include <fmt/format.h>

#include "reference/schema/postgres.hpp"
#include "reference/stores/postgres/connection.hpp"

namespace reference::stores::postgres {
namespace {

using core::Result;
using core::StoreError;

// Others may be at it, and an old table may be large.
constexpr core::Ms kAtMost{300'000};
constexpr std::int64_t kOldestServer = 140'000;

[[noreturn]] void refuse(const std::string& why) {
  throw Failure(StoreError::did_not_happen(why), false);
}

// Roles belong to the whole cluster: another database's migration may be making it right now.
constexpr const char* kMakeRole = R"sql(
DO $body$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'message_bus_app') THEN
    BEGIN
      CREATE ROLE message_bus_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'message_bus_app', 'MEMBER') THEN
    GRANT message_bus_app TO CURRENT_USER;
  END IF;
END $body$)sql";

void check_role(Connection& connection) {
  const auto role = connection.execute(
      "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'message_bus_app'");
  if (role.size() == 1 && role.truth(0, 0))
    refuse(
        "the role message_bus_app may see every session's messages: ALTER ROLE message_bus_app "
        "NOSUPERUSER NOBYPASSRLS");
}

std::int64_t version_of(Connection& connection) {
  connection.execute("CREATE TABLE IF NOT EXISTS message_bus_schema (version integer NOT NULL)");
  const auto version = connection.execute("SELECT max(version) FROM message_bus_schema");
  return version.is_null(0, 0) ? 0 : version.integer(0, 0);
}

// Where one schema alone is named it is a bus' own.
void make_schema(Connection& connection) {
  const auto path =
      connection.execute("SELECT current_setting('search_path'), current_schema() IS NULL");
  const std::string named(path.text(0, 0));
  if (path.truth(0, 1) && named.find(',') == std::string::npos)
    connection.execute("CREATE SCHEMA IF NOT EXISTS " + named);
}

void bring_up(Connection& connection) {
  connection.execute("SELECT pg_advisory_xact_lock(hashtext('message_bus schema'))");
  make_schema(connection);
  const auto scripts = schema::postgres_scripts();
  const auto known = static_cast<std::int64_t>(scripts.size());
  const auto seen = version_of(connection);
  if (seen < 0 || seen > known)
    refuse(
        fmt::format("the data is of schema {}, and this refbus knows none above {}; start the "
                    "refbus that wrote it, or a later one",
                    seen, known));
  if (seen < known) {
    connection.execute(kMakeRole);
    for (const char* script : scripts.subspan(static_cast<std::size_t>(seen)))
      connection.execute(script);
    connection.execute(fmt::format(
        "DELETE FROM message_bus_schema; INSERT INTO message_bus_schema VALUES ({})", known));
  }
  check_role(connection);
}

}  // namespace

Result<Surveyed> survey(const std::string& dsn) {
  Connection connection(dsn);
  try {
    connection.open();
    const auto found = connection.execute(
        "SELECT current_setting('server_encoding'), current_setting('server_version_num')::int, "
        "current_setting('fsync')::bool AND current_setting('full_page_writes')::bool");
    if (const auto encoding = found.text(0, 0); encoding != "UTF8")
      refuse(fmt::format("the database's texts are {}, and refbus needs UTF8", encoding));
    if (found.integer(0, 1) < kOldestServer)
      refuse("this server is older than PostgreSQL 14, the oldest that refbus knows");
    return Surveyed{found.truth(0, 2)};
  } catch (const Failure& failure) {
    return tl::unexpected(failure.error);
  }
}

Result<void> migrate(const std::string& dsn) {
  Connection connection(dsn, kAtMost);
  try {
    connection.open();
    connection.execute("BEGIN");
    bring_up(connection);
    connection.commit();
    return {};
  } catch (const Failure& failure) {
    connection.rollback();
    return tl::unexpected(failure.error);
  }
}

}  // namespace reference::stores::postgres
