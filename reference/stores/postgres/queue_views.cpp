// Reading without changing anything. Source: STORE-6, QUE-13, COR-1, STA-1, API-3.
#include <algorithm>

#include "reference/stores/postgres/message_rows.hpp"
#include "reference/stores/postgres/queue_store.hpp"

namespace reference::stores::postgres {
namespace {

// A page ends early once it holds this much, so that it fits one message; what lies behind is not
// even read.
constexpr std::int64_t kPageBytes = 4LL * 1'048'576;

constexpr Query kMessage{"view_message", "SELECT " REFBUS_POSTGRES_MESSAGE_COLUMNS
                                         " FROM message_bus m WHERE m.transaction_id = $1"};
constexpr Query kHead{"view_head", "SELECT " REFBUS_POSTGRES_HEAD_COLUMNS
                                   " FROM message_bus m WHERE m.transaction_id = $1"};
constexpr Query kGroupCounts{
    "view_counts",
    "SELECT destination, name, accepted, acked, ready, leased, delayed, dead, expired, deleted "
    "FROM message_bus_group WHERE destination = $1 AND name = $2"};
constexpr Query kDeadPage{
    "view_dead",
    "WITH page AS MATERIALIZED (SELECT o.message, o.attempt, o.reason, "
    "sum(coalesce(octet_length(m.payload), 0)) OVER w - coalesce(octet_length(m.payload), 0) "
    "AS before FROM message_bus_owed o JOIN message_bus_group g ON g.id = o.queue_group "
    "JOIN message_bus m ON m.seq = o.message WHERE g.destination = $1 AND g.name = $2 "
    "AND o.state = 3 AND o.message > $3::bigint WINDOW w AS (ORDER BY o.message) "
    "ORDER BY o.message LIMIT $4::int) "
    "SELECT p.attempt, coalesce(p.reason, ''), p.before > "
    "$5::bigint, " REFBUS_POSTGRES_MESSAGE_COLUMNS
    " FROM page p JOIN message_bus m ON m.seq = p.message ORDER BY p.message"};
constexpr Query kCorrelatedPage{
    "view_correlated",
    "WITH page AS MATERIALIZED (SELECT m.seq, sum(coalesce(octet_length(m.payload), 0)) OVER w "
    "- coalesce(octet_length(m.payload), 0) AS before FROM message_bus m "
    "WHERE m.correlation_key = $1::uuid AND m.seq > $2::bigint AND m.queued "
    "AND m.expires_at > message_bus_instant($3::bigint) WINDOW w AS (ORDER BY m.seq) "
    "ORDER BY m.seq LIMIT $4::int) "
    "SELECT p.before > $5::bigint, " REFBUS_POSTGRES_MESSAGE_COLUMNS
    " FROM page p JOIN message_bus m ON m.seq = p.seq ORDER BY p.seq"};
constexpr Query kTotals{
    "view_totals",
    "SELECT sum(published)::bigint, sum(delivered)::bigint, sum(acked)::bigint, "
    "sum(rejected)::bigint, sum(redelivered)::bigint, sum(dead_lettered)::bigint, "
    "sum(expired)::bigint, sum(deleted)::bigint, sum(topic_published)::bigint, "
    "sum(topic_delivered)::bigint, sum(payload_count)::bigint, sum(payload_bytes)::bigint, "
    "sum(payload_corrupt)::bigint FROM message_bus_total WHERE tenant = $1 OR $1 IS NULL"};
constexpr Query kDestinationPage{
    "view_destinations",
    "SELECT destination, name, accepted, acked, ready, leased, delayed, dead, expired, deleted "
    "FROM message_bus_group WHERE destination IN (SELECT DISTINCT destination "
    "FROM message_bus_group WHERE destination COLLATE \"C\" > $1 COLLATE \"C\" "
    "ORDER BY destination LIMIT $2::int) ORDER BY destination COLLATE \"C\", id"};
constexpr Query kOneDestination{
    "view_destination",
    "SELECT destination, name, accepted, acked, ready, leased, delayed, dead, expired, deleted "
    "FROM message_bus_group WHERE destination = $1 ORDER BY id"};
#define REFBUS_POSTGRES_AUDIT(TABLE, OUTCOME)                                            \
  "SELECT seq, transaction_id, sender, message_bus_ms(created_at), payload_size_bytes, " \
  "route, " OUTCOME ", upload FROM " TABLE
#define REFBUS_POSTGRES_OUTCOME                                \
  "CASE WHEN message_bus_ms(expires_at) <= $3::bigint THEN 3 " \
  "ELSE array_position(ARRAY['pending', 'complete', 'error', 'expired'], status::text) - 1 END"
constexpr Query kAudit{
    "view_audit",
    REFBUS_POSTGRES_AUDIT("message_bus", REFBUS_POSTGRES_OUTCOME)
    " WHERE transaction_id = $1 AND seq > $2::bigint UNION ALL "
    REFBUS_POSTGRES_AUDIT("message_bus_past", "outcome")
    " WHERE transaction_id = $1 AND seq > $2::bigint ORDER BY 1 LIMIT $4::int"};
constexpr Query kSessionAudit{
    "view_session_audit",
    "(" REFBUS_POSTGRES_AUDIT("message_bus", REFBUS_POSTGRES_OUTCOME)
    " WHERE session_key = $1::uuid AND seq > $2::bigint ORDER BY seq LIMIT $4::int) UNION ALL ("
    REFBUS_POSTGRES_AUDIT("message_bus_past", "outcome")
    " WHERE session_key = $1::uuid AND seq > $2::bigint ORDER BY seq LIMIT $4::int) "
    "ORDER BY 1 LIMIT $4::int"};

core::Counts counts_of(const Rows& rows, int row) {
  return {rows.integer(row, 2), rows.integer(row, 3), rows.integer(row, 4), rows.integer(row, 5),
          rows.integer(row, 6), rows.integer(row, 7), rows.integer(row, 8), rows.integer(row, 9)};
}

core::Route route_of(std::int64_t stored) {
  return stored == 1 ? core::Route::reference : core::Route::inlined;
}

core::Codec codec_of(std::string_view name) {
  if (name == "gzip") return core::Codec::gzip;
  return name == "zstd" ? core::Codec::zstd : core::Codec::none;
}

core::Digest digest_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  core::Digest digest{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

}  // namespace

core::Status status_of(std::string_view name) {
  if (name == "pending") return core::Status::pending;
  if (name == "complete") return core::Status::complete;
  return name == "error" ? core::Status::error : core::Status::expired;
}

core::MessageView message_of(const Rows& rows, int row, int first, core::Instant now,
                             bool with_body) {
  core::MessageView view;
  view.id = from_text(rows.text(row, first + kId));
  view.destination = from_text(rows.text(row, first + kDestination));
  view.event = rows.text(row, first + kEvent);
  view.route = route_of(rows.integer(row, first + kRoute));
  view.body.kind = static_cast<core::BodyKind>(rows.integer(row, first + kBodyKind));
  if (with_body) view.body.bytes = rows.bytes(row, first + kBody);
  view.size = static_cast<std::uint64_t>(rows.integer(row, first + kSize));
  view.stored = static_cast<std::uint64_t>(rows.integer(row, first + kStored));
  view.codec = codec_of(rows.text(row, first + kCodec));
  view.chunk = static_cast<std::uint64_t>(rows.integer(row, first + kChunk));
  view.upload = rows.integer(row, first + kUpload) > 0;
  if (!rows.is_null(row, first + kPayloadOwner))
    view.payload = from_text(rows.text(row, first + kPayloadOwner));
  view.digest = digest_of(rows.text(row, first + kChecksum));
  view.created = rows.integer(row, first + kCreated);
  view.expires = rows.integer(row, first + kExpires);
  if (!rows.is_null(row, first + kError)) view.error = from_text(rows.text(row, first + kError));
  view.status =
      view.expires <= now ? core::Status::expired : status_of(rows.text(row, first + kStatus));
  return view;
}

core::Taken taken_of(const Rows& rows, int row, int first) {
  core::Taken taken;
  taken.copy.message = rows.integer(row, first + kSeq);
  taken.id = from_text(rows.text(row, first + kId));
  taken.event = rows.text(row, first + kEvent);
  taken.route = route_of(rows.integer(row, first + kRoute));
  taken.body.kind = static_cast<core::BodyKind>(rows.integer(row, first + kBodyKind));
  taken.body.bytes = rows.bytes(row, first + kBody);
  taken.size = static_cast<std::uint64_t>(rows.integer(row, first + kSize));
  taken.digest = digest_of(rows.text(row, first + kChecksum));
  return taken;
}

core::View PostgresQueueStore::view(const core::AskMessage& ask) {
  const auto rows = connection_.run(ask.with_body ? kMessage : kHead, args(as_text(ask.id)));
  if (rows.size() == 0) return std::monostate();
  return message_of(rows, 0, 0, now_, ask.with_body);
}

core::View PostgresQueueStore::view(const core::AskCounts& ask) {
  const auto rows =
      connection_.run(kGroupCounts, args(as_text(ask.destination), as_text(ask.group)));
  return rows.size() == 0 ? core::Counts{} : counts_of(rows, 0);
}

core::View PostgresQueueStore::view(const core::AskDead& ask) {
  core::DeadPage page;
  const auto rows = connection_.run(kDeadPage, args(as_text(ask.destination), as_text(ask.group),
                                                    ask.after, ask.limit + 1, kPageBytes));
  for (int row = 0; row < rows.size(); ++row) {
    if (row == ask.limit || rows.truth(row, 2)) {
      page.next = rows.integer(row - 1, 3 + kSeq);
      break;
    }
    page.letters.push_back({message_of(rows, row, 3, now_, true),
                            static_cast<int>(rows.integer(row, 0)), from_text(rows.text(row, 1))});
  }
  return page;
}

// Which of them may be shown only their destinations tell, so that one page may take several reads.
core::View PostgresQueueStore::view(const core::AskCorrelated& ask) {
  core::CorrelatedPage page;
  std::int64_t read = ask.after, last = ask.after;
  while (true) {
    const auto rows = connection_.run(
        kCorrelatedPage, args(key_of(ask.correlation), read, now_, ask.limit + 1, kPageBytes));
    bool full = false;
    for (int row = 0; row < rows.size() && !full; ++row) {
      full = rows.truth(row, 0);
      if (full) break;
      read = rows.integer(row, 1 + kSeq);
      auto message = message_of(rows, row, 1, now_, true);
      if (ask.shown && !ask.shown(message.destination)) continue;
      if (static_cast<int>(page.messages.size()) == ask.limit) {
        page.next = last;
        return page;
      }
      last = read;
      page.messages.push_back(std::move(message));
    }
    if (full && !page.messages.empty()) {
      page.next = read;
      return page;
    }
    if (!full && rows.size() <= ask.limit) return page;
  }
}

core::View PostgresQueueStore::view(const core::AskAudit& ask) {
  core::AuditPage page;
  const auto rows =
      ask.id ? connection_.run(kAudit, args(as_text(*ask.id), ask.after, now_, ask.limit + 1))
             : connection_.run(kSessionAudit,
                               args(key_of(ask.session), ask.after, now_, ask.limit + 1));
  for (int row = 0; row < rows.size(); ++row) {
    if (row == ask.limit) {
      page.next = rows.integer(row - 1, 0);
      break;
    }
    page.records.push_back({.id = from_text(rows.text(row, 1)),
                            .who = from_text(rows.text(row, 2)),
                            .at = rows.integer(row, 3),
                            .size = static_cast<std::uint64_t>(rows.integer(row, 4)),
                            .route = route_of(rows.integer(row, 5)),
                            .outcome = static_cast<core::Outcome>(rows.integer(row, 6)),
                            .upload = rows.integer(row, 7) > 0});
  }
  return page;
}

namespace {

// Adds what may be shown, and says where it goes on where the page is full. The last name that was
// read, where there may be more of them.
std::optional<std::string> add_destinations(const Rows& rows, const core::AskStats& ask,
                                            core::StatsPage& page) {
  std::optional<std::string> name;
  int names = 0;
  bool shown = false;
  for (int row = 0; row < rows.size(); ++row) {
    auto here = from_text(rows.text(row, 0));
    if (here != name) {
      ++names;
      shown = !ask.shown || ask.shown(here);
      if (shown && static_cast<int>(page.destinations.size()) == ask.limit) {
        page.next = page.destinations.back().first;
        return std::nullopt;
      }
      if (shown)
        page.destinations.emplace_back(here,
                                       decltype(page.destinations)::value_type::second_type());
      name = std::move(here);
    }
    if (shown)
      page.destinations.back().second.emplace_back(from_text(rows.text(row, 1)),
                                                   counts_of(rows, row));
  }
  return names > ask.limit ? name : std::nullopt;
}

}  // namespace

core::View PostgresQueueStore::view(const core::AskStats& ask) {
  core::StatsPage page;
  const auto sums = connection_.run(
      kTotals, args(ask.tenant ? std::optional(as_text(*ask.tenant)) : std::nullopt));
  const auto sum = [&](int column) { return sums.integer(0, column); };
  page.totals = {sum(0), sum(1), sum(2), sum(3),  sum(4),  sum(5), sum(6),
                 sum(7), sum(8), sum(9), sum(10), sum(11), sum(12)};
  if (ask.destination) {
    if (!ask.shown || ask.shown(*ask.destination))
      add_destinations(connection_.run(kOneDestination, args(as_text(*ask.destination))), ask,
                       page);
    return page;
  }
  std::optional<std::string> after = ask.after;
  while (after && !page.next)
    after = add_destinations(
        connection_.run(kDestinationPage, args(as_text(*after), ask.limit + 1)), ask, page);
  return page;
}

}  // namespace reference::stores::postgres
