// What a batch needs, read as sets. Source: QUE-2, QUE-13, STORE-7, NODE-1.
#include "reference/stores/postgres/draft.hpp"

#include <algorithm>

namespace reference::stores::postgres {
namespace {

constexpr Query kGroups{
    "groups",
    "SELECT id, destination, name, accepted, acked, ready, leased, delayed, dead, expired, deleted "
    "FROM message_bus_group WHERE id IN (SELECT g.id FROM message_bus_group g "
    "WHERE g.destination = ANY ($1::text[]) UNION SELECT unnest($2::bigint[])) "
    "ORDER BY id FOR NO KEY UPDATE"};
constexpr Query kCopies{
    "copies",
    "SELECT o.queue_group, o.message, o.state, o.attempt, o.due, o.reason, o.lease_holder, "
    "o.lease_token, o.lease_until, message_bus_ms(m.expires_at), m.gone "
    "FROM unnest($1::bigint[], $2::bigint[]) AS k (queue_group, message) "
    "JOIN message_bus_owed o ON o.queue_group = k.queue_group AND o.message = k.message "
    "JOIN message_bus m ON m.seq = o.message"};
constexpr Query kMakeGroup{"make_group",
                           "INSERT INTO message_bus_group (destination, name) VALUES ($1, $2) "
                           "ON CONFLICT DO NOTHING RETURNING id"};
constexpr Query kRemoveGroup{"remove_group", "DELETE FROM message_bus_group WHERE id = $1"};
// One probe for each: whatever the planner takes the tables' sizes for. Of several the last counts.
// Then the places of what is to be accepted, taken while its groups are held.
constexpr Query kKnown{
    "known",
    "SELECT k.identity, f.transaction_id, f.route, f.checksum, f.seq FROM unnest($1::uuid[]) AS k "
    "(identity) CROSS JOIN LATERAL ((SELECT m.transaction_id, m.route, m.checksum, m.seq "
    "FROM message_bus m WHERE m.identity = k.identity AND m.known_until > $2::bigint "
    "ORDER BY m.seq DESC LIMIT 1) UNION ALL (SELECT p.transaction_id, p.route, p.checksum, p.seq "
    "FROM message_bus_past p WHERE p.identity = k.identity AND p.known_until > $2::bigint "
    "ORDER BY p.seq DESC LIMIT 1)) AS f UNION ALL SELECT NULL, NULL, NULL, NULL, "
    "nextval('message_bus_seq') FROM generate_series(1, $3::int) ORDER BY 5"};

/// What prefetch() is to read for one batch.
struct Wanted {
  std::set<std::string> destinations;
  std::set<std::int64_t> groups;
  std::set<CopyKey> copies;

  void operator()(const core::Enqueue& op) {
    if (op.fan_out) destinations.insert(op.destination);
  }
  void operator()(const core::Join& op) { destinations.insert(op.destination); }
  void operator()(const core::Lease& op) { destinations.insert(op.destination); }
  void operator()(const core::Redrive& op) { destinations.insert(op.destination); }
  void operator()(const core::Purge& op) { destinations.insert(op.destination); }
  void operator()(const core::Forget& op) { destinations.insert(op.destination); }
  void operator()(const core::Ack& op) { settles(op.copy); }
  void operator()(const core::Fail& op) { settles(op.copy); }
  void operator()(const core::Extend& op) { settles(op.copy); }
  template <typename Other>
  void operator()(const Other&) {}

 private:
  void settles(const core::Copy& copy) {
    groups.insert(copy.group);
    copies.insert({copy.message, copy.group});
  }
};

core::Identity identity_of(std::string_view uuid) {
  std::string hex;
  for (const char c : uuid)
    if (c != '-') hex += c;
  const auto bytes = from_hex(hex);
  core::Identity identity{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof identity),
              reinterpret_cast<char*>(identity.data()));
  return identity;
}

}  // namespace

Draft::Draft(Connection& connection, core::Instant now, std::int64_t holder)
    : connection_(connection), now_(now), holder_(holder) {}

void Draft::prefetch(std::span<const core::Step> batch) {
  Wanted wanted;
  for (const auto& step : batch)
    for (const auto& op : step.ops) std::visit(wanted, op);
  if (!wanted.destinations.empty() || !wanted.groups.empty())
    read_groups(wanted.destinations, wanted.groups);
  if (!wanted.copies.empty()) read_copies(wanted.copies);
  read_known(batch);
}

