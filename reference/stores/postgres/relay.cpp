#include "reference/stores/postgres/relay.hpp"

#include <charconv>

namespace reference::stores::postgres {
namespace {

constexpr core::Ms kAgain{200};
constexpr core::Ms kLookAfter{2'000};  // of silence
constexpr core::Ms kTrimEvery{10'000};
constexpr std::size_t kNameMost = 7'000;  // a notification holds less than 8 000 bytes
constexpr int kPage = 256;

constexpr Query kPut{
    "relay_put",
    "INSERT INTO message_bus_relay (sender, seq, body) VALUES ($1::bigint, $2::bigint, $3::bytea)"};
constexpr Query kTrim{
    "relay_trim",
    "DELETE FROM message_bus_relay WHERE at < clock_timestamp() - interval '30 seconds'"};
// To one channel for each schema: two buses may share a database.
constexpr Query kNotify{"relay_notify",
                        "SELECT pg_notify('message_bus_' || md5(current_schema()), $1::text)"};
constexpr Query kSenders{
    "relay_senders",
    "SELECT sender, max(seq) FROM message_bus_relay WHERE sender <> $1::bigint GROUP BY sender"};
constexpr Query kRead{
    "relay_read",
    "SELECT seq, body FROM message_bus_relay WHERE sender = $1::bigint AND seq > $2::bigint "
    "ORDER BY seq LIMIT $3::int"};

std::optional<std::int64_t> leading_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

PostgresRelay::PostgresRelay(const std::string& dsn, std::uint64_t self)
    : speaking_(dsn),
      reading_(dsn),
      self_(static_cast<std::int64_t>(self >> 1U)),
      listener_(dsn, waker_) {}

PostgresRelay::~PostgresRelay() { end(); }

void PostgresRelay::start(Heard& heard) {
  heard_ = &heard;
  speaker_thread_ = std::thread([this] { speak(); });
  listener_thread_ = std::thread([this] { listen(); });
}

void PostgresRelay::end() {
  outbox_.end();
  waker_.wake();
  if (speaker_thread_.joinable()) speaker_thread_.join();
  if (listener_thread_.joinable()) listener_thread_.join();
}

// What cannot be said now is not said later: a ring is a hint, and a topic message is live.
void PostgresRelay::speak() {
  for (Outbox::Batch batch; outbox_.take(batch);) std::ignore = say(batch);
}

core::Result<void> PostgresRelay::say(const Outbox::Batch& batch) {
  return speaking_.carry_out(false, [&] {
    const auto self = std::to_string(self_);
    for (const auto& text : batch.tells) {
      auto values = args(self_, ++said_);
      values.blob(text);
      speaking_.run(kPut, values);
    }
    if (!batch.tells.empty()) speaking_.run(kNotify, args(self + " t"));
    for (const auto& destination : batch.rings) {
      const auto name = as_text(destination);
      speaking_.run(kNotify, args(self + (name.size() <= kNameMost ? " r" + name : " a")));
    }
    if (const auto now = std::chrono::steady_clock::now(); next_trim_ <= now) {
      speaking_.run(kTrim, {});
      next_trim_ = now + kTrimEvery;
    }
  });
}

void PostgresRelay::listen() {
  while (!outbox_.ending()) {
    if (!begin()) {
      std::ignore = waker_.wait(-1, kAgain);
      continue;
    }
    while (!outbox_.ending()) {
      std::vector<std::string> said;
      if (!listener_.wait(kLookAfter, said)) break;
      for (const auto& one : said) hear(one);
      if (!fetch()) break;
    }
  }
}

// Listens first and looks then, so that nothing falls between the two.
bool PostgresRelay::begin() {
  if (!listener_.open()) return false;
  const auto found = reading_.carry_out(false, [&] { return reading_.run(kSenders, args(self_)); });
  if (!found) return false;
  for (int row = 0; row < found->size(); ++row) {
    const auto sender = found->integer(row, 0);
    // What was said before this node came is not for it.
    if (!begun_) heard_to_[sender] = found->integer(row, 1);
    speakers_.insert(sender);
  }
  begun_ = true;
  heard_->roused();
  return fetch();
}

void PostgresRelay::hear(std::string_view notification) {
  const auto sender = leading_number(notification);
  const auto at = notification.find(' ');
  if (!sender || *sender == self_ || at == std::string_view::npos || at + 1 == notification.size())
    return;
  switch (notification[at + 1]) {
    case 't':
      speakers_.insert(*sender);
      break;
    case 'r':
      heard_->rung(from_text(notification.substr(at + 2)));
      break;
    default:
      heard_->roused();
  }
}

// Gives on what is new of those who spoke. False where the connection is gone.
bool PostgresRelay::fetch() {
  while (!speakers_.empty()) {
    const auto sender = *speakers_.begin();
    auto& to = heard_to_[sender];
    const auto page =
        reading_.carry_out(false, [&] { return reading_.run(kRead, args(sender, to, kPage)); });
    if (!page) return false;
    for (int row = 0; row < page->size(); ++row) {
      to = page->integer(row, 0);
      heard_->told(page->bytes(row, 1));
    }
    if (page->size() < kPage) speakers_.erase(sender);
  }
  return true;
}

}  // namespace reference::stores::postgres
