// SEC-1, SEC-8, STORE-2.unguessable_tenancy: tenants that call everything alike, one that asks for
// what is another's, rows looked at past the bus, and ids that might be guessed.
#include <algorithm>
#include <array>
#include <cctype>
#include <deque>

#include "suites/checkers/guessing.hpp"
#include "suites/checkers/row_security.hpp"
#include "suites/checkers/tenants.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/listening.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::string_view kVariant = "tenancy.on";
constexpr std::int64_t kCredit = 20;

/// A session of that tenant; of the empty one where it is empty.
Session& connect_of(Stage& stage, const std::string& tenant) {
  if (stage.claims().has("auth"))
    throw Abandoned{Verdict::unverified, "which tenant a connection is of comes from its token"};
  Session& session = stage.connect_silently();
  json::object identity;
  if (!tenant.empty()) identity["session_id"] = tenant;
  if (auto claims = session.hello(identity); !claims) stage.give_up("bus/hello", claims.error());
  return session;
}

/// Tenants that one might be taken for the other; the last is the empty one.
std::array<std::string, 4> near_misses(Stage& stage) {
  const std::string id = stage.destination("Tenant");
  std::string small = id;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return {id, id + "2", small, ""};
}

/// A request whose answer the judges read. False once the connection is lost.
bool ask(Session& session, const char* method, const json::object& params) {
  auto answer = session.call(method, params);
  return answer || !session.closed();
}

/// The pattern of the declared grammar that matches everything, and that name and what begins with
/// it where the grammar can say so.
std::vector<std::string> patterns_for(Stage& stage, const std::string& name) {
  const std::string grammar = stage.claims().trait("patterns", "grammar");
  if (grammar == "redis_glob") return {"*", name + "*"};
  if (grammar == "nats") return {">"};
  if (grammar == "mqtt" || grammar == "amqp") return {"#"};
  throw Abandoned{Verdict::unverified, "no patterns known of the grammar " + grammar};
}

/// One tenant with whatever it listens with.
struct Party {
  Party(Stage& stage, const std::string& tenant)
      : name(tenant), session(connect_of(stage, tenant)), listening(stage) {}
  std::string name;
  Session& session;
  Listening listening;
  std::vector<std::string> patterns;
};

void listen(Stage& stage, Party& party, const std::string& topic) {
  party.listening.subscribe(party.session, topic);
  if (stage.claims().has("agents")) party.listening.subscribe(party.session, "broadcast");
  if (!stage.claims().has("patterns")) return;
  party.patterns = patterns_for(stage, topic);
  for (const std::string& pattern : party.patterns)
    party.listening.subscribe_pattern(party.session, pattern);
}

/// Everybody sends to the same names and listens at them; then each is asked for what was counted.
void apart(Stage& stage) {
  constexpr int kRounds = 6;
  const auto& claims = stage.claims();
  const bool queue = claims.has("queue"), topic = claims.has("topic");
  const std::string work = stage.destination("work"), news = stage.destination("news");
  std::deque<Party> parties;
  for (const std::string& tenant : near_misses(stage)) parties.emplace_back(stage, tenant);
  std::vector<Consumer> consumers;
  for (Party& party : parties) {
    if (queue)
      consumers.emplace_back(stage, party.session,
                             stage.subscribe(party.session, {.destination = work,
                                                             .credit = stage.credit_for(kCredit)}));
    if (topic) listen(stage, party, news);
  }
  const bool broadcast = topic && claims.has("agents");
  for (int round = 0; round < kRounds; ++round)
    for (Party& party : parties) {
      const Payload mine = Payload::text("of one tenant alone");
      if (queue) stage.publish(party.session, {.destination = work, .payload = mine});
      if (topic)
        stage.publish(party.session, {.destination = news, .mode = "topic", .payload = mine});
      // The empty tenant's is everybody's who says nothing of a session.
      if (broadcast && !party.name.empty())
        stage.publish(party.session,
                      {.destination = "broadcast", .mode = "topic", .payload = mine});
    }
  for (Consumer& consumer : consumers) consumer.fence(work);
  for (Party& party : parties) {
    if (!topic) break;
    party.listening.fence(party.session, news);
    if (broadcast && !party.name.empty()) party.listening.fence(party.session, "broadcast");
    const auto last = stage.publish(
        party.session, {.destination = news, .mode = "topic", .payload = Payload::text("fence")});
    for (const std::string& pattern : party.patterns) party.listening.wait_for(pattern, last);
  }
  // A name that one of them alone has used.
  stage.publish(parties.front().session, {.destination = stage.destination("mine"),
                                          .mode = stage.mode(),
                                          .payload = Payload::text("under a name of its own")});
  for (Party& party : parties) {
    if (claims.has("stats") && !ask(party.session, "bus/stats", {})) return;
    if (claims.has("stats") && !ask(party.session, "bus/stats", {{"destination", work}})) return;
    if (queue && claims.trait("queue", "counts") != "none")
      if (auto counts = party.session.pending(work); !counts && party.session.closed()) return;
  }
}

