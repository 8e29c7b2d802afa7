#include "reference/stores/postgres/listener.hpp"

#include <libpq-fe.h>

namespace reference::stores::postgres {
namespace {

constexpr core::Ms kAnswerWithin{5'000};

// To one channel for each schema: two buses may share a database.
constexpr const char* kListen =
    "DO $$BEGIN EXECUTE 'LISTEN ' || quote_ident('message_bus_' || md5(current_schema())); END$$";

}  // namespace

void Listener::Finish::operator()(pg_conn* link) const { PQfinish(link); }

bool Listener::open() {
  link_.reset(PQconnectdb(dsn_.c_str()));
  if (PQstatus(link_.get()) == CONNECTION_OK && execute(kListen)) return true;
  link_.reset();
  return false;
}

// Not PQexec, which would wait for ever for an answer that never comes.
bool Listener::execute(const char* sql) {
  if (PQsendQuery(link_.get(), sql) != 1) return false;
  bool done = true;
  while (true) {
    while (PQisBusy(link_.get()) != 0)
      if (!waker_.wait(PQsocket(link_.get()), kAnswerWithin) || PQconsumeInput(link_.get()) != 1)
        return false;
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQgetResult(link_.get()), PQclear);
    if (!result) return done;
    const auto status = PQresultStatus(result.get());
    done = done && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
  }
}

bool Listener::wait(core::Ms at_most, std::vector<std::string>& said) {
  if (waker_.wait(PQsocket(link_.get()), at_most)) {
    if (PQconsumeInput(link_.get()) != 1) return false;
  } else if (!execute("SELECT 1")) {
    return false;
  }
  while (const std::unique_ptr<PGnotify, void (*)(void*)> note{PQnotifies(link_.get()), PQfreemem})
    said.emplace_back(note->extra);
  return true;
}

}  // namespace reference::stores::postgres
