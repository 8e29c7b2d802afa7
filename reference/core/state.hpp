// What the core remembers between inputs. Everything durable is in the stores; all of this may be
// lost with the process.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "reference/core/checkup.hpp"
#include "reference/core/core.hpp"
#include "reference/core/event.hpp"
#include "reference/core/held.hpp"
#include "reference/core/params.hpp"
#include "reference/core/rate.hpp"
#include "reference/core/settle_memory.hpp"
#include "reference/core/tenants.hpp"

namespace reference::core {

struct State {
  State(Settings given, const Policies& decisions, Random& dice);

  Settings settings;
  const Policies& policies;
  const Tenants tenants;
  Random& random;
  Tick now{};
  Shift shift{0};
  bool stopping = false;

  std::unordered_map<Conn, Connection> connections;
  std::map<SubscriptionId, Subscription> subscriptions;
  std::unordered_map<std::string, std::map<std::string, Group>> queues;
  std::unordered_map<std::string, std::vector<SubscriptionId>> topics;
  std::vector<SubscriptionId> patterns;
  std::unordered_map<Token, Delivery> deliveries;
  /// Whose settling may have happened, by their leases' ends: from there on they count no more.
  std::multimap<Tick, Token> doubtful;
  std::set<std::pair<Tick, Conn>> token_ends;
  SubscriptionId next_subscription = 1;
  Token next_token = 1;

  std::optional<Tick> next_sweep;
  bool sweeping = false;
  bool sweep_again = false;           ///< the one under way began before the clock moved
  std::set<std::string> retry_pumps;  ///< destinations whose Lease the store failed
  std::optional<Tick> next_probe;     ///< the store failed: when it is tried again
  std::vector<std::function<void(std::optional<Fault>, std::int64_t)>> after_sweep;
  std::int64_t swept_expired = 0;
  std::optional<Tick> next_look;  ///< when other nodes' doings are looked for
  Tick next_orphans{};            ///< when payloads that nothing names are looked for

  /// What waits for its turn on an upload: one thing at a time is done to each.
  std::unordered_map<TransactionId, std::deque<std::function<void()>>> uploads;

  std::unordered_map<TransactionId, Followed> followed;  ///< uploads

  /// Topic traffic not yet in the store's totals, by tenant.
  std::map<std::string, Count, std::less<>> uncounted;
  std::optional<Tick> next_count;

  Latency queue_latency;
  Rate publish_rate;
  std::array<Guard, 2> guards;      ///< by Store
  std::array<Checkup, 2> checkups;  ///< by Store
  Tick next_checkup{};
  std::vector<Reply> awaiting_checkup;  ///< who asked for the health before anything was known
  std::map<std::string, std::int64_t> fallbacks;  ///< by tenant
  Guard& guard(Store store) { return guards.at(index_of(store)); }
  [[nodiscard]] const Guard& guard(Store store) const { return guards.at(index_of(store)); }
  Checkup& checkup(Store store) { return checkups.at(index_of(store)); }
  [[nodiscard]] const Checkup& checkup(Store store) const { return checkups.at(index_of(store)); }

  std::vector<Effect> effects;
  std::uint64_t next_ticket = 1;
  std::unordered_map<Ticket, std::function<void(Body, const Digest&)>> on_encoded;
  std::unordered_map<Ticket, std::function<void(Checked)>> on_checked;
  std::unordered_map<Ticket, std::function<void(std::vector<Piece>)>> on_packed;
  std::unordered_map<Ticket, std::function<void(std::optional<std::string>)>> on_unpacked;
  std::unordered_map<Ticket, std::function<void(Result<Answer>)>> on_stored;
  std::unordered_map<Ticket, std::function<void(Result<View>)>> on_looked;
  std::unordered_map<Ticket, std::function<void(Result<PayloadAnswer>)>> on_fetched;
  std::unordered_map<Ticket, Tick> asked_at;
  std::unordered_set<Ticket> given_up;  ///< steps whose answer nobody waits for any longer

