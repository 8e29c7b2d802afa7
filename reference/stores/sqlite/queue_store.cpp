// Batches: begin, every step in order, the changed counts, commit. Source: DUR-2, DUR-7, STORE-8.
#include "reference/stores/sqlite/queue_store.hpp"

#include <algorithm>

#include "reference/stores/sqlite/migration.hpp"
#include "reference/stores/sqlite/statements.hpp"

namespace reference::stores::sqlite {

using core::Answer;
using core::Result;
using core::Step;

namespace {

// Whether a client will hear this op as done for good. The others may be lost with the power.
bool wants_sync(const core::QueueOp& op) {
  return !std::holds_alternative<core::Lease>(op) && !std::holds_alternative<core::Count>(op) &&
         !std::holds_alternative<core::Spoil>(op);
}

bool wants_sync(std::span<const Step> batch) {
  return std::any_of(batch.begin(), batch.end(), [](const Step& step) {
    return std::any_of(step.ops.begin(), step.ops.end(),
                       [](const core::QueueOp& op) { return wants_sync(op); });
  });
}

}  // namespace

SqliteQueueStore::SqliteQueueStore(std::shared_ptr<Database> database, const Clock& clock,
                                   core::Expiry expiry, core::Ms sync_within)
    : database_(std::move(database)), clock_(clock), expiry_(expiry), sync_within_(sync_within) {}

SqliteQueueStore::~SqliteQueueStore() = default;

Result<void> SqliteQueueStore::migrate() {
  if (auto made = sqlite::migrate(*database_); !made) return made;
  const auto held = database_->hold();
  ledger_ = std::make_unique<Ledger>(*database_);
  statements_ = std::make_unique<Statements>(*database_);
  leases_.clear();
  // Whoever held these is gone: they are over, and the first sweep treats them so.
  auto& leased = statements_->select_leased.with();
  while (leased.row()) leases_.put({leased.integer(1), leased.integer(0)}, {});
  leases_.begin();
  now_ = clock_.now();
  read_memory();
  if (database_->failed()) return tl::unexpected(database_->take_error());
  return {};
}

void SqliteQueueStore::read_memory() {
  ledger_->reload();
  gone_.clear();
  auto& gone = statements_->select_gone.with();
  while (gone.row()) gone_.insert(gone.integer(0));
  read_known();
  read_next_due();
}

// The transaction was rolled back: what is kept in memory goes back with it.
void SqliteQueueStore::undo() {
  leases_.rollback();
  read_memory();
  // A database that can't even be read will say so to the next call.
  if (database_->failed()) static_cast<void>(database_->take_error());
}

std::optional<core::Refusal> SqliteQueueStore::objection(const core::QueueOp& op) {
  const auto* copy = core::settled_copy(op);
  if (copy != nullptr && !leases_.holds({copy->message, copy->group}, copy->token, now_))
    return core::Refusal::lease_lost;
  const auto* enqueue = std::get_if<core::Enqueue>(&op);
  if (enqueue == nullptr) return std::nullopt;
  if (const auto first = seen(*enqueue)) {
    if (first->same) return std::nullopt;
    return core::Refusal::conflict;
  }
  if (enqueue->payload && !find_upload(*enqueue->payload)) return core::Refusal::no_upload;
  if (!enqueue->not_after) return std::nullopt;
  const auto left = *enqueue->not_after - now_;
  if (left <= 0 || left > enqueue->ttl_max.count()) return core::Refusal::invalid;
  return std::nullopt;
}

std::int64_t SqliteQueueStore::fullest(const std::string& destination) {
  std::int64_t most = 0;
  for (const auto* group : ledger_->groups(destination))
    most = std::max(most, group->counts.ready + group->counts.leased + group->counts.delayed);
  return most;
}

// Every op is asked for its objection first, so that a step is done whole or not at all.
Answer SqliteQueueStore::run(const Step& step) {
  Answer answer;
  for (std::size_t i = 0; i < step.ops.size() && !answer.refused; ++i) {
    answer.refused = objection(step.ops[i]);
    answer.refused_at = i;
  }
  const auto waiting = [&](const std::string& destination) { return fullest(destination); };
  if (const auto at = core::first_without_room(step, waiting); at && !answer.refused) {
    answer.refused = core::Refusal::full;
    answer.refused_at = *at;
  }
  if (answer.refused) return answer;
  for (const auto& op : step.ops) std::visit([&](const auto& one) { on(one, answer); }, op);
  return answer;
}

Result<std::vector<Answer>> SqliteQueueStore::apply(std::span<const Step> batch,
                                                    core::Shift shift) {
  const auto held = database_->hold();
  now_ = clock_.now() + shift.count();
  leases_.begin();
  known_.trim(now_);
  database_->begin(wants_sync(batch));
  std::vector<Answer> answers;
  answers.reserve(batch.size());
  for (const auto& step : batch) answers.push_back(run(step));
  ledger_->write();
  if (auto committed = database_->commit(); !committed) {
    undo();
    return tl::unexpected(committed.error());
  }
  ledger_->trim();
  if (database_->lags() && !next_sync_ && !answers.empty()) {
    next_sync_ = now_ + sync_within_.count();
    answers.front().due = std::min(answers.front().due.value_or(sync_within_), sync_within_);
  }
  return answers;
}

}  // namespace reference::stores::sqlite
