// libpqxx 6.4 to 7.x, and nothing of it outside this file. Source: DUR-2, DUR-7, BRK-1.
#include "reference/stores/postgres/connection.hpp"

#include <sys/socket.h>

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <pqxx/pqxx>
#include <set>
#include <thread>

#include <fmt/format.h>

namespace reference::stores::postgres {
namespace {

using core::StoreError;
using Deadline = std::chrono::steady_clock::time_point;

// The server gives up first, and says so; the socket is cut only where it says nothing.
constexpr core::Ms kGrace{2'000};

/// Cuts a socket whose answer is overdue: libpq itself would wait for ever.
class Watchdog {
 public:
  Watchdog() : thread_([this] { watch(); }) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  void arm(int socket, core::Ms within) {
    const std::lock_guard lock(mutex_);
    socket_ = socket;
    deadline_ = std::chrono::steady_clock::now() + within;
    // It looks again by itself before any deadline that is set later than the one it waits for.
    if (deadline_ < awake_) changed_.notify_one();
  }
  /// Whether it has cut the socket.
  bool disarm() {
    const std::lock_guard lock(mutex_);
    socket_ = -1;
    return std::exchange(cut_, false);
  }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      const auto now = std::chrono::steady_clock::now();
      if (socket_ >= 0 && deadline_ <= now) {
        ::shutdown(socket_, SHUT_RDWR);
        cut_ = true;
        socket_ = -1;
      }
      awake_ = socket_ >= 0 ? deadline_ : now + std::chrono::hours(1);
      changed_.wait_until(lock, awake_);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int socket_ = -1;
  Deadline deadline_{};
  Deadline awake_{};
  bool cut_ = false;
  bool ending_ = false;
  std::thread thread_;
};

std::string one_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return "PostgreSQL: " + text;
}

/// Whether an error in place of the commit's answer shows that there was none: the transaction was
/// refused, not cut off.
bool refuses_commit(const std::string& state) {
  return state.starts_with("23") || state.starts_with("25") || state.starts_with("42") ||
         (state.starts_with("40") && state != "40003") || state == "55P03" || state == "25006" ||
         state == "53100";
}

/// What became of a try to connect. A server that turns somebody away says FATAL; while it comes up
/// or goes down, or is full, that is no word on who asks.
StoreError not_connected(const std::string& why) {
  const auto says = [&](std::string_view words) { return why.find(words) != std::string::npos; };
  const bool passing = says("starting up") || says("shutting down") || says("recovery mode") ||
                       says("not yet accepting") || says("too many");
  const bool unknown = says("could not translate host name");
  if ((says("FATAL") && !passing) || unknown) return StoreError::did_not_happen(one_line(why));
  return StoreError::unreachable(one_line(why));
}

#if PQXX_VERSION_MAJOR >= 7
pqxx::params params_of(const Args& args) {
  pqxx::params params;
  for (const auto& text : args.texts()) params.append(text);
  if (args.bytes())
    params.append(std::basic_string_view<std::byte>(
        reinterpret_cast<const std::byte*>(args.bytes()->data()), args.bytes()->size()));
  return params;
}
pqxx::result run_prepared(pqxx::nontransaction& work, const Query& query, const Args& args) {
  return work.exec_prepared(query.name, params_of(args));
}
#else
pqxx::result run_prepared(pqxx::nontransaction& work, const Query& query, const Args& args) {
  std::vector<const char*> texts;
  for (const auto& text : args.texts()) texts.push_back(text ? text->c_str() : nullptr);
  const auto dynamic = pqxx::prepare::make_dynamic_params(texts);
  if (!args.bytes()) return work.exec_prepared(query.name, dynamic);
  // A string would end at its first NUL.
  const pqxx::binarystring bytes(args.bytes()->data(), args.bytes()->size());
  return work.exec_prepared(query.name, dynamic, bytes);
}
#endif

constexpr const char* kAsTheBus = "SET LOCAL ROLE message_bus_app; ";

// Only of a cursor can binary values be had in libpqxx: for it all results are text.
std::string fetching(const std::string& select) {
  return "DECLARE found BINARY CURSOR FOR " + select + "; FETCH ALL FROM found";
}

}  // namespace

struct Rows::Data {
  pqxx::result result;
};

namespace {
using Position = pqxx::result::size_type;
using Column = pqxx::row::size_type;
}  // namespace

int Rows::size() const { return static_cast<int>(data_->result.size()); }
bool Rows::is_null(int row, int column) const {
  return data_->result[static_cast<Position>(row)][static_cast<Column>(column)].is_null();
}
std::string_view Rows::text(int row, int column) const {
  const auto field = data_->result[static_cast<Position>(row)][static_cast<Column>(column)];
  return {field.c_str(), static_cast<std::size_t>(field.size())};
}
std::int64_t Rows::integer(int row, int column) const {
  std::int64_t value = 0;
  const auto found = text(row, column);
  std::from_chars(found.data(), found.data() + found.size(), value);
  return value;
}
bool Rows::truth(int row, int column) const { return text(row, column) == "t"; }
std::string Rows::bytes(int row, int column) const {
  const auto found = text(row, column);
  return from_hex(found.substr(std::min<std::size_t>(2, found.size())));  // behind the \x
}

struct Connection::Link {
  explicit Link(const std::string& dsn) : connection(dsn), work(connection) {}
  pqxx::connection connection;
  pqxx::nontransaction work;
  std::set<const char*> prepared;
  Watchdog watchdog;
};

Connection::Connection(std::string dsn, core::Ms at_most)
    : dsn_(std::move(dsn)), at_most_(at_most) {}

Connection::~Connection() { close(); }

void Connection::close() noexcept { link_.reset(); }

void Connection::lost(const std::string& detail) {
  // Who waited that long once need not wait again.
  const bool silent = link_ && link_->watchdog.disarm();
  close();
  const bool in_doubt = std::exchange(committing_, false);
  if (in_doubt)
    throw Failure(StoreError::may_have_happened(one_line(detail) + " (while committing)"), false);
  throw Failure(StoreError::did_not_happen(one_line(detail)), !silent);
}

template <typename Call>
Rows Connection::guarded(Call&& call) {
  try {
    link_->watchdog.arm(link_->connection.sock(), at_most_ + kGrace);
    auto data = std::make_shared<Rows::Data>(Rows::Data{call()});
    link_->watchdog.disarm();
    return Rows(std::move(data));
  } catch (const pqxx::sql_error& error) {
    link_->watchdog.disarm();
    const std::string state = error.sqlstate();
    // 57P0x and 08xxx: the server is ending this connection, whatever was asked.
    if (state.starts_with("57P") || state.starts_with("08") || !link_->connection.is_open())
      lost(error.what());
    if (committing_ && !refuses_commit(state)) lost(error.what());
    committing_ = false;
    const bool again = state == "40001" || state == "40P01";
    throw Failure(StoreError::did_not_happen(one_line(error.what())), again);
  } catch (const pqxx::deadlock_detected& error) {
    committing_ = false;
    throw Failure(StoreError::did_not_happen(one_line(error.what())), true);
  } catch (const pqxx::serialization_failure& error) {
    committing_ = false;
    throw Failure(StoreError::did_not_happen(one_line(error.what())), true);
  } catch (const std::exception& error) {
    lost(error.what());
  }
}

void Connection::open() {
  if (link_) return;
  try {
    link_ = std::make_unique<Link>(dsn_);
  } catch (const std::exception& error) {
    throw Failure(not_connected(error.what()), false);
  }
  // Rows are found by index, always: a plan made while a table was small would stay.
  execute(
      fmt::format("SET statement_timeout = {0}; SET lock_timeout = {0};"
                  "SET idle_in_transaction_session_timeout = 60000;"
                  "SET client_min_messages = error; SET bytea_output = 'hex';"
                  "SET standard_conforming_strings = on; SET default_transaction_isolation = "
                  "'read committed'; SET enable_seqscan = off; SET enable_hashjoin = off;"
                  "SET enable_mergejoin = off; SET jit = off;"
                  "SET plan_cache_mode = force_generic_plan;"
                  "SELECT set_config('synchronous_commit', 'on', false) "
                  "WHERE current_setting('synchronous_commit') IN ('off', 'local')",
                  at_most_.count()));
  try {
    if (greeting_) greeting_();
  } catch (const Failure&) {
    close();
    throw;
  }
}

Rows Connection::execute(const std::string& sql) {
  return guarded([&] { return link_->work.exec(sql); });
}

Rows Connection::run(const Query& query, const Args& args) {
  return guarded([&] {
    if (link_->prepared.insert(query.name).second) link_->connection.prepare(query.name, query.sql);
    return run_prepared(link_->work, query, args);
  });
}

// What is asked alone is over where it fails: nothing has to be rolled back.
core::Result<Rows> Connection::ask(const std::string& sql) {
  for (int tries_left = kTries - 1;; --tries_left) {
    try {
      open();
      return execute(sql);
    } catch (const Failure& failure) {
      if (!failure.again || tries_left == 0) return tl::unexpected(failure.error);
    }
  }
}

core::Result<void> Connection::ping() {
  const auto answer = ask("SELECT 1");
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

// Statements that are sent together are one transaction.
core::Result<Rows> Connection::read(const std::string& select) {
  return ask(kAsTheBus + ("SELECT set_session_context(NULL); " + fetching(select)));
}

Rows Connection::fetch(const std::string& select) {
  return execute("CLOSE ALL; " + fetching(select));
}

void Connection::begin(bool synced) {
  committing_ = false;
  open();
  const auto answer = execute(std::string("BEGIN; ") + kAsTheBus +
                              (synced ? "" : "SET LOCAL synchronous_commit = off; ") +
                              "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, "
                              "set_session_context(NULL)");
  began_ = answer.integer(0, 0);
}

void Connection::commit() {
  committing_ = true;
  execute("COMMIT");
  committing_ = false;
}

void Connection::rollback() noexcept {
  committing_ = false;
  if (!link_) return;
  try {
    execute("ROLLBACK");
  } catch (const Failure&) {
    close();
  }
  committing_ = false;
}

}  // namespace reference::stores::postgres
