// Batches: begin, read, every step in order, write, commit. Source: DUR-2, DUR-7, STORE-8, NODE-1.
#include "reference/stores/postgres/queue_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "reference/stores/postgres/migration.hpp"

namespace reference::stores::postgres {

using core::Answer;
using core::Result;
using core::Step;

namespace {

constexpr Query kNextHolder{"next_holder", "SELECT nextval('message_bus_holder')"};
// Whether a client will hear this op as done for good. The others may be lost with the power.
bool wants_sync(std::span<const Step> batch) {
  return std::any_of(batch.begin(), batch.end(), [](const Step& step) {
    return std::any_of(step.ops.begin(), step.ops.end(), [](const core::QueueOp& op) {
      return !std::holds_alternative<core::Count>(op) && !std::holds_alternative<core::Spoil>(op);
    });
  });
}

}  // namespace

PostgresQueueStore::PostgresQueueStore(std::string dsn, core::Expiry expiry, const Clock* clock)
    : dsn_(std::move(dsn)), connection_(dsn_), expiry_(expiry), clock_(clock) {
  connection_.greet_with([this] { greet(); });
}

PostgresQueueStore::~PostgresQueueStore() {
  // By hand, so that others find it free already.
  if (connection_.is_open()) {
    try {
      if (holder_ != 0) give_up_leases();
      connection_.execute("SELECT pg_advisory_unlock_all()");
    } catch (const Failure&) {
      connection_.close();
    }
  }
}

// A server that was away may be another one now, or one of yesterday.
void PostgresQueueStore::recognise() {
  const auto message = witness_.message();
  if (!message) return;
  bool found = false;
  try {
    found = connection_
                .execute(fmt::format(
                    "BEGIN; SET LOCAL ROLE message_bus_app; SELECT set_session_context(NULL);"
                    "SELECT EXISTS (SELECT FROM message_bus WHERE transaction_id = '{0}') OR "
                    "EXISTS (SELECT FROM message_bus_past WHERE transaction_id = '{0}')",
                    *message))
                .truth(0, 0);
    connection_.execute("COMMIT");
  } catch (const Failure&) {
    if (!connection_.is_open()) throw;  // It went away again. Else there is no such table.
  }
  if (!found) throw Failure(core::StoreError::did_not_happen(missing_witness(*message)), false);
}

void PostgresQueueStore::greet() {
  recognise();
  if (holder_ == 0) return;
  connection_.execute("SELECT pg_try_advisory_lock(hashtext('message_bus ' || current_schema()), " +
                      std::to_string(holder_) + ")");
}

Result<void> PostgresQueueStore::migrate() {
  if (auto made = postgres::migrate(dsn_); !made) return made;
  leases_.clear();
  leases_.begin();
  return connection_.carry_out(true, [&] {
    if (holder_ == 0) {
      holder_ = connection_.run(kNextHolder, {}).integer(0, 0);
      greet();
    }
    free_leases(Missing::at_start);
  });
}

void PostgresQueueStore::read_now(core::Shift shift) {
  now_ = (clock_ == nullptr ? connection_.began() : clock_->now()) + shift.count();
}

std::optional<core::Refusal> PostgresQueueStore::objection(const core::QueueOp& op) {
  if (const auto* copy = core::settled_copy(op)) {
    const auto* row = draft_->copy({copy->message, copy->group});
    const bool holds = row != nullptr && row->state == kLeased && row->holder == holder_ &&
                       row->token == copy->token && row->until > now_;
    if (!holds) return core::Refusal::lease_lost;
  }
  const auto* enqueue = std::get_if<core::Enqueue>(&op);
  if (enqueue == nullptr) return std::nullopt;
  if (const auto first = draft_->known(*enqueue)) {
    const auto& digest = enqueue->digest;
    if (first->checksum == as_hex({reinterpret_cast<const char*>(digest.data()), digest.size()}))
      return std::nullopt;
    return core::Refusal::conflict;
  }
  if (enqueue->payload && !holds_upload(*enqueue->payload)) return core::Refusal::no_upload;
  if (!enqueue->not_after) return std::nullopt;
  const auto left = *enqueue->not_after - now_;
  if (left <= 0 || left > enqueue->ttl_max.count()) return core::Refusal::invalid;
  return std::nullopt;
}

// Every op is asked for its objection first, so that a step is done whole or not at all.
bool PostgresQueueStore::refused(const Step& step, Answer& answer) {
  for (std::size_t i = 0; i < step.ops.size() && !answer.refused; ++i) {
    answer.refused = objection(step.ops[i]);
    answer.refused_at = i;
  }
  if (answer.refused) return true;
  const auto waiting = [&](const std::string& destination) {
    std::int64_t most = 0;
    for (const auto* group : draft_->groups(destination))
      most = std::max(most, group->counts.ready + group->counts.leased + group->counts.delayed);
    return most;
  };
  if (const auto at = core::first_without_room(step, waiting)) {
    answer.refused = core::Refusal::full;
    answer.refused_at = *at;
  }
  return answer.refused.has_value();
}

std::vector<Answer> PostgresQueueStore::run(std::span<const Step> batch) {
  draft_ = std::make_unique<Draft>(connection_, now_, holder_);
  draft_->prefetch(batch);
  std::vector<Answer> answers(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (refused(batch[i], answers[i])) continue;
    for (const auto& op : batch[i].ops)
      std::visit([&](const auto& one) { on(one, answers[i]); }, op);
  }
  draft_->write_rows();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (answers[i].refused) continue;
    for (const auto& op : batch[i].ops)
      if (const auto* wanted = std::get_if<core::Lease>(&op)) lease(*wanted, answers[i]);
  }
  draft_->write_counts();
  return answers;
}

Result<std::vector<Answer>> PostgresQueueStore::apply(std::span<const Step> batch,
                                                      core::Shift shift) {
  auto answers = connection_.carry_out(wants_sync(batch), [&] {
    leases_.rollback();  // What a try before this one did.
    read_now(shift);
    return run(batch);
  });
  if (!answers) leases_.rollback();
  leases_.begin();
  if (answers) witness_.see(batch, *answers);
  return answers;
}

Result<core::View> PostgresQueueStore::look(const core::Question& question, core::Shift shift) {
  if (const auto* counts = std::get_if<core::AskCounts>(&question);
      counts != nullptr && counts->destination.empty()) {
    if (const auto answered = connection_.ping(); !answered)
      return tl::unexpected(answered.error());
    return core::View(core::Counts());
  }
  return connection_.carry_out(true, [&] {
    read_now(shift);
    return std::visit([&](const auto& ask) { return view(ask); }, question);
  });
}

}  // namespace reference::stores::postgres
