// Stage: what a scenario acts on. A bus, sessions, fresh names, randomness, and a recorder.
//
// Threads: one thread per stage.
// Errors:  what keeps a scenario from going on is thrown as Abandoned and ends it; its cases get
//          that verdict then unless the history up to there shows a violation.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "fixtures/backends/refusal.hpp"
#include "suites/checkers/judgement.hpp"
#include "suites/contract/claims.hpp"
#include "suites/contract/verdict.hpp"
#include "suites/history/recorder.hpp"
#include "suites/targets/session.hpp"
#include "suites/targets/target.hpp"

namespace busproof::stage {

class Links;
class RawPeer;
class Refusing;
using std::chrono::milliseconds;

/// Ends a scenario: blocked, inconclusive or unverified, and why.
struct Abandoned {
  contract::Verdict verdict;
  std::string why;
  bool passes = false;  ///< The bus refused with what later tries may not meet: `breaker_open`.
};

/// How much, where much is the point: an effort's share.
struct Loads {
  std::size_t waiting = 20'000;  ///< messages of a backlog
  std::size_t finished = 1'500;  ///< messages, groups and connections that come and go
};

/// What a bus shows over plain HTTP: whether it lives, whether it is ready, and of its connections
/// all, one, and numbers.
enum class Page : std::uint8_t { live, ready, connections, connection, connection_stats };

class Stage {
 public:
  struct Setting {
    targets::Target& target;
    history::Recorder& recorder;
    const contract::Claims& claims;  ///< Of the bus as it is when the stage is set.
    std::string token;  ///< Unique to this stage: part of event ids and destination names.
    std::uint64_t seed;
    Loads loads = {};
  };
  explicit Stage(const Setting& setting);

  /// What the bus claimed last: another start may have been as a variant, with limits of its own.
  [[nodiscard]] const contract::Claims& claims() const { return claims_; }
  [[nodiscard]] const Loads& loads() const { return setting_.loads; }
  [[nodiscard]] history::Recorder& recorder() { return setting_.recorder; }
  std::mt19937_64& random() { return random_; }

  /// A number in [least, most].
  std::int64_t any(std::int64_t least, std::int64_t most);

  /// A destination that no other stage uses.
  std::string destination(std::string_view name = "q");

  /// A new session that has said hello. Where the bus has but one connection, the second is
  /// abandoned as unverified.
  targets::Session& connect();

  /// The same without the hello.
  targets::Session& connect_silently();

  /// The same where the bus may rightly refuse that: null and the mark "not_connected" then.
  targets::Session* try_connect();

  /// A peer on the bare socket beneath the bus' WebSocket (raw_peer.hpp): one that speaks the
  /// protocol of frames itself, and wrongly where it is told to. Unverified where the bus is spoken
  /// to otherwise; blocked where it cannot be reached.
  RawPeer connect_raw();

  /// Whether a second connect() can succeed.
  [[nodiscard]] bool many_connections() const { return setting_.target.connector().many(); }

  /// The requests that must succeed for a scenario to make sense; else abandoned as blocked.
  targets::Published publish(targets::Session& session, const targets::Publish& wanted);
  targets::Subscribed subscribe(targets::Session& session, const targets::Subscribe& wanted);
  void ack(targets::Session& session, const targets::Delivered& delivery);
  void credit(targets::Session& session, const targets::Subscribed& subscription,
              std::int64_t credit);

  /// Waits for `count` deliveries in all; false when they did not come in time.
  bool wait_count(targets::Session& session, const targets::Subscribed& subscription,
                  std::size_t count);

  /// Publishes the message behind which silence counts, and waits for it. False when it never came.
  bool fence(targets::Session& session, const targets::Subscribed& subscription,
             const std::string& destination);

  /// Publishes it and gives its message number, for who waits otherwise.
  std::uint32_t publish_fence(targets::Session& session, const std::string& destination,
                              const std::string& mode = "queue");

  /// "queue" where the bus claims it, else "topic"; for what can be shown with either.
  [[nodiscard]] std::string mode() const;

  /// Ends the scenario as unverified where the bus does not claim what it is carried out with.
  void need(std::string_view capability) const;

  /// Ends the scenario as blocked.
  [[noreturn]] void give_up(std::string_view what, const contract::Error& error);

