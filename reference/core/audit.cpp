// bus/audit: who sent what, how large, which way, and what became of it. Source: STORE-10.
#include "reference/core/state.hpp"
#include "reference/core/timestamp.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr int kPageDefault = 100;
constexpr int kPageMost = 1'000;

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::pending:
      return "pending";
    case Outcome::complete:
      return "complete";
    case Outcome::error:
      return "error";
    case Outcome::expired:
      return "expired";
    case Outcome::deleted:
      return "deleted";
  }
  return "error";
}

json::object record_of(const State& state, const AuditRecord& record) {
  return {{"at", to_rfc3339(record.at)},
          {"who", record.who},
          {"operation", record.upload ? "bus/upload_commit" : "bus/publish"},
          {"transaction_id", state.show(record.id)},
          {"datasize", record.size},
          {"route", route_text(record.route)},
          {"outcome", outcome_text(record.outcome)}};
}

}  // namespace

void audit(State& state, Call& call) {
  AskAudit ask;
  ask.id = call.params.optional_text("transaction_id");
  if (ask.id) ask.id = state.keep(call.reply.conn, *ask.id);
  const auto session = call.params.optional_text("session_id");
  const auto page = call.params.page(kPageDefault, kPageMost);
  if (ask.id.has_value() == session.has_value())
    call.params.fail(invalid_params("one of transaction_id and session_id must be given"));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const auto& caller = state.connection(call.reply.conn)->caller;
  if (session && tenant_of(state, session) != caller.tenant)
    return state.answer(call.reply, {{"records", json::array()}});
  ask.session = session.value_or("");
  ask.after = page.after;
  ask.limit = page.limit;
  const Reply reply = call.reply;
  state.ask(std::move(ask), [&state, reply](const Result<View>& view) {
    if (!view) return state.refuse(reply, store_fault(view.error()));
    const auto& found = std::get<AuditPage>(*view);
    json::array records;
    for (const auto& record : found.records) records.emplace_back(record_of(state, record));
    json::object result{{"records", std::move(records)}};
    if (found.next) result["cursor"] = std::to_string(*found.next);
    state.answer(reply, result);
  });
}

}  // namespace reference::core
