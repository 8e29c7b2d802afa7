// One connection to PostgreSQL: transactions, prepared statements, bounded calls, and what became
// of a transaction whose end was not heard of.
//
// A failure is thrown as a Failure, and carry_out() makes a Result of it: between begin and commit
// the code reads like its happy path. The only file behind this one includes libpqxx.
//
// Threads: one at a time.
// Errors: a transaction that fails before its commit was sent did not happen. One whose commit got
// no answer may have.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "reference/core/ids.hpp"
#include "reference/core/result.hpp"
#include "reference/stores/postgres/values.hpp"

namespace reference::stores::postgres {

struct Failure : std::exception {
  Failure(core::StoreError why, bool worth_another) : error(std::move(why)), again(worth_another) {}
  core::StoreError error;
  bool again;  ///< Nothing happened, and the next try may well succeed.
};

/// A statement with a name: prepared when a connection first runs it.
struct Query {
  const char* name;
  const char* sql;
};

/// The rows of an answer; columns by number.
class Rows {
 public:
  struct Data;
  explicit Rows(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  [[nodiscard]] int size() const;
  [[nodiscard]] bool is_null(int row, int column) const;
  [[nodiscard]] std::int64_t integer(int row, int column) const;
  [[nodiscard]] bool truth(int row, int column) const;
  /// As it came. Of fetch() that is a bytea's own bytes, too; names and other texts of clients go
  /// through from_text().
  [[nodiscard]] std::string_view text(int row, int column) const;
  /// Of a bytea that run() or execute() found.
  [[nodiscard]] std::string bytes(int row, int column) const;

 private:
  std::shared_ptr<const Data> data_;
};

class Connection {
 public:
  /// Opens nothing yet. `dsn` as complete_dsn() makes it; no call takes longer than `at_most`.
  Connection(std::string dsn, core::Ms at_most = core::Ms(10'000));
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Carries `work` out in one transaction, and again where it failed for a reason that has
  /// nothing to do with it and nothing happened: a deadlock, a connection that had died.
  template <typename Work>
  auto carry_out(bool synced, Work&& work) -> core::Result<decltype(work())> {
    for (int tries_left = kTries - 1;; --tries_left) {
      try {
        begin(synced);
        if constexpr (std::is_void_v<decltype(work())>) {
          work();
          commit();
          return {};
        } else {
          auto done = work();
          commit();
          return done;
        }
      } catch (const Failure& failure) {
        rollback();
        if (!failure.again || tries_left == 0) return tl::unexpected(failure.error);
      }
    }
  }

  /// Whether the server answers, in one round trip.
  core::Result<void> ping();
  /// As fetch(), in a transaction of its own: one round trip for all of it.
  core::Result<Rows> read(const std::string& select);

  /// As the bus' own role, with every session's messages in sight. Where nothing of it need
  /// survive a power cut, `synced` is false.
  void begin(bool synced);
  /// The server's clock at the last begin().
  [[nodiscard]] core::Instant began() const { return began_; }
  void commit();
  void rollback() noexcept;
  Rows run(const Query& query, const Args& args);
  /// Statements as they stand; the answer is the last one's.
  Rows execute(const std::string& sql);
  /// What a SELECT of nothing but texts and bytea finds, within a transaction. Bytes come as they
  /// are and not in hexadecimal, which is twice as many and has to be read.
  Rows fetch(const std::string& select);
  /// Connects where there is no connection. begin() does so by itself.
  void open();
  void close() noexcept;
  [[nodiscard]] bool is_open() const { return link_ != nullptr; }
  /// What is run on each new connection.
  void greet_with(std::function<void()> greeting) { greeting_ = std::move(greeting); }

 private:
  static constexpr int kTries = 4;
  struct Link;
  template <typename Call>
  Rows guarded(Call&& call);
  core::Result<Rows> ask(const std::string& sql);
  [[noreturn]] void lost(const std::string& detail);

  std::string dsn_;
  core::Ms at_most_;
  std::unique_ptr<Link> link_;
  std::function<void()> greeting_;
  bool committing_ = false;
  core::Instant began_ = 0;
};

}  // namespace reference::stores::postgres