  // Emitting effects.
  void send(Conn conn, std::string text);
  void close(Conn conn, std::string last);
  /// A store is asked only where its breaker lets the call through; else `then` hears of it.
  void to_queue(Step step, std::function<void(Result<Answer>)> then,
                Behalf behalf = Behalf::client);
  void to_queue(QueueOp op, std::function<void(Result<Answer>)> then,
                Behalf behalf = Behalf::client);
  void ask(Question question, std::function<void(Result<View>)> then,
           Behalf behalf = Behalf::client);
  void to_payload(PayloadOp op, std::function<void(Result<PayloadAnswer>)> then,
                  Behalf behalf = Behalf::client);
  /// The bus' own looks, which no breaker keeps away and which none counts.
  void ask_past_breaker(Question question, std::function<void(Result<View>)> then);
  void read_past_breaker(TransactionId id, std::function<void(Result<PayloadAnswer>)> then);
  void encode(Body body, std::function<void(Body, const Digest&)> then);
  void check(std::vector<std::pair<Body, Digest>> bodies, std::function<void(Checked)> then);
  void pack(Pack work, std::function<void(std::vector<Piece>)> then);
  void unpack(Piece piece, std::shared_ptr<RunningDigest> digest,
              std::function<void(std::optional<std::string>)> then);
  void ring(std::string destination);
  void drop_payloads(std::vector<TransactionId> ids);
  void want_sweep(Tick at);

  // Answering requests.
  void answer(const Reply& reply, const boost::json::object& result);
  void refuse(const Reply& reply, const Fault& fault);
  Connection* connection(Conn conn);
  TransactionId make_id();
  /// What a client names, as its tenant keeps it; and what is kept, as it is named.
  [[nodiscard]] std::string keep(Conn conn, std::string_view name) const;
  [[nodiscard]] std::string_view show(std::string_view kept) const { return tenants.show(kept); }
  /// The bus' own time since its start, and of day: the clock hook's shift included.
  [[nodiscard]] Ms bus_time() const;
  [[nodiscard]] Instant time_of_day() const;
  /// The time of day as no hook moves it: what tokens end by.
  [[nodiscard]] Instant true_time_of_day() const;