  /// Lets that much time pass, by the harness' clock. For what only time can bring about; never
  /// evidence by itself.
  void let_pass(milliseconds time);

  /// Calls a control method; abandoned as unverified where there is no hook.
  contract::Result<boost::json::object> control(const std::string& method,
                                                boost::json::object params);

  /// Where the hooks are called; unverified where the target names none. On sockets of their own it
  /// is no session of a client.
  targets::Session& hooks();
  [[nodiscard]] bool has_hooks() const;
  [[nodiscard]] const std::string& hooks_token() const { return setting_.target.control_token(); }

  /// The tokens that the bus can demand; unverified where the target names none.
  [[nodiscard]] const targets::Tokens& tokens() const;

  /// A session begun with that handshake alone, whose hello carries no token of itself: recorded as
  /// a call of "handshake" with what the history calls it, its origin and, where it was refused,
  /// its "status". Null where it could not be made. Unverified where connections know no handshake.
  targets::Session* knock(const targets::Handshake& handshake, std::string_view shown);

  /// Marks of one kind, "secret", with "what" a text is and what of it nobody may tell; of what the
  /// bus itself was started with the same "in_log": how often its log holds it, now.
  void mark_secret(std::string_view what, const std::string& text);
  void search_log();

  /// The mark "listens" with each "address" that somebody on this machine listens at on the port of
  /// the hooks, and whether it is "loopback". Unverified where that cannot be seen.
  void mark_hooks_addresses();

  /// SIGKILL, or a polite stop, to the bus, and a new start; sessions before it are over.
  void kill_bus();
  void stop_bus();
  void start_bus();

  /// The same over the same data with a variant's variables; unverified where the target has none
  /// of that name.
  void start_bus(std::string_view variant);
  void need_variant(std::string_view variant) const;
  [[nodiscard]] bool has_variant(std::string_view variant) const {
    return setting_.target.has_variant(variant);
  }

  /// Records the peak of the bus' resident memory, since watch_memory() where the system can tell
  /// that, as the mark "memory". watch_memory() records where it begins. Unverified where the bus
  /// does not run from here.
  void watch_memory();
  void mark_memory();

  /// Records what the bus' processes hold now, as the marks "resident" (bytes) and "descriptors".
  void mark_holdings();

  /// Records how many rows or keys the bus' stores hold, as the mark "rows". Unverified where the
  /// target names no store that can be looked into.
  void mark_rows();

  /// Records how many rows the bus has in PostgreSQL, as the mark "rows", and how many of them a
  /// stranger ("rows_of_stranger") and the tables' owner ("rows_of_owner", unless security does not
  /// bind it) can read without having set a session. Unverified where nothing is there.
  void mark_rows_seen();

  /// Stops the bus and starts it again over the same data, its wall clock in the harness' hand.
  /// Unverified where the target does not say that this can be done.
  void hold_clock();

  /// Sets that clock so far ahead of the true time, recorded as the mark "clock". Steady clocks are
  /// left alone.
  void set_clock(milliseconds ahead);

  /// GETs the metrics page and records it as a call of "GET metrics": its status, its samples by
  /// name, and the first line that is none. False where it could not be had. Unverified where the
  /// target names no such page.
  bool ask_metrics();
  [[nodiscard]] bool has_metrics() const { return !setting_.target.file().http.metrics.empty(); }

  /// GETs a page and records it as a call of "GET live", "GET connections" and so on; `id`: whose
  /// page. What was recorded of the answer, where one came: its "status" and, where that is a JSON
  /// object, its "body". Unverified where the target names no such page.
  std::optional<boost::json::object> ask_page(Page page, const std::string& id = "");
  [[nodiscard]] bool has_page(Page page) const;

  /// Looks for a swept message in the archive and records the mark "archive" with the number of
  /// rows found. Unverified where the target does not say where that is.
  void look_in_archive(const targets::Published& message);
  [[nodiscard]] bool has_archive() const { return !setting_.target.archive().empty(); }

