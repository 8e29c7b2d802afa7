// What is known of messages besides themselves: which event they were, and who sent them; after
// their end too. Source: STORE-7, STORE-10, API-3.
#include <algorithm>
#include <cstring>

#include "reference/stores/sqlite/queue_store.hpp"
#include "reference/stores/sqlite/statements.hpp"

namespace reference::stores::sqlite {
namespace {

core::Identity identity_of(std::string_view bytes) {
  core::Identity identity{};
  std::memcpy(identity.data(), bytes.data(), std::min(bytes.size(), sizeof identity));
  return identity;
}

core::Route route_of(const Statement& row, int column) {
  return row.integer(column) == 1 ? core::Route::reference : core::Route::inlined;
}

core::AuditRecord record_of(const Statement& row, core::Outcome outcome) {
  return {.id = row.text(1),
          .who = row.text(2),
          .at = row.integer(3),
          .size = static_cast<std::uint64_t>(row.integer(4)),
          .route = route_of(row, 5),
          .outcome = outcome,
          .upload = row.integer(6) != 0};
}

}  // namespace

std::optional<SqliteQueueStore::Seen> SqliteQueueStore::seen(const core::Enqueue& op) {
  if (!op.identity) return std::nullopt;
  const auto seq = known_.find(*op.identity, now_);
  if (!seq) return std::nullopt;
  auto& row = statements_->select_first.with(*seq, *seq);
  if (!row.row()) return std::nullopt;
  const std::string_view digest(reinterpret_cast<const char*>(op.digest.data()), op.digest.size());
  Seen found{row.text(0), route_of(row, 1), row.blob(2) == digest};
  row.reset();
  return found;
}

// Newest first, until one is met that is known no longer. What ended since is kept longer than any
// window, and few of it is: all of that is read.
void SqliteQueueStore::read_known() {
  known_.clear();
  std::vector<std::pair<core::Identity, std::pair<std::int64_t, core::Instant>>> found;
  for (auto* newest : {&statements_->newest_known, &statements_->newest_past}) {
    auto& rows = newest->with();
    while (rows.row() && rows.integer(2) > now_)
      found.push_back({identity_of(rows.blob(1)), {rows.integer(0), rows.integer(2)}});
    rows.reset();
  }
  std::sort(found.begin(), found.end(),
            [](const auto& one, const auto& other) { return one.second < other.second; });
  for (const auto& [identity, known] : found) known_.put(identity, known.first, known.second);
}

void SqliteQueueStore::keep_past(std::int64_t message, core::Outcome outcome) {
  statements_->insert_past.with(now_, static_cast<int>(outcome), message).run();
  next_past_ = std::min(next_past_.value_or(now_), now_);
}

void SqliteQueueStore::sweep_past(int at_most, core::Swept& swept) {
  if (!next_past_ || *next_past_ + kPastKept.count() > now_) return;
  statements_->delete_past.with(now_ - kPastKept.count(), at_most).run();
  swept.more = swept.more || database_->changes() == at_most;
}

core::View SqliteQueueStore::view(const core::AskAudit& ask) {
  std::vector<std::pair<std::int64_t, core::AuditRecord>> found;
  const auto read = [&](Statement& rows, bool gone) {
    while (rows.row()) {
      auto outcome = core::Outcome::pending;
      if (gone)
        outcome = static_cast<core::Outcome>(rows.integer(7));
      else
        outcome =
            core::outcome_of(status_of(rows.integer(0), rows.text(7), rows.integer(8),
                                       rows.integer(9) != 0, static_cast<Upload>(rows.integer(6))));
      found.emplace_back(rows.integer(0), record_of(rows, outcome));
    }
    rows.reset();
  };
  if (ask.id) {
    read(statements_->audit_message.with(*ask.id, ask.after), false);
    read(statements_->audit_past.with(*ask.id, ask.after), true);
  } else {
    read(statements_->audit_session.with(ask.session, ask.after, ask.limit + 1), false);
    read(statements_->audit_past_session.with(ask.session, ask.after, ask.limit + 1), true);
  }
  std::sort(found.begin(), found.end(),
            [](const auto& one, const auto& other) { return one.first < other.first; });
  core::AuditPage page;
  for (auto& [seq, record] : found) {
    if (static_cast<int>(page.records.size()) == ask.limit) {
      page.next = found[page.records.size() - 1].first;
      break;
    }
    page.records.push_back(std::move(record));
  }
  return page;
}

}  // namespace reference::stores::sqlite
