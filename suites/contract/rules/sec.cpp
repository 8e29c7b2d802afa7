// SEC: who may do what.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kSec1Cases = std::to_array<Case>({
    {.name = "ids",
     .says = "Another tenant's transaction id answers exactly as an unknown one.",
     .also = "store"},
    {.name = "destinations",
     .says = "Tenants that use the same destination name get nothing of each other."},
    {.name = "patterns",
     .says = "No pattern reaches another tenant's destinations.",
     .also = "patterns topic"},
    {.name = "statistics", .says = "Statistics hold nothing of another tenant.", .also = "stats"},
    {.name = "dead_letters",
     .says = "Dead letters hold nothing of another tenant.",
     .also = "dead_letter"},
    {.name = "errors", .says = "No error text holds another tenant's data."},
});
constexpr Rule kSec1{.id = "SEC-1",
                     .level = Level::must,
                     .capability = "tenancy",
                     .sentence = "One tenant learns nothing of another, not even that it exists.",
                     .sources = "S0, S3",
                     .method = Method::tested,
                     .cases = kSec1Cases};

constexpr auto kSec2Cases = std::to_array<Case>({
    {.name = "hostile_names",
     .says = "Names with quotes, wildcards, SQL, Lua, RESP or path fragments are refused or kept "
             "exactly."},
    {.name = "hostile_values",
     .says = "Attributes and payloads with such signs arrive exactly.",
     .also = "queue"},
    {.name = "nul", .says = "A destination name with NUL is invalid_argument."},
    {.name = "longest",
     .says = "A name of name_bytes_max bytes works.",
     .limits = "name_bytes_max"},
    {.name = "too_long",
     .says = "A longer name is refused and never cut.",
     .limits = "name_bytes_max"},
    {.name = "distinct",
     .says =
         "Names that differ in case, Unicode form or trailing blanks are different destinations.",
     .also = "queue"},
});
constexpr Rule kSec2{.id = "SEC-2",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "Names and values are data, whatever signs they hold.",
                     .sources = "S0, S3",
                     .method = Method::tested,
                     .cases = kSec2Cases};

constexpr auto kSec3Cases = std::to_array<Case>({
    {.name = "missing", .says = "A hello without a token is unauthenticated."},
    {.name = "wrong", .says = "A hello with a token that was altered is unauthenticated."},
    {.name = "alg_none",
     .says = "A token with alg none is unauthenticated.",
     .where = "auth.kind=jwt"},
    {.name = "expired",
     .says = "A token that has expired is unauthenticated.",
     .hook = Hook::needed},
    {.name = "audience",
     .says = "A token for another audience is unauthenticated.",
     .hook = Hook::needed,
     .where = "auth.kind=jwt"},
    {.name = "other_key",
     .says = "A token signed with another key, or with another kind of key, is unauthenticated.",
     .hook = Hook::needed,
     .where = "auth.kind=jwt"},
    {.name = "ends",
     .says = "When a token expires in mid-connection bus/closed comes within idle_ms and its "
             "messages are given back.",
     .hook = Hook::needed,
     .also = "queue",
     .limits = "idle_ms"},
});
constexpr Rule kSec3{.id = "SEC-3",
                     .level = Level::must,
                     .capability = "auth",
                     .sentence = "Without a right token nothing is done.",
                     .sources = "S0, S3",
                     .method = Method::tested,
                     .cases = kSec3Cases};

constexpr auto kSec4Cases = std::to_array<Case>({
    {.name = "foreign",
     .says = "A handshake from an origin that is not listed is refused.",
     .hook = Hook::needed},
    {.name = "near_miss",
     .says = "An origin that only starts, ends or is spelled like a listed one is refused.",
     .hook = Hook::needed},
    {.name = "listed", .says = "A handshake from a listed origin succeeds.", .hook = Hook::needed},
});
constexpr Rule kSec4{.id = "SEC-4",
                     .level = Level::must,
                     .capability = "websocket",
                     .sentence = "The list of allowed origins is matched exactly.",
                     .sources = "S0, S3",
                     .method = Method::tested,
                     .reason = "Needs a target whose list of origins is known.",
                     .cases = kSec4Cases};