  /// Damages what is stored of that message: from outside where the target says how, else through
  /// the hook. Recorded as the mark "corrupted"; `by` of its detail says which. Unverified where
  /// neither is there or can do it.
  struct Damage {
    std::string part = "payload", op = "flip";
    std::int64_t at = 0;
    std::optional<std::int64_t> chunk = {};
    std::optional<std::int64_t> with_chunk = {};  ///< What swap exchanges it with: of that message,
    std::string with_id = {};                     ///< or this one's chunk of the same number.
    bool through_hook = false;  ///< Not from outside, even where that can be done.
  };
  void corrupt(const targets::Published& message, const Damage& damage);

  /// Whether that can be done from outside.
  [[nodiscard]] bool reaches(const Damage& damage) const {
    return !setting_.target.corrupters(damage.part + "." + damage.op).empty();
  }

  /// Starts the bus, which may rightly refuse that. The mark "started" or "not_started", with what
  /// it has written since its start ("wrote") and, in the latter, "why" as a sentence, whether it
  /// "ended" by itself, and its exit "code" where it has one. With a variant that comes over it,
  /// its name ("variant") and the variables that it "sets".
  bool try_start_bus(std::string_view variant = {});

  /// The names of the target's variants that begin so.
  [[nodiscard]] std::vector<std::string> variants(std::string_view beginning) const;

  /// The mark "documented": the "limits" that the bus has by its documentation where nothing is
  /// set, as the target tells them. Unverified where it tells none.
  void mark_documented();

  /// The mark "signs": the names under which the metrics page is to show "fallbacks", "breaker" and
  /// "latency", those that the target tells.
  void mark_signs();

  /// The mark "log" with what the bus "wrote" since the last one, or since its start.
  void mark_log();

  /// Starts the bus, which need not become ready: the mark "launched", and then "serves" once hello
  /// is answered, or "ended" with its exit "code" and what it "wrote" where it ended by itself, or
  /// "silent" with "why". Whether it serves.
  bool launch_bus();

  /// Ends the scenario as unverified where the bus is not told to keep its data in ${data}.
  void need_data() const;

  /// All that lies in ${data}, while the bus is stopped: kept, and put there again.
  void save_data();
  void restore_data();

  /// Stops the bus and puts data of an older schema in place of its own: the mark "older" with its
  /// name and destination, and for each message of it "older_message": its "tx", what it "is"
  /// (waiting, dead or acked) and its payload. What the target provides; unverified where that is
  /// none.
  [[nodiscard]] const std::vector<targets::Older>& older() const;
  void put_older(const targets::Older& older);

  /// Damages the store's main file while the bus is stopped: the mark "damaged" with "how".
  /// Unverified where the target names no such file in ${data}.
  enum class FileDamage : std::uint8_t { header, middle, truncated };
  void damage_file(FileDamage how);

  /// Starts the bus once more on the same data: the mark "second_serves" or "second_refused" with
  /// "why". Stopping it is the mark "second_stopped".
  bool start_second();
  targets::Session& connect_to_second();
  void stop_second();

  /// The nodes of the bus: processes over the same stores, of which the bus as it was started is
  /// number 1. Unverified where the target does not start so many.
  void need_nodes(int count) const;

  /// The marks "node_started", "node_not_started" with "why", "node_stopping" and "node_stopped",
  /// "node_killed": of the number in their amount. False where it did not start.
  bool start_node(int number);
  void stop_node(int number);
  void kill_node(int number);

  /// Goes over to another bus, whose stores are empty, or hold what put_older() would put there,
  /// and starts its first `count` nodes at once. One that did not start may have "ended".
  void start_nodes_on_empty_stores(int count);
  void start_nodes_on_older_stores(int count, const targets::Older& older);

  /// A session that has said hello to that node: the mark "at_node" of the session, with the node's
  /// number as its amount. `extra` goes into the hello.
  targets::Session& connect_to_node(int number, const boost::json::object& extra = {});

  /// The same for who was served before in `instead_of`, but for the hello: the mark "return" of
  /// that session before it, then "returned" of the new one, the old one's number its amount; or
  /// "not_returned" of the old one, and null.
  targets::Session* return_to_node(int number, const targets::Session& instead_of);

  /// Starts the bus anew on an empty disk of its own, of that many bytes. Unverified where that
  /// cannot be made on this machine, or the bus does not start on it.
  void put_on_small_disk(std::uint64_t bytes);
  void put_on_disk_with_power(std::uint64_t bytes);