/// Waits until the dead letters of that place are listed for their own tenant.
bool see_letters(Stage& stage, Session& owner, const std::string& place, std::size_t wanted) {
  const auto until = std::chrono::steady_clock::now() + stage.patience();
  while (std::chrono::steady_clock::now() < until) {
    auto page = owner.call("bus/dead_letters", {{"destination", place}});
    if (!page) return false;
    const json::value* messages = page->if_contains("messages");
    if (messages != nullptr && messages->is_array() && messages->get_array().size() >= wanted)
      return true;
  }
  return false;
}

/// One tenant has dead letters; those who call a place the same have none, and ask for them.
void letters(Stage& stage) {
  constexpr std::size_t kLetters = 3;
  const auto tenants = near_misses(stage);
  const std::string place = stage.destination("grave");
  Session& owner = connect_of(stage, tenants[0]);
  const Subscribed member =
      stage.subscribe(owner, {.destination = place, .credit = stage.credit_for(kCredit)});
  json::array ids;
  for (std::size_t i = 0; i < kLetters; ++i) {
    const Published sent =
        stage.publish(owner, {.destination = place, .payload = Payload::text("never to be taken")});
    ids.emplace_back(sent.transaction_id);
    if (!stage.wait_count(owner, member, i + 1)) return;
    const auto delivery = owner.deliveries(member).back();
    if (auto done = owner.reject(delivery, false, {}, "unreadable"); !done)
      stage.give_up("bus/reject", done.error());
  }
  if (!see_letters(stage, owner, place, kLetters)) return;
  const json::object all{{"destination", place}};
  const json::object some{{"destination", place}, {"transaction_ids", ids}};
  for (std::size_t i = 1; i < tenants.size(); ++i) {
    Session& other = connect_of(stage, tenants[i]);
    if (!ask(other, "bus/dead_letters", all)) return;
    for (const json::object& params : {some, all}) {
      if (stage.claims().has("redrive") && !ask(other, "bus/redrive", params)) return;
      if (!ask(other, "bus/purge", params)) return;
    }
    if (!ask(owner, "bus/dead_letters", all)) return;
  }
}

/// Another character of the same kind in the place of each.
std::string never_made(Stage& stage, std::string id) {
  for (char& c : id) {
    const auto drawn = [&](char least, char most) {
      return static_cast<char>(stage.any(least, most));
    };
    if (c >= '0' && c <= '9')
      c = drawn('0', '9');
    else if (c >= 'a' && c <= 'f')
      c = drawn('a', 'f');
    else if (c >= 'g' && c <= 'z')
      c = drawn('g', 'z');
    else if (c >= 'A' && c <= 'F')
      c = drawn('A', 'F');
    else if (c >= 'G' && c <= 'Z')
      c = drawn('G', 'Z');
  }
  return id;
}

/// Asks everything that can be asked by id, for that one and for several that were never made.
bool ask_by_id(Stage& stage, Session& session, const Published& kept,
               const std::string& correlation, const std::string& upload) {
  constexpr int kNever = 3;
  const auto& claims = stage.claims();
  const auto each = [&](const char* method, const char* name, const std::string& id) {
    for (int i = 0; i < kNever; ++i)
      if (!ask(session, method, {{name, never_made(stage, id)}})) return false;
    return ask(session, method, {{name, id}});
  };
  for (const char* method : {"bus/retrieve", "bus/inspect", "bus/delete"})
    if (!each(method, "transaction_id", kept.transaction_id)) return false;
  if (claims.has("audit") && !each("bus/audit", "transaction_id", kept.transaction_id))
    return false;
  if (claims.has("correlation") && !each("bus/correlated", "correlation_id", correlation))
    return false;
  return upload.empty() || each("bus/upload_status", "upload", upload);
}

/// Opens an upload where there are some; its id, or nothing.
std::string open_upload(Stage& stage, Session& session) {
  if (!stage.claims().has("upload")) return {};
  auto opened = session.call("bus/upload_open", {{"datasize", 10}});
  const json::value* id = opened ? opened->if_contains("upload") : nullptr;
  return id != nullptr && id->is_string() ? std::string(id->get_string()) : std::string();
}

