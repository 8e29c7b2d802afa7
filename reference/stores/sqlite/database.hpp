// One SQLite connection, and statements prepared once.
//
// The first error sticks: statements after it do nothing, and commit() reports it. So the code
// between begin() and commit() reads like its happy path.
// Threads: one at a time; the lanes of both stores hold() it for each of their calls.
// Errors: StoreError; after a failed commit nothing of the transaction is in the database, unless
// the disk itself failed while it was being written out.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "reference/core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace reference::stores::sqlite {

class Database {
 public:
  /// Opens `directory`/refbus.db, made if missing, in WAL mode with synchronous=FULL, or NORMAL
  /// where nothing need survive a `power_loss`, and holds a lock on the directory. Refuses a
  /// damaged file, a foreign one, one that another process holds, and a directory whose database is
  /// gone or empty though there was one.
  static core::Result<std::shared_ptr<Database>> open(const std::string& directory,
                                                      bool power_loss = true);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Keeps the other store's lane out for as long as it lives. Transactions and statements of a
  /// thread that holds nothing would mix with the other lane's: they are asserted against.
  class Hold {
   public:
    explicit Hold(Database& database);
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold();

   private:
    Database& database_;
    const std::lock_guard<std::mutex> lock_;
  };
  [[nodiscard]] Hold hold() { return Hold(*this); }

  /// `synced`: what commits is on the disk itself then, where it is to survive a power loss, and
  /// otherwise with the next catch_up(); else only safe from the process' end.
  void begin(bool synced);
  core::Result<void> commit();
  /// Whether something that committed as synced is not on the disk itself yet, since nothing need
  /// survive a power loss; and what brings it there.
  [[nodiscard]] bool lags() const { return lags_; }
  core::Result<void> catch_up();
  void rollback();
  /// Runs statements outside a transaction.
  core::Result<void> execute(const std::string& sql);

  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t last_row() const;
  [[nodiscard]] bool failed() const { return code_ != 0; }
  /// The error that stuck; clears it.
  core::StoreError take_error();

 private:
  friend class Statement;
  Database() = default;
  void run(const char* sql);
  void note(int code);
  core::Result<void> open_file(const std::string& path);
  core::Result<void> lock(const std::string& directory);

  [[nodiscard]] bool is_held() const { return holder_.load() == std::this_thread::get_id(); }

  std::mutex mutex_;
  std::atomic<std::thread::id> holder_;
  sqlite3* handle_ = nullptr;
  int lock_ = -1;
  int code_ = 0;
  std::string detail_;
  bool power_loss_ = true;
  bool synced_ = true;  // as the database was last told
  bool wanted_ = true;  // as begin() was asked
  bool lags_ = false;
};

/// A prepared statement: bind in order, then rows; it resets itself when bound anew.
class Statement {
 public:
  struct Blob {
    std::string_view bytes;
  };

  Statement(Database& database, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// Starts over with these parameters. Text and blobs must live until the next start.
  template <typename... Args>
  Statement& with(const Args&... args) {
    reset();
    int at = 0;
    (bind(++at, args), ...);
    return *this;
  }
  /// Whether there is a(nother) row.
  bool row();
  /// Runs to the end.
  void run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// Valid until the next row.
  [[nodiscard]] std::string_view blob(int column) const;

 private:
  void bind(int at, std::int64_t value);
  void bind(int at, int value) { bind(at, std::int64_t{value}); }
  void bind(int at, std::uint64_t value) { bind(at, static_cast<std::int64_t>(value)); }
  void bind(int at, const std::string& text);
  void bind(int at, const Blob& blob);
  void bind(int at, std::nullopt_t);
  template <typename T>
  void bind(int at, const std::optional<T>& value) {
    if (value)
      bind(at, *value);
    else
      bind(at, std::nullopt);
  }

  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
};

/// Binds bytes as a blob instead of text.
inline Statement::Blob as_blob(std::string_view bytes) { return {bytes}; }

}  // namespace reference::stores::sqlite
