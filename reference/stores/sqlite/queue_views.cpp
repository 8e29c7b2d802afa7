// Reading without changing anything. Source: STORE-6, QUE-13, COR-1, STA-1.
#include <algorithm>

#include "reference/stores/sqlite/queue_store.hpp"
#include "reference/stores/sqlite/statements.hpp"

namespace reference::stores::sqlite {
namespace {

// A page ends early once it holds this much, so that it fits one message.
constexpr std::uint64_t kPageBytes = 4ULL * 1'048'576;

}  // namespace

core::MessageView SqliteQueueStore::message_view(Statement& row, int first, bool with_body) {
  core::MessageView view;
  view.id = row.text(first + kId);
  view.destination = row.text(first + kDestination);
  view.event = row.text(first + kEvent);
  view.route = row.integer(first + kRoute) == 1 ? core::Route::reference : core::Route::inlined;
  view.body.kind = static_cast<core::BodyKind>(row.integer(first + kBodyKind));
  if (with_body) view.body.bytes = row.text(first + kBody);
  view.size = static_cast<std::uint64_t>(row.integer(first + kSize));
  view.stored = static_cast<std::uint64_t>(row.integer(first + kStored));
  view.codec = static_cast<core::Codec>(row.integer(first + kCodec));
  const auto digest = row.blob(first + kDigest);
  std::copy_n(digest.begin(), std::min(digest.size(), view.digest.size()), view.digest.begin());
  view.created = row.integer(first + kCreated);
  view.expires = row.integer(first + kExpires);
  if (!row.is_null(first + kError)) view.error = row.text(first + kError);
  const auto upload = static_cast<Upload>(row.integer(first + kUpload));
  view.upload = upload != Upload::none;
  if (!row.is_null(first + kPayload)) view.payload = row.text(first + kPayload);
  view.chunk = static_cast<std::uint64_t>(row.integer(first + kChunk));
  view.status = status_of(row.integer(first + kSeq), view.destination, view.expires,
                          view.error.has_value(), upload);
  return view;
}

core::Status SqliteQueueStore::status_of(std::int64_t message, const std::string& destination,
                                         core::Instant expires, bool spoiled, Upload upload) {
  if (expires <= now_) return core::Status::expired;
  if (spoiled) return core::Status::error;
  if (upload == Upload::unnamed) return core::Status::pending;
  bool pending = false;
  for (const auto* group : ledger_->groups(destination)) {
    const auto copy = owed({message, group->id});
    if (copy && copy->state == kDead) return core::Status::error;
    pending = pending || copy;
  }
  return pending ? core::Status::pending : core::Status::complete;
}

core::View SqliteQueueStore::view(const core::AskMessage& ask) {
  auto& row = statements_->select_message.with(ask.id);
  if (!row.row()) return std::monostate();
  auto view = message_view(row, 0, ask.with_body);
  row.reset();
  return view;
}

core::View SqliteQueueStore::view(const core::AskCounts& ask) {
  const auto* group = ledger_->find(ask.destination, ask.group);
  return group == nullptr ? core::Counts{} : group->counts;
}

core::View SqliteQueueStore::view(const core::AskDead& ask) {
  core::DeadPage page;
  const auto* group = ledger_->find(ask.destination, ask.group);
  if (group == nullptr) return page;
  auto& rows = statements_->dead_page.with(group->id, ask.after, ask.limit + 1);
  std::uint64_t bytes = 0;
  std::int64_t last = 0;
  while (rows.row()) {
    if (static_cast<int>(page.letters.size()) == ask.limit || bytes > kPageBytes) {
      page.next = last;
      break;
    }
    last = rows.integer(2 + kSeq);
    page.letters.push_back(
        {message_view(rows, 2, true), static_cast<int>(rows.integer(0)), rows.text(1)});
    bytes += page.letters.back().message.body.bytes.size();
  }
  rows.reset();
  return page;
}

core::View SqliteQueueStore::view(const core::AskCorrelated& ask) {
  core::CorrelatedPage page;
  // How many of them may be shown only their destinations tell.
  const int most = ask.shown ? -1 : ask.limit + 1;
  auto& rows = statements_->correlated_page.with(ask.correlation, ask.after, now_, most);
  std::uint64_t bytes = 0;
  std::int64_t last = 0;
  while (rows.row()) {
    if (ask.shown && !ask.shown(rows.text(kDestination))) continue;
    if (static_cast<int>(page.messages.size()) == ask.limit || bytes > kPageBytes) {
      page.next = last;
      break;
    }
    last = rows.integer(kSeq);
    page.messages.push_back(message_view(rows, 0, true));
    bytes += page.messages.back().body.bytes.size();
  }
  rows.reset();
  return page;
}

core::View SqliteQueueStore::view(const core::AskStats& ask) {
  core::StatsPage page;
  page.totals = ledger_->totals(ask.tenant);
  std::vector<std::string> names;
  if (ask.destination) {
    if (!ask.shown || ask.shown(*ask.destination)) names.push_back(*ask.destination);
  } else {
    auto& rows = statements_->destination_page.with(ask.after, ask.shown ? -1 : ask.limit + 1);
    while (rows.row()) {
      if (ask.shown && !ask.shown(rows.text(0))) continue;
      if (static_cast<int>(names.size()) == ask.limit) {
        page.next = names.back();
        break;
      }
      names.push_back(rows.text(0));
    }
    rows.reset();
  }
  for (const auto& name : names) {
    std::vector<std::pair<std::string, core::Counts>> groups;
    for (const auto* group : ledger_->groups(name)) groups.emplace_back(group->name, group->counts);
    if (!groups.empty()) page.destinations.emplace_back(name, std::move(groups));
  }
  return page;
}

core::Result<core::View> SqliteQueueStore::look(const core::Question& question, core::Shift shift) {
  const auto held = database_->hold();
  now_ = clock_.now() + shift.count();
  auto found = std::visit([&](const auto& ask) { return view(ask); }, question);
  if (database_->failed()) return tl::unexpected(database_->take_error());
  return found;
}

}  // namespace reference::stores::sqlite