/// One tenant's message is asked for by others, whose own way of publishing goes wrong, too.
void by_id(Stage& stage) {
  const auto tenants = near_misses(stage);
  stage.need("queue");
  const std::string place = stage.destination("kept"), correlation = stage.destination("Order");
  Session& owner = connect_of(stage, tenants[0]);
  const Published kept = stage.publish(
      owner,
      {.destination = place,
       .payload = Payload::text("whose it is nobody else may know"),
       .attributes = {{"correlationid", correlation}, {"toolname", stage.destination("tool")}}});
  const std::string upload = open_upload(stage, owner);
  const json::object itself{{"transaction_id", kept.transaction_id}};
  for (std::size_t i = 1; i < tenants.size(); ++i) {
    Session& other = connect_of(stage, tenants[i]);
    if (!ask(owner, "bus/inspect", itself)) return;
    if (!ask_by_id(stage, other, kept, correlation, upload)) return;
    if (!ask(owner, "bus/inspect", itself)) return;
    // The same event id, source and destination, and another payload.
    if (!stage.claims().has("dedupe")) continue;
    auto repeated = other.publish({.destination = place,
                                   .payload = Payload::text("of another tenant"),
                                   .attributes = {{"id", owner.event_id(kept.message)}}});
    if (!repeated && other.closed()) return;
  }
}

/// Rows of several tenants, looked at by roles that have set no session.
void read_by_roles(Stage& stage) {
  stage.need("queue");
  const std::string place = stage.destination("work");
  for (const std::string& tenant : near_misses(stage)) {
    Session& session = connect_of(stage, tenant);
    for (int i = 0; i < 3; ++i)
      stage.publish(session, {.destination = place, .payload = Payload::text("in a row")});
    // Where payloads have a store of their own, something has to lie there.
    if (const auto inlined = stage.claims().limit("inline_bytes_max"))
      stage.publish(
          session,
          {.destination = place,
           .payload = Payload::text(std::string(static_cast<std::size_t>(*inlined) + 1, 'r'))});
  }
  stage.mark_rows_seen();
}

/// Enough ids to count their bits, one after the other.
void ids_to_guess(Stage& stage) {
  constexpr int kIds = 240;
  Session& session = connect_of(stage, stage.destination("Tenant"));
  const targets::Publish wanted{.destination = stage.destination("many"),
                                .mode = stage.mode(),
                                .payload = Payload::text("has an id")};
  std::vector<std::uint32_t> under_way;
  for (int i = 0; i < kIds; ++i) under_way.push_back(session.start_publish(wanted));
  for (const std::uint32_t operation : under_way)
    if (auto published = session.await_publish(operation); !published && session.closed()) return;
}

constexpr JudgedCase kApart[] = {{"SEC-1.destinations", checkers::judge_destinations_apart},
                                 {"SEC-1.patterns", checkers::judge_patterns_apart},
                                 {"SEC-1.statistics", checkers::judge_statistics_apart}};
constexpr JudgedCase kLetters[] = {{"SEC-1.dead_letters", checkers::judge_letters_apart}};
constexpr JudgedCase kIds[] = {{"SEC-1.ids", checkers::judge_ids_apart},
                               {"SEC-1.errors", checkers::judge_errors_apart}};
constexpr JudgedCase kRows[] = {{"SEC-8.no_rows", checkers::judge_no_rows},
                                {"SEC-8.forced", checkers::judge_security_forced}};
constexpr JudgedCase kGuessed[] = {
    {"STORE-2.unguessable_tenancy", checkers::judge_ids_unguessable}};

constexpr std::array kScenarios = {
    Scenario{.name = "Security.SEC_8_rows_are_seen_within_a_session",
             .cases = kRows,
             .bus = stage::Bus::own,
             .run = read_by_roles,
             .variant = kVariant},
    Scenario{.name = "Store.STORE_2_tenants_ids_cannot_be_guessed",
             .cases = kGuessed,
             .run = ids_to_guess,
             .variant = kVariant},
    Scenario{.name = "Security.SEC_1_tenants_share_names_alone",
             .cases = kApart,
             .run = apart,
             .variant = kVariant},
    Scenario{.name = "Security.SEC_1_dead_letters_are_their_tenants",
             .cases = kLetters,
             .run = letters,
             .variant = kVariant},
    Scenario{.name = "Security.SEC_1_anothers_id_is_unknown",
             .cases = kIds,
             .run = by_id,
             .variant = kVariant},
};

}  // namespace

std::span<const Scenario> tenants() { return kScenarios; }

}  // namespace busproof::families