void Draft::read_groups(const std::set<std::string>& destinations,
                        const std::set<std::int64_t>& ids) {
  Array names, numbers;
  for (const auto& name : destinations) {
    names.add(as_text(name));
    destinations_.try_emplace(name);
  }
  for (const auto id : ids) numbers.add(id);
  const auto rows = connection_.run(kGroups, args(names, numbers));
  for (int row = 0; row < rows.size(); ++row) {
    auto& group = groups_[rows.integer(row, 0)];
    if (!group) {
      group = std::make_unique<GroupRow>();
      group->id = rows.integer(row, 0);
      group->destination = from_text(rows.text(row, 1));
      group->name = from_text(rows.text(row, 2));
      group->counts = {rows.integer(row, 3), rows.integer(row, 4), rows.integer(row, 5),
                       rows.integer(row, 6), rows.integer(row, 7), rows.integer(row, 8),
                       rows.integer(row, 9), rows.integer(row, 10)};
      group->written = group->counts;
    }
    if (destinations.contains(group->destination))
      destinations_[group->destination].push_back(group.get());
  }
}

void Draft::read_copies(const std::set<CopyKey>& keys) {
  Array groups, messages;
  for (const auto& key : keys) {
    groups.add(key.group);
    messages.add(key.message);
    copies_.try_emplace(key);
  }
  const auto rows = connection_.run(kCopies, args(groups, messages));
  for (int row = 0; row < rows.size(); ++row) {
    CopyRow copy;
    copy.state = rows.integer(row, 2);
    copy.attempt = static_cast<int>(rows.integer(row, 3));
    if (!rows.is_null(row, 4)) copy.due = rows.integer(row, 4);
    if (!rows.is_null(row, 5)) copy.reason = from_text(rows.text(row, 5));
    copy.holder = rows.integer(row, 6);
    copy.token = static_cast<std::uint64_t>(rows.integer(row, 7));
    copy.until = rows.integer(row, 8);
    copy.expires = rows.integer(row, 9);
    copy.gone = rows.truth(row, 10);
    copies_[{rows.integer(row, 1), rows.integer(row, 0)}] = std::move(copy);
  }
}

void Draft::read_known(std::span<const core::Step> batch) {
  Array identities;
  std::int64_t count = 0;
  for (const auto& step : batch) {
    for (const auto& op : step.ops) {
      const auto* enqueue = std::get_if<core::Enqueue>(&op);
      if (enqueue == nullptr) continue;
      ++count;
      if (enqueue->identity)
        identities.add(as_uuid(reinterpret_cast<const unsigned char*>(enqueue->identity->data())));
    }
  }
  if (count == 0) return;
  const auto rows = connection_.run(kKnown, args(identities, now_, count));
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.is_null(row, 0)) {
      seqs_.push_back(rows.integer(row, 4));
      continue;
    }
    known_[identity_of(rows.text(row, 0))] = {
        std::string(rows.text(row, 1)),
        rows.integer(row, 2) == 1 ? core::Route::reference : core::Route::inlined,
        std::string(rows.text(row, 3))};
  }
}

std::vector<GroupRow*> Draft::groups(const std::string& destination) {
  if (!destinations_.contains(destination)) read_groups({destination}, {});
  return destinations_[destination];
}

GroupRow* Draft::find(const std::string& destination, const std::string& name) {
  for (auto* group : groups(destination))
    if (group->name == name) return group;
  return nullptr;
}

GroupRow* Draft::find(std::int64_t group) {
  if (!groups_.contains(group)) read_groups({}, {group});
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

GroupRow& Draft::make(const std::string& destination, const std::string& name) {
  if (auto* known = find(destination, name)) return *known;
  const auto made = connection_.run(kMakeGroup, args(as_text(destination), as_text(name)));
  if (made.size() == 0)
    throw Failure(core::StoreError::did_not_happen("another node made the same group"), true);
  auto group = std::make_unique<GroupRow>();
  group->id = made.integer(0, 0);
  group->destination = destination;
  group->name = name;
  auto* place = group.get();
  groups_[place->id] = std::move(group);
  destinations_[destination].push_back(place);
  return *place;
}

void Draft::remove(GroupRow& group) {
  connection_.run(kRemoveGroup, args(group.id));
  if (const auto found = destinations_.find(group.destination); found != destinations_.end())
    std::erase(found->second, &group);
  groups_.erase(group.id);
}

CopyRow* Draft::copy(const CopyKey& key) {
  if (!copies_.contains(key)) read_copies({key});
  auto& found = copies_[key];
  return found ? &*found : nullptr;
}

void Draft::change(const CopyKey& key) { changed_.insert(key); }

void Draft::settle(const CopyKey& key) {
  changed_.erase(key);
  settled_.insert(key);
  restate(key.message);
  copies_[key].reset();
}

std::optional<Known> Draft::known(const core::Enqueue& op) const {
  if (!op.identity) return std::nullopt;
  const auto found = known_.find(*op.identity);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void Draft::accept(NewMessage message) {
  const auto& op = *message.op;
  if (op.identity && op.window > core::Ms(0))
    known_[*op.identity] = {
        op.id, op.route,
        as_hex({reinterpret_cast<const char*>(op.digest.data()), op.digest.size()})};
  accepted_.push_back(std::move(message));
}

void Draft::forget() { copies_.clear(); }

}  // namespace reference::stores::postgres
