// SQLite, opened once and watched closely. Source: DUR-2, DUR-4, DUR-6, DUR-8.
#include "reference/stores/sqlite/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <cassert>
#include <filesystem>
#include <fstream>

namespace reference::stores::sqlite {
namespace {

namespace fs = std::filesystem;
using core::Result;
using core::StoreError;

// "rbus", so that a foreign database is never taken for ours.
constexpr std::int64_t kApplicationId = 0x72627573;
// A whole check reads the file once and takes 0.8 ms of processor time a MiB: a second or two here,
// the disk's speed allowing. Above this damage shows when it is read.
constexpr std::uintmax_t kCheckedBytesMost = 1024ULL * 1'048'576;
constexpr int kBusyMs = 5'000;

// An error while writing out may leave the transaction in the file.
StoreError to_error(int code, const std::string& detail) {
  const bool io = (code & 0xFF) == SQLITE_IOERR;
  return io ? StoreError::may_have_happened(detail) : StoreError::did_not_happen(detail);
}

void sync_directory(const std::string& directory) {
  const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  ::fsync(handle);
  ::close(handle);
}

std::int64_t pragma(sqlite3* handle, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  std::int64_t value = 0;
  if (sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW)
    value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

// "ok", or what SQLite found wrong.
std::string quick_check(sqlite3* handle) {
  sqlite3_stmt* statement = nullptr;
  std::string found = "unreadable";
  if (sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW)
    found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  return found;
}

}  // namespace

Result<std::shared_ptr<Database>> Database::open(const std::string& directory, bool power_loss) {
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed)
    return tl::unexpected(
        StoreError::did_not_happen("cannot make " + directory + ": " + failed.message()));
  const std::shared_ptr<Database> database(new Database());
  database->power_loss_ = power_loss;
  if (auto locked = database->lock(directory); !locked) return tl::unexpected(locked.error());

  const std::string path = directory + "/refbus.db";
  const std::string marker = directory + "/refbus.made";
  const bool empty = !fs::exists(path, failed) || fs::file_size(path, failed) == 0;
  if (fs::exists(marker, failed) && empty)
    return tl::unexpected(StoreError::did_not_happen(
        path + " is missing or empty, though " + marker +
        " says there was one; restore it, or remove the directory to begin anew"));
  if (auto opened = database->open_file(path); !opened) return tl::unexpected(opened.error());
  sync_directory(directory);
  std::ofstream(marker).put('\n');
  sync_directory(directory);
  return database;
}

Result<void> Database::lock(const std::string& directory) {
  const std::string path = directory + "/refbus.lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return tl::unexpected(
        StoreError::did_not_happen("another process holds " + path + " or it cannot be made"));
  return {};
}

Result<void> Database::open_file(const std::string& path) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK)
    return tl::unexpected(StoreError::did_not_happen("cannot open " + path));
  sqlite3_busy_timeout(handle_, kBusyMs);
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (size > 0) {
    if (size <= kCheckedBytesMost) {
      if (const auto found = quick_check(handle_); found != "ok")
        return tl::unexpected(StoreError::did_not_happen(path + " is damaged: " + found));
    }
    const auto application = pragma(handle_, "PRAGMA application_id");
    if (application != kApplicationId)
      return tl::unexpected(StoreError::did_not_happen(path + " is damaged or no refbus database"));
  }
  return execute(
      "PRAGMA application_id = 1919055219;"  // kApplicationId
      "PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = FULL;"
      "PRAGMA wal_autocheckpoint = 4000;"
      "PRAGMA cache_size = -8192;"
      "PRAGMA temp_store = MEMORY;");
}

Database::~Database() {
  if (handle_ != nullptr) sqlite3_close_v2(handle_);
  if (lock_ >= 0) ::close(lock_);
}

void Database::note(int code) {
  if (code_ != 0) return;
  code_ = code;
  detail_ = sqlite3_errmsg(handle_);
}

void Database::run(const char* sql) {
  if (failed()) return;
  if (const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK)
    note(sqlite3_extended_errcode(handle_));
}

Database::Hold::Hold(Database& database) : database_(database), lock_(database.mutex_) {
  database_.holder_ = std::this_thread::get_id();
}

Database::Hold::~Hold() { database_.holder_ = std::thread::id(); }

void Database::begin(bool synced) {
  assert(is_held());
  wanted_ = synced;
  synced = synced && power_loss_;
  if (synced != synced_) {
    run(synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    synced_ = synced;
  }
  run("BEGIN IMMEDIATE");
}

void Database::rollback() {
  if (sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Database::commit() {
  run("COMMIT");
  if (failed()) {
    rollback();
    return tl::unexpected(take_error());
  }
  lags_ = lags_ || (wanted_ && !power_loss_);
  return {};
}

// A checkpoint syncs the log before it copies it.
Result<void> Database::catch_up() {
  bool held_up = false;
  {
    Statement checkpoint(*this, "PRAGMA wal_checkpoint(PASSIVE)");
    held_up = checkpoint.row() && checkpoint.integer(0) != 0;
  }
  if (failed()) return tl::unexpected(take_error());
  if (held_up) return tl::unexpected(StoreError::did_not_happen("SQLite: the log is held"));
  lags_ = false;
  return {};
}

Result<void> Database::execute(const std::string& sql) {
  run(sql.c_str());
  if (failed()) return tl::unexpected(take_error());
  return {};
}

StoreError Database::take_error() {
  const StoreError error = to_error(code_, "SQLite: " + detail_);
  code_ = 0;
  detail_.clear();
  return error;
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_); }

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database.handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) database_.note(code);
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::reset() {
  if (handle_ != nullptr) sqlite3_reset(handle_);
}

bool Statement::row() {
  assert(database_.is_held());
  if (database_.failed() || handle_ == nullptr) return false;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.note(sqlite3_extended_errcode(database_.handle_));
  sqlite3_reset(handle_);
  return false;
}

void Statement::run() {
  while (row()) {
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
}

std::string Statement::text(int column) const { return std::string(blob(column)); }

void Statement::bind(int at, std::int64_t value) { sqlite3_bind_int64(handle_, at, value); }

void Statement::bind(int at, const std::string& text) {
  sqlite3_bind_text64(handle_, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind(int at, const Blob& blob) {
  // A null pointer would bind NULL, which is not the empty blob.
  const char* bytes = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  sqlite3_bind_blob64(handle_, at, bytes, blob.bytes.size(), SQLITE_STATIC);
}

void Statement::bind(int at, std::nullopt_t) { sqlite3_bind_null(handle_, at); }

}  // namespace reference::stores::sqlite
