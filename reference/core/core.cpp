// The inputs: each sets the time, finds what was waiting for it, and lets the rules go on.
#include "reference/core/core.hpp"

#include <algorithm>
#include <utility>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

// How often payloads that nothing names, and uploads left alone, are looked for.
Ms orphans_every(const Limits& limits) {
  return std::clamp(limits.upload_ttl / 2, Ms(100), Ms(600'000));
}

// What other nodes do is looked for this often, should they not be heard.
constexpr Ms kLookEvery{1'000};

// Takes the continuation out before it runs: it may wait for something new.
template <typename Map, typename... Args>
void resume(Map& waiting, Ticket ticket, Args&&... args) {
  auto node = waiting.extract(ticket);
  if (!node.empty()) node.mapped()(std::forward<Args>(args)...);
}

}  // namespace

std::vector<Piece> pack(const Policies& policies, Codec codec, const Pack& work) {
  std::vector<Piece> pieces;
  const std::string_view bytes = work.bytes;
  if (work.digest) work.digest->add(bytes.substr(work.hashed));
  for (std::size_t at = 0; at < bytes.size(); at += work.piece_bytes) {
    const auto part = bytes.substr(at, work.piece_bytes);
    const bool goes_on = work.unfinished && part.size() < work.piece_bytes;
    pieces.push_back(policies.pack(goes_on ? Codec::none : codec, part));
  }
  return pieces;
}

std::optional<std::string> unpack(const Policies& policies, Unpack& work) {
  auto bytes = policies.unpack(std::move(work.piece));
  if (bytes && work.digest) work.digest->add(*bytes);
  return bytes;
}

Core::Core(Settings settings, const Policies& policies, Random& random)
    : state_(std::make_unique<State>(std::move(settings), policies, random)) {
  state_->now = state_->settings.started;
  state_->want_sweep(state_->now);
  state_->next_orphans = state_->now + orphans_every(state_->settings.limits);
  state_->next_checkup = state_->now;
  if (state_->settings.shared) state_->next_look = state_->now + kLookEvery;
}

Core::~Core() = default;

void Core::opened(Conn conn, Role role, Tick now, std::string token) {
  state_->now = now;
  auto& connection = state_->connections[conn];
  connection.role = role;
  connection.since = state_->time_of_day();
  connection.token = std::move(token);
}

void Core::closed(Conn conn, Tick now) {
  state_->now = now;
  drop_connection(*state_, conn);
}

void Core::request(Conn conn, Reading reading, Tick now) {
  state_->now = now;
  if (!reading.request) {
    if (auto* from = state_->connection(conn)) ++from->open_requests;
    state_->refuse({conn, reading.id, false, 0}, *reading.fault);
    return;
  }
  dispatch(*state_, conn, std::move(*reading.request));
}

void Core::written(Conn conn, std::uint64_t bytes, Tick now) {
  state_->now = now;
  auto* connection = state_->connection(conn);
  if (connection == nullptr) return;
  connection->unsent -= std::min(bytes, connection->unsent);
  if (connection->starved && connection->unsent < unsent_pause(state_->settings.limits) / 2) {
    connection->starved = false;
    const auto ids = connection->subscriptions;
    for (const auto id : ids) {
      const auto& subscription = state_->subscriptions.at(id);
      if (subscription.mode == Mode::queue)
        pump(*state_, subscription.destination, subscription.group);
    }
  }
}

void Core::encoded(Ticket ticket, Body body, const Digest& digest, Tick now) {
  state_->now = now;
  resume(state_->on_encoded, ticket, std::move(body), digest);
}

void Core::checked(Ticket ticket, Checked checked, Tick now) {
  state_->now = now;
  resume(state_->on_checked, ticket, std::move(checked));
}

void Core::packed(Ticket ticket, std::vector<Piece> pieces, Tick now) {
  state_->now = now;
  resume(state_->on_packed, ticket, std::move(pieces));
}

void Core::unpacked(Ticket ticket, std::optional<std::string> bytes, Tick now) {
  state_->now = now;
  resume(state_->on_unpacked, ticket, std::move(bytes));
}

void Core::stored(Ticket ticket, Result<Answer> answer, Tick now) {
  state_->now = now;
  concluded(*state_, Store::queues, ticket, answer.has_value());
  came_late(*state_, ticket, answer);
  if (const auto asked = state_->asked_at.extract(ticket); !asked.empty())
    state_->queue_latency.add(
        std::chrono::duration<double, std::milli>(now - asked.mapped()).count());
  if (answer)
    absorb(*state_, *answer);
  else
    store_failed(*state_);
  resume(state_->on_stored, ticket, std::move(answer));
}

void Core::looked(Ticket ticket, Result<View> view, Tick now) {
  state_->now = now;
  concluded(*state_, Store::queues, ticket, view.has_value());
  if (!view) store_failed(*state_);
  resume(state_->on_looked, ticket, std::move(view));
}

void Core::swept(Ticket, Result<Swept> swept, Tick now) {
  state_->now = now;
  core::swept(*state_, std::move(swept));
}

void Core::fetched(Ticket ticket, Result<PayloadAnswer> answer, Tick now) {
  state_->now = now;
  concluded(*state_, Store::payloads, ticket, answer.has_value());
  resume(state_->on_fetched, ticket, std::move(answer));
}

void Core::kept_away(Ticket ticket, Tick now) {
  state_->now = now;
  state_->asked_at.erase(ticket);
  state_->given_up.erase(ticket);
  const auto error = [&](Store store) {
    return tl::make_unexpected(StoreError::kept_away(open_for(*state_, store)));
  };
  state_->guard(Store::queues).flights.erase(ticket);
  state_->guard(Store::payloads).flights.erase(ticket);
  if (state_->on_stored.contains(ticket) || state_->on_looked.contains(ticket))
    store_failed(*state_);
  resume(state_->on_stored, ticket, error(Store::queues));
  resume(state_->on_looked, ticket, error(Store::queues));
  resume(state_->on_fetched, ticket, error(Store::payloads));
}

void Core::rung(std::string_view destination, Tick now) {
  state_->now = now;
  wake(*state_, std::string(destination));
}

void Core::told(std::string_view text, Tick now) {
  state_->now = now;
  hear_topic(*state_, text);
}

void Core::roused(Tick now) {
  state_->now = now;
  wake_all(*state_);
}

void Core::tick(Tick now) {
  state_->now = now;
  time_out_calls(*state_);
  end_doubtful(*state_);
  end_tokens(*state_);
  if (now >= state_->next_checkup) check_up(*state_);
  if (state_->next_look && now >= *state_->next_look) {
    state_->next_look = now + kLookEvery;
    state_->want_sweep(now);
    wake_all(*state_);
  }
  if (state_->next_count && now >= *state_->next_count) flush_counts(*state_);
  if (state_->next_probe && now >= *state_->next_probe) probe(*state_);
  if (state_->next_sweep && now >= *state_->next_sweep) run_sweep(*state_);
  if (now >= state_->next_orphans) {
    state_->next_orphans = now + orphans_every(state_->settings.limits);
    state_->to_payload(
        SweepPayloads{}, [](const Result<PayloadAnswer>&) {}, Behalf::bus);
  }
}

void Core::scrape(Ticket ticket, Tick now) {
  state_->now = now;
  core::scrape(*state_, ticket);
}

void Core::knock(Ticket ticket, DoorRequest request, std::optional<std::string> session, Tick now) {
  state_->now = now;
  core::knock(*state_, ticket, std::move(request), std::move(session));
}

void Core::stop(Tick now) {
  state_->now = now;
  state_->stopping = true;
  flush_counts(*state_);
  for (const auto& [conn, connection] : state_->connections) {
    if (connection.role == Role::client)
      state_->send(conn, notification_text("bus/closed",
                                           {{"kind", "closed"}, {"message", "shutting down"}}));
  }
}

void Core::promise(std::string durability, std::optional<Ms> loss_window) {
  state_->settings.durability = std::move(durability);
  state_->settings.loss_window = loss_window;
}

Tick Core::next_deadline() const {
  Tick next = std::min(state_->next_orphans, state_->next_checkup);
  if (const auto ends = next_timeout(*state_)) next = std::min(next, *ends);
  if (!state_->token_ends.empty()) next = std::min(next, state_->token_ends.begin()->first);
  if (!state_->doubtful.empty()) next = std::min(next, state_->doubtful.begin()->first);
  if (state_->next_sweep && !state_->sweeping) next = std::min(next, *state_->next_sweep);
  if (state_->next_count) next = std::min(next, *state_->next_count);
  if (state_->next_probe) next = std::min(next, *state_->next_probe);
  if (state_->next_look) next = std::min(next, *state_->next_look);
  return next;
}

bool Core::sweeping() const { return state_->sweeping; }

bool Core::asks_queues() const {
  return state_->guard(Store::queues).breaker.state == BreakerState::closed;
}

bool Core::busy() const {
  // The bus' own looks at its stores are no reason to wait.
  const std::size_t looks = state_->checkup(Store::queues).asked ? 1 : 0;
  const std::size_t reads = state_->checkup(Store::payloads).asked ? 1 : 0;
  return !state_->on_stored.empty() || state_->on_fetched.size() > reads ||
         !state_->on_encoded.empty() || !state_->on_checked.empty() ||
         state_->on_looked.size() > looks || !state_->on_packed.empty() ||
         !state_->on_unpacked.empty();
}

std::vector<Effect> Core::take() { return std::exchange(state_->effects, {}); }

}  // namespace reference::core