  /// Takes all the room of that disk, and gives it back: the marks "full" and "room".
  void fill_disk();
  void make_room();

  /// The power of that disk is cut, and the bus is gone at once: the marks "power_cut" and "kill".
  /// With start_bus() both are back.
  void cut_power();

  /// The backends that are servers, started for this scenario alone (Bus::own_servers). Unverified
  /// where there are none.
  [[nodiscard]] std::vector<std::string> servers() const;

  /// The first of the target's backends that holds that ("payloads", "queues", "topics"), by what
  /// the target says; empty: none of them does.
  [[nodiscard]] std::string holder_of(std::string_view what) const;

  /// SIGKILL to such a server, and its start on the same data: the marks "store_killed", before it
  /// falls, and "store_back", once it answers.
  void kill_server(const std::string& backend);
  void restart_server(const std::string& backend);

  /// Such a server answers, and refuses what it is asked for, while that lives (refusing.hpp).
  /// Unverified where it cannot be brought to that.
  Refusing refuse(const std::string& backend, backends::Refusal how);
  [[nodiscard]] bool can_refuse(const std::string& backend, backends::Refusal how) const;

  /// Puts a copy of what the bus has there aside, and later that in place of what it has then, or
  /// nothing at all: the marks "data_kept" and "data_replaced" ("is": empty or older). The bus is
  /// cut off meanwhile.
  void keep_server_data(const std::string& backend);
  enum class Data : std::uint8_t { empty, older };
  void replace_server_data(const std::string& backend, Data data);

  /// What stands between the bus and its servers (links.hpp). Those of a shared bus carry what
  /// others do, too.
  Links links();

  /// Ends the scenario as unverified where the bus is not its alone: not launched for it.
  void need_own_bus() const;

  /// Whether all of these judges are satisfied with the history so far: a condition to wait for.
  [[nodiscard]] bool met_so_far(std::span<const checkers::Judge> judges);

  /// Records a mark with the processor time that the bus has used so far, in milliseconds, and
  /// gives it; abandoned as unverified where that cannot be seen.
  milliseconds mark_processor_time(std::string_view name);

  /// Whether the bus ended a connection, or one could not be made.
  [[nodiscard]] bool lost() const;

  /// Whether a connection has fallen silent over a request and the bus answers nothing else either:
  /// a new connection where it takes one, else the silent one.
  [[nodiscard]] bool hangs();

  /// How long to wait for what should come soon.
  [[nodiscard]] milliseconds patience() const;

  /// The credit that suits `wanted` on this bus: within its credit_max.
  [[nodiscard]] std::int64_t credit_for(std::int64_t wanted) const;

 private:
  void need_hold() const;
  contract::Result<void> start_and_greet(targets::Target& target, std::string_view variant = {});
  targets::Target& node(int number);
  void leave_node(int number);
  void mark_node(std::string_view name, int number, std::string_view why = {}, bool ended = false);
  void mark_at_node(const targets::Session& session, int number);
  void leave_for_empty_stores();
  void start_nodes(int count);
  void put_into(targets::Target& target, const targets::Older& older);
  void gone();
  void put_on(contract::Result<std::unique_ptr<disk::Disk>> disk);
  disk::Disk& disk();
  [[nodiscard]] std::filesystem::path saved() const;
  void mark(std::string_view name, const boost::json::object& detail);
  targets::Session& connect_to(targets::Target& target);
  void await_start(const std::function<contract::Result<void>()>& start, const std::string& detail);
  bool corrupt_outside(const targets::Published& message, const Damage& damage);
  targets::Shared shared();

  Setting setting_;
  contract::Claims claims_;
  std::mt19937_64 random_;
  int destinations_ = 0;
  bool unreachable_ = false;
  std::unique_ptr<targets::Target> second_;
  std::map<int, std::unique_ptr<targets::Target>> nodes_;  // By number; but for the bus itself.
  std::map<const targets::Session*, int> at_node_;
  std::vector<std::unique_ptr<targets::Session>> sessions_;
  std::unique_ptr<targets::Session> control_;
};

/// Waits on a condition that never comes true: how let_pass passes time.
void pass_time(milliseconds time);

}  // namespace busproof::stage
