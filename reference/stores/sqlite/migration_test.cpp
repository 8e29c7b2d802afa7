// Older data is brought to today's schema, newer data is left alone. Rule DUR-6.
#include "reference/stores/sqlite/migration.hpp"

#include <gtest/gtest.h>

#include <string>

#include "reference/schema/sqlite.hpp"
#include "reference/stores/temporary.hpp"

namespace reference::stores::sqlite {
namespace {

std::int64_t version_of(Database& database) {
  const auto held = database.hold();
  Statement version(database, "PRAGMA user_version");
  return version.row() ? version.integer(0) : -1;
}

// Every table, index and trigger with its columns, in order of their names.
std::string shape_of(Database& database) {
  const auto held = database.hold();
  Statement columns(
      database,
      "SELECT m.type, m.name, c.name, c.type, c.\"notnull\", c.pk "
      "FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c ORDER BY m.name, c.cid");
  std::string shape;
  while (columns.row()) {
    for (int column = 0; column < 6; ++column) shape += columns.text(column) + ' ';
    shape += '\n';
  }
  return shape;
}

std::int64_t todays_version() { return static_cast<std::int64_t>(schema::sqlite_scripts().size()); }

TEST(Migration, MakesAnEmptyDatabaseAndIsHarmlessWhenRepeated) {
  TemporaryDirectory directory;
  auto database = *Database::open(directory.path());
  ASSERT_TRUE(migrate(*database));
  EXPECT_EQ(version_of(*database), todays_version());
  const auto shape = shape_of(*database);
  EXPECT_NE(shape.find("table message seq INTEGER"), std::string::npos) << shape;
  ASSERT_TRUE(migrate(*database));
  EXPECT_EQ(shape_of(*database), shape);
}

TEST(Migration, BringsEveryOlderSchemaToTodays) {
  TemporaryDirectory fresh;
  auto today = *Database::open(fresh.path());
  ASSERT_TRUE(migrate(*today));
  for (std::size_t old = 1; old <= schema::sqlite_scripts().size(); ++old) {
    TemporaryDirectory directory;
    auto database = *Database::open(directory.path());
    for (const char* script : schema::sqlite_scripts().first(old))
      ASSERT_TRUE(database->execute(script));
    ASSERT_TRUE(database->execute("PRAGMA user_version = " + std::to_string(old)));
    ASSERT_TRUE(database->execute("UPDATE totals SET published = 7"));
    ASSERT_TRUE(migrate(*database)) << "from " << old;
    EXPECT_EQ(shape_of(*database), shape_of(*today)) << "from " << old;
    const auto held = database->hold();
    Statement kept(*database, "SELECT published FROM totals");
    ASSERT_TRUE(kept.row());
    EXPECT_EQ(kept.integer(0), 7) << "from " << old;
  }
}

TEST(Migration, LeavesNewerDataAlone) {
  TemporaryDirectory directory;
  auto database = *Database::open(directory.path());
  const auto newer = std::to_string(todays_version() + 1);
  ASSERT_TRUE(database->execute("PRAGMA user_version = " + newer));
  const auto refused = migrate(*database);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail().find("schema " + newer), std::string::npos)
      << refused.error().detail();
  EXPECT_EQ(version_of(*database), todays_version() + 1);
  EXPECT_EQ(shape_of(*database), "");
}

TEST(Migration, ThatFailsHalfWayLeavesTheDataAsItWas) {
  TemporaryDirectory directory;
  auto database = *Database::open(directory.path());
  ASSERT_TRUE(database->execute("CREATE TABLE totals (stranger)"));
  EXPECT_FALSE(migrate(*database));
  EXPECT_EQ(version_of(*database), 0);
  EXPECT_EQ(shape_of(*database), "table totals stranger  0 0 \n");
}

}  // namespace
}  // namespace reference::stores::sqlite
