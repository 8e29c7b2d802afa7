// Opening a data directory: whose it is, and whether it is whole. Rules DUR-6, DUR-8.
#include "reference/stores/sqlite/database.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "reference/stores/temporary.hpp"

namespace reference::stores::sqlite {
namespace {

namespace fs = std::filesystem;

// Why it does not open; empty where it does.
std::string refusal(const std::string& directory) {
  auto database = Database::open(directory);
  return database ? "" : database.error().detail();
}

void make(const std::string& directory) {
  auto database = Database::open(directory);
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->execute("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))"));
}

void overwrite(const std::string& path, std::streamoff at, std::size_t bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file << std::string(bytes, '\x5a');
}

TEST(Database, OpensAgainAfterAnOrderlyEnd) {
  TemporaryDirectory directory;
  make(directory.path());
  EXPECT_EQ(refusal(directory.path()), "");
}

TEST(Database, IsOneProcessesAtATime) {
  TemporaryDirectory directory;
  auto first = Database::open(directory.path());
  ASSERT_TRUE(first);
  EXPECT_NE(refusal(directory.path()).find("another process"), std::string::npos);
}

TEST(Database, RefusesAMissingOrEmptyFileWhereThereWasOne) {
  TemporaryDirectory directory;
  make(directory.path());
  fs::resize_file(directory.path() + "/refbus.db", 0);
  EXPECT_NE(refusal(directory.path()).find("missing or empty"), std::string::npos);
  fs::remove(directory.path() + "/refbus.db");
  EXPECT_NE(refusal(directory.path()).find("missing or empty"), std::string::npos);
}

TEST(Database, RefusesDamage) {
  for (const std::streamoff at : {0, 20, 8192}) {
    TemporaryDirectory directory;
    make(directory.path());
    overwrite(directory.path() + "/refbus.db", at, 4'000);
    EXPECT_NE(refusal(directory.path()).find("damaged"), std::string::npos) << at;
  }
  TemporaryDirectory cut;
  make(cut.path());
  fs::resize_file(cut.path() + "/refbus.db", 50'000);
  EXPECT_NE(refusal(cut.path()).find("damaged"), std::string::npos);
}

TEST(Database, RefusesAForeignFile) {
  TemporaryDirectory directory;
  std::ofstream(directory.path() + "/refbus.db") << "a letter to a friend, not a database at all";
  EXPECT_NE(refusal(directory.path()), "");
}

TEST(Database, WithoutRoomACommitIsDefinitelyUndoneAndLaterOnesGoOn) {
  TemporaryDirectory directory;
  auto database = *Database::open(directory.path());
  const auto held = database->hold();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a)"));
  Statement insert(*database, "INSERT INTO t VALUES (zeroblob(?))"),
      count(*database, "SELECT count(*) FROM t");
  const auto commit = [&](int rows) {
    database->begin(true);
    for (int i = 0; i < rows; ++i) insert.with(3'000).run();
    return database->commit();
  };
  ASSERT_TRUE(commit(2));
  ASSERT_TRUE(database->execute("PRAGMA max_page_count = 20"));
  const auto refused = commit(100);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().definite()) << refused.error().detail();
  ASSERT_TRUE(count.with().row()) << "what was there can be read";
  EXPECT_EQ(count.integer(0), 2);
  count.reset();
  EXPECT_TRUE(commit(1)) << "what still fits is taken";
  ASSERT_TRUE(database->execute("PRAGMA max_page_count = 1000000"));
  EXPECT_TRUE(commit(100));
  ASSERT_TRUE(count.with().row());
  EXPECT_EQ(count.integer(0), 103);
}

TEST(Database, LagsOnlyWhereAPowerLossNeedNotBeSurvivedAndUntilItCatchesUp) {
  for (const bool power_loss : {true, false}) {
    TemporaryDirectory directory;
    auto database = *Database::open(directory.path(), power_loss);
    const auto held = database->hold();
    ASSERT_TRUE(database->execute("CREATE TABLE t (a)"));
    const auto commit = [&](bool synced) {
      database->begin(synced);
      Statement(*database, "INSERT INTO t VALUES (1)").run();
      return database->commit();
    };
    ASSERT_TRUE(commit(false));
    EXPECT_FALSE(database->lags()) << "nobody asked for it";
    ASSERT_TRUE(commit(true));
    EXPECT_EQ(database->lags(), !power_loss);
    ASSERT_TRUE(commit(false));
    EXPECT_EQ(database->lags(), !power_loss);
    ASSERT_TRUE(database->catch_up());
    EXPECT_FALSE(database->lags());
  }
}

TEST(Database, TheFirstErrorSticksUntilItIsTaken) {
  TemporaryDirectory directory;
  auto database = *Database::open(directory.path());
  const auto held = database->hold();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a UNIQUE)"));
  Statement insert(*database, "INSERT INTO t VALUES (?)");
  database->begin(true);
  insert.with(1).run();
  insert.with(1).run();
  insert.with(2).run();
  EXPECT_FALSE(database->commit());
  Statement count(*database, "SELECT count(*) FROM t");
  ASSERT_TRUE(count.with().row());
  EXPECT_EQ(count.integer(0), 0);
  count.reset();
  database->begin(true);
  insert.with(3).run();
  EXPECT_TRUE(database->commit());
}

}  // namespace
}  // namespace reference::stores::sqlite