 private:
  Ticket ticket() { return Ticket{next_ticket++}; }
  void done(const Reply& reply);
};

/// One request with what its method needs.
struct Call {
  Reply reply;
  Params params;
};

// methods.cpp
/// Finds the method and calls it; refuses what is unknown, unclaimed or before hello.
void dispatch(State& state, Conn conn, Request request);

// hello.cpp
void hello(State& state, Call& call);
/// The mark of the tenant that a session names.
std::string tenant_of(const State& state, const std::optional<std::string>& session);
boost::json::object hello_result(const State& state);

// authentication.cpp
/// Whom the token names that hello or the handshake brought; nothing where none is demanded.
std::variant<std::optional<Bearer>, Fault> authenticate(const State& state, const Connection& from,
                                                        Params& params);
void admit_bearer(State& state, Conn conn, Bearer bearer);
void renew(State& state, Call& call);
void end_tokens(State& state);

// publish.cpp
void publish(State& state, Call& call);
void publish_batch(State& state, Call& call);

// topics.cpp
/// Sends the event to every matching live subscription; the number of them, withheld ones too.
std::int64_t fan_out(State& state, const Publication& item, bool withhold);
/// The same for what was published at another node.
void hear_topic(State& state, std::string_view told);
void join_topic(State& state, SubscriptionId id);
void leave_topic(State& state, SubscriptionId id);
/// A topic was published to; its counters reach the store soon.
void count_topic(State& state, std::string_view destination, std::int64_t delivered);
/// What is not yet in the totals of that tenant, or of all.
Count uncounted(const State& state, const std::optional<std::string>& tenant);
void flush_counts(State& state);

// subscribe.cpp
void subscribe(State& state, Call& call);
void unsubscribe(State& state, Call& call);
void set_credit(State& state, Call& call);
/// Whether whoever is connected there may learn anything of that destination, which is as it is
/// kept.
bool may_know(const State& state, Conn conn, std::string_view destination);
Shown shown_to(const State& state, Conn conn);
/// Keeps `forbidden` as the call's fault where its caller may not subscribe to that destination.
void check_access(State& state, Call& call, std::string_view destination);
/// Ends all that a vanished connection had.
void drop_connection(State& state, Conn conn);

// pump.cpp
/// Asks the store for what the group's members have free credit for.
void pump(State& state, const std::string& destination, const std::string& group);
/// Something may be ready at `destination`: its groups are asked anew.
void wake(State& state, const std::string& destination);
void wake_all(State& state);

// settle.cpp
void ack(State& state, Call& call);
void reject(State& state, Call& call);
void extend(State& state, Call& call);
/// Gives a delivery back without its consumer's word. `unsent`: nobody ever saw it.
void release(State& state, Token token);
void release_unsent(State& state, const Copy& copy, const std::string& destination);
/// The delivery's lease is over: its credit comes back. Harmless for an unknown token.
void end_delivery(State& state, Token token, Past past);
/// Ends deliveries whose settling is in doubt, once their leases are over.
void end_doubtful(State& state);
std::string delivery_id(Token token);
std::optional<Token> parse_delivery_id(std::string_view text);

// sweep.cpp
void run_sweep(State& state);
/// A step failed with its store: from here on it is tried now and then until it works again.
void store_failed(State& state);
void probe(State& state);
void swept(State& state, Result<Swept> swept);
/// What any answered step may bring besides its own news.
void absorb(State& state, const Answer& answer);

// retrieve.cpp
/// Into how many pieces of `chunk` bytes a payload goes.
std::uint64_t pieces_of(std::uint64_t size, std::uint64_t chunk);
void retrieve(State& state, Call& call);
/// Notes for good that a payload failed its digest.
void spoil(State& state, const TransactionId& id);

// uploads.cpp
void upload_open(State& state, Call& call);
void upload_append(State& state, Call& call);
void upload_status(State& state, Call& call);
void upload_commit(State& state, Call& call);
inline const Fault kNoUpload{Kind::invalid_argument, "event.dataref names no upload of this bus"};
/// The upload's record, its payload kept for `term` from now at least; or why not.
void keep_upload(State& state, const TransactionId& id, Ms term,
                 std::function<void(std::variant<MessageView, Fault>)> then);
/// The same from the side door: as an append, a status with the size, a commit.
void add_part(State& state, const Reply& reply, const TransactionId& id, std::uint64_t offset,
              std::string bytes);
void find_upload(State& state, const Reply& reply, const TransactionId& id);
void finish_upload(State& state, const Reply& reply, const TransactionId& id, const Digest& digest);
/// Whether the appends that wait on this connection are all that an upload may hold in memory.
bool appends_enough(const State& state, const Connection& from);

// records.cpp
void inspect(State& state, Call& call);
void remove(State& state, Call& call);
void correlated(State& state, Call& call);
/// The event as a delivery would carry it; without its payload where that fails its digest.
std::string event_text(const State& state, const MessageView& message);

// dead_letters.cpp
void pending(State& state, Call& call);
void dead_letters(State& state, Call& call);
void redrive(State& state, Call& call);
void purge(State& state, Call& call);

// audit.cpp
void audit(State& state, Call& call);

// stats.cpp
void stats(State& state, Call& call);
boost::json::object breaker_object(const Guard& guard);
/// Clients that are connected and have said hello: of one tenant, or all.
std::int64_t greeted_clients(const State& state, const std::optional<std::string>& tenant = {});
std::int64_t fallbacks(const State& state, const std::optional<std::string>& tenant = {});

// checkup.cpp
/// Looks how the stores are, past their breakers.
void check_up(State& state);
void health(State& state, Call& call);

// metrics.cpp
void scrape(State& state, Ticket ticket);

// door.cpp
void knock(State& state, Ticket ticket, DoorRequest request, std::optional<std::string> session);

// control.cpp
void control(State& state, Conn conn, Request request);

}  // namespace reference::core
