// Emitting effects and answering requests; the bookkeeping every method shares.
#include "reference/core/state.hpp"

#include <algorithm>

namespace reference::core {
namespace {

constexpr std::size_t kSamples = 256;

}  // namespace

State::State(Settings given, const Policies& decisions, Random& dice)
    : settings(std::move(given)),
      policies(decisions),
      tenants(settings.tenancy),
      random(dice),
      shift(settings.shift) {
  // Tokens name deliveries across restarts: they start at a random place and count up.
  next_token = random.next() >> 1 | 1U;
}

void Latency::add(double sample) {
  ms.push_back(sample);
  if (ms.size() > kSamples) ms.pop_front();
}

bool Submission::has_topic() const {
  return std::any_of(items.begin(), items.end(),
                     [](const Publication& item) { return item.mode != Mode::queue; });
}

Connection* State::connection(Conn conn) {
  const auto found = connections.find(conn);
  return found == connections.end() ? nullptr : &found->second;
}

TransactionId State::make_id() {
  const auto since = std::chrono::duration_cast<Ms>(now - settings.started).count();
  return make_transaction_id(settings.unix_ms + static_cast<std::uint64_t>(since), random.next(),
                             random.next());
}

std::string State::keep(Conn conn, std::string_view name) const {
  const auto found = connections.find(conn);
  return tenants.keep(found == connections.end() ? "" : found->second.caller.tenant, name);
}

Ms State::bus_time() const {
  return std::chrono::duration_cast<Ms>(now - settings.started) + shift;
}

Instant State::time_of_day() const {
  return static_cast<Instant>(settings.unix_ms) + bus_time().count();
}

Instant State::true_time_of_day() const { return time_of_day() - shift.count(); }

void State::send(Conn conn, std::string text) {
  auto* to = connection(conn);
  if (to == nullptr || to->closing) return;
  to->unsent += text.size();
  effects.emplace_back(Send{conn, std::move(text)});
}

void State::close(Conn conn, std::string last) {
  auto* to = connection(conn);
  if (to == nullptr || to->closing) return;
  to->closing = true;
  effects.emplace_back(Close{conn, std::move(last)});
}

void State::to_queue(Step step, std::function<void(Result<Answer>)> then, Behalf behalf) {
  const Ticket mine = ticket();
  on_stored.emplace(mine, std::move(then));
  if (!admit(*this, Store::queues, mine, behalf)) return;
  asked_at.emplace(mine, now);
  effects.emplace_back(ToQueue{mine, std::move(step), shift});
}

void State::to_queue(QueueOp op, std::function<void(Result<Answer>)> then, Behalf behalf) {
  Step step;
  step.ops.push_back(std::move(op));
  to_queue(std::move(step), std::move(then), behalf);
}

void State::ask(Question question, std::function<void(Result<View>)> then, Behalf behalf) {
  const Ticket mine = ticket();
  on_looked.emplace(mine, std::move(then));
  if (!admit(*this, Store::queues, mine, behalf)) return;
  effects.emplace_back(AskQueue{mine, std::move(question), shift});
}

void State::ask_past_breaker(Question question, std::function<void(Result<View>)> then) {
  const Ticket mine = ticket();
  on_looked.emplace(mine, std::move(then));
  effects.emplace_back(AskQueue{mine, std::move(question), shift});
}

void State::read_past_breaker(TransactionId id, std::function<void(Result<PayloadAnswer>)> then) {
  const Ticket mine = ticket();
  on_fetched.emplace(mine, std::move(then));
  effects.emplace_back(ToPayload{mine, ReadPayload{std::move(id), 0, 1}, shift});
}

void State::to_payload(PayloadOp op, std::function<void(Result<PayloadAnswer>)> then,
                       Behalf behalf) {
  if (!settings.enabled)
    return then(tl::make_unexpected(StoreError::did_not_happen("the bus is switched off")));
  const Ticket mine = ticket();
  on_fetched.emplace(mine, std::move(then));
  if (!admit(*this, Store::payloads, mine, behalf)) return;
  effects.emplace_back(ToPayload{mine, std::move(op), shift});
}

void State::encode(Body body, std::function<void(Body, const Digest&)> then) {
  const Ticket mine = ticket();
  on_encoded.emplace(mine, std::move(then));
  effects.emplace_back(Encode{mine, std::move(body)});
}

void State::check(std::vector<std::pair<Body, Digest>> bodies, std::function<void(Checked)> then) {
  const Ticket mine = ticket();
  on_checked.emplace(mine, std::move(then));
  effects.emplace_back(Check{mine, std::move(bodies)});
}

void State::pack(Pack work, std::function<void(std::vector<Piece>)> then) {
  work.ticket = ticket();
  on_packed.emplace(work.ticket, std::move(then));
  effects.emplace_back(std::move(work));
}

void State::unpack(Piece piece, std::shared_ptr<RunningDigest> digest,
                   std::function<void(std::optional<std::string>)> then) {
  const Ticket mine = ticket();
  on_unpacked.emplace(mine, std::move(then));
  effects.emplace_back(Unpack{mine, std::move(piece), std::move(digest)});
}

void State::ring(std::string destination) { effects.emplace_back(Ring{std::move(destination)}); }

void State::drop_payloads(std::vector<TransactionId> ids) {
  if (ids.empty()) return;
  // A drop that fails leaves an orphan, which its own expiry removes.
  to_payload(
      DropPayloads{std::move(ids)}, [](const Result<PayloadAnswer>&) {}, Behalf::bus);
}

void State::want_sweep(Tick at) { next_sweep = next_sweep ? std::min(*next_sweep, at) : at; }

void State::done(const Reply& reply) {
  auto* from = connection(reply.conn);
  if (from == nullptr || from->open_requests == 0) return;
  --from->open_requests;
  from->open_bytes -= reply.bytes;
  if (reply.append) from->open_appends -= reply.bytes;
  if (from->throttled && from->open_requests < kOpenRequestsMax / 2 &&
      from->open_bytes < kOpenBytesMax / 2 && !appends_enough(*this, *from)) {
    from->throttled = false;
    effects.emplace_back(Throttle{reply.conn, false});
  }
}

void State::answer(const Reply& reply, const boost::json::object& result) {
  if (reply.door)
    effects.emplace_back(Served{*reply.door, result});
  else if (!reply.silent)
    send(reply.conn, result_text(reply.id, result));
  done(reply);
}

void State::refuse(const Reply& reply, const Fault& fault) {
  if (reply.door)
    effects.emplace_back(Served{*reply.door, fault});
  else if (!reply.silent)
    send(reply.conn, error_text(reply.id, fault));
  done(reply);
}

}  // namespace reference::core