constexpr auto kSec5Cases = std::to_array<Case>({
    {.name = "absent",
     .says = "On a bus that was started without them every ctl method is -32601.",
     .hook = Hook::needed},
    {.name = "token",
     .says = "With them on, a call without the right token is unauthenticated and does nothing.",
     .hook = Hook::needed},
    {.name = "loopback",
     .says = "On a socket they listen on loopback alone.",
     .hook = Hook::needed,
     .also = "websocket"},
});
constexpr Rule kSec5{.id = "SEC-5",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "Test hooks are absent unless switched on, and then guarded.",
                     .sources = "S0, S3",
                     .method = Method::tested,
                     .cases = kSec5Cases};

constexpr auto kSec6Cases = std::to_array<Case>({
    {.name = "refused",
     .says = "A publish with a dataref that the bus did not make is invalid_argument."},
    {.name = "not_fetched",
     .says = "No connection is made to an address in a dataref or any other attribute."},
});
constexpr Rule kSec6{
    .id = "SEC-6",
    .level = Level::must,
    .capability = "",
    .sentence =
        "The bus fetches nothing on a client's word, and takes no dataref that it did not make.",
    .sources = "S0, S3",
    .method = Method::tested,
    .cases = kSec6Cases};

constexpr auto kSec7Cases = std::to_array<Case>({
    {.name = "inbox",
     .says = "A pattern that would match another agent's inbox gets nothing of it.",
     .also = "patterns topic"},
    {.name = "workspace",
     .says = "A pattern gets nothing of a workspace that its subscriber is no member of.",
     .also = "patterns topic"},
    {.name = "counts",
     .says = "Asking for counts or dead letters of another's inbox is forbidden.",
     .also = "queue"},
    {.name = "correlated",
     .says = "Correlating leaves another's inbox out.",
     .also = "queue correlation"},
});
constexpr Rule kSec7{
    .id = "SEC-7",
    .level = Level::must,
    .capability = "agents",
    .sentence =
        "Neither a pattern nor a count nor a list tells of a destination that the asker may "
        "not subscribe to by name.",
    .sources = "S0, S3",
    .method = Method::tested,
    .cases = kSec7Cases};

constexpr auto kSec8Cases = std::to_array<Case>({
    {.name = "no_rows",
     .says = "A role that neither owns the tables nor bypasses security, and has set no session, "
             "reads no row.",
     .hook = Hook::needed},
    {.name = "forced",
     .says = "Security is forced, for the tables' owner too.",
     .hook = Hook::needed},
});
constexpr Rule kSec8{
    .id = "SEC-8",
    .level = Level::must,
    .capability = "tenancy",
    .sentence = "On PostgreSQL, row-level security shows no row to a role without a session.",
    .sources = "S0, S3",
    .method = Method::needs_hook,
    .reason = "Needs a connection to the target's PostgreSQL.",
    .cases = kSec8Cases};

constexpr auto kSec9Cases = std::to_array<Case>({
    {.name = "publishes",
     .says = "Publishes beyond the rate are refused with rate_limited, definitely.",
     .limits = "publish_per_s"},
    {.name = "connections",
     .says = "Connections beyond the number are refused.",
     .limits = "connections_max"},
    {.name = "recovers",
     .says = "Below the rate publishes are accepted again.",
     .limits = "publish_per_s"},
});
constexpr Rule kSec9{.id = "SEC-9",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "Declared limits of rate and number are kept, and let go again.",
                     .sources = "S0, S3",
                     .method = Method::tested,
                     .cases = kSec9Cases};

constexpr auto kRules =
    std::to_array<Rule>({kSec1, kSec2, kSec3, kSec4, kSec5, kSec6, kSec7, kSec8, kSec9});

}  // namespace

Family sec() {
  return {.name = "SEC",
          .title = "who may do what",
          .note = "A refusal must not tell more than it has to.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
