// END: the endpoint.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kEnd1Cases = std::to_array<Case>({
    {.name = "hello",
     .says = "A hello with a known version is answered with version, capabilities, limits and "
             "guarantees."},
    {.name = "before_hello",
     .says = "Any call before hello is refused with hello_first and does nothing."},
    {.name = "unknown_version",
     .says = "A hello with no known version is refused with unsupported_version and names the "
             "known ones."},
});
constexpr Rule kEnd1{
    .id = "END-1",
    .level = Level::must,
    .capability = "",
    .sentence = "Nothing is done before hello, which settles version and capabilities.",
    .sources = "S0, S1, S3",
    .method = Method::tested,
    .cases = kEnd1Cases};

constexpr auto kEnd2Cases = std::to_array<Case>({
    {.name = "malformed_json",
     .says = "Text that is no JSON is answered with -32700, and the next call works."},
    {.name = "unknown_method",
     .says = "A method that does not exist is answered with -32601, and the next call works."},
    {.name = "wrong_params",
     .says = "Params that lack a member are answered with -32602, and the next call works."},
    {.name = "wrong_types",
     .says = "Params of the wrong JSON type are answered with -32602, and the next call works."},
    {.name = "no_request",
     .says = "JSON that is no request is answered with -32600, and the next call works."},
});
constexpr Rule kEnd2{.id = "END-2",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "Rubbish gets its JSON-RPC error, and the connection lives.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kEnd2Cases};

constexpr auto kEnd3Cases = std::to_array<Case>({
    {.name = "too_large",
     .says = "A message above message_bytes_max closes the connection with 1009.",
     .limits = "message_bytes_max"},
    {.name = "invalid_utf8",
     .says = "A text message that is no UTF-8 closes the connection with 1007."},
    {.name = "memory",
     .says = "Neither costs memory beyond the largest message.",
     .hook = Hook::needed,
     .limits = "message_bytes_max"},
});
constexpr Rule kEnd3{.id = "END-3",
                     .level = Level::must,
                     .capability = "websocket",
                     .sentence =
                         "Frames too large and text that is no UTF-8 close the connection with "
                         "their code and cost bounded memory.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kEnd3Cases};

constexpr auto kEnd4Cases = std::to_array<Case>({
    {.name = "pings", .says = "The server pings within ping_ms.", .limits = "ping_ms"},
    {.name = "drops",
     .says = "A peer that answers nothing is dropped within idle_ms.",
     .limits = "idle_ms"},
    {.name = "leases",
     .says = "The messages of a dropped peer come to another.",
     .also = "queue",
     .limits = "idle_ms"},
});
constexpr Rule kEnd4{.id = "END-4",
                     .level = Level::must,
                     .capability = "websocket",
                     .sentence = "The server keeps watch over its peers.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kEnd4Cases};

constexpr auto kEnd5Cases = std::to_array<Case>({
    {.name = "list",
     .says = "The list of connections holds all that are open and no other.",
     .hook = Hook::needed,
     .also = "websocket"},
    {.name = "one",
     .says = "Each connection's own page agrees with the list, and a closed one's is gone.",
     .hook = Hook::needed,
     .also = "websocket"},
    {.name = "stats",
     .says = "The endpoint's statistics agree with the number of connections.",
     .hook = Hook::needed,
     .also = "websocket"},
});
constexpr Rule kEnd5{
    .id = "END-5",
    .level = Level::must,
    .capability = "connections",
    .sentence = "What the endpoint tells about its connections agrees with who is connected.",
    .sources = "S0, S1, S3",
    .method = Method::tested,
    .cases = kEnd5Cases};

constexpr auto kEnd6Cases = std::to_array<Case>({
    {.name = "close_code", .says = "Every connection is closed with 1001.", .hook = Hook::needed},
    {.name = "nothing_lost",
     .says = "Nothing that was accepted is lost.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "in_time",
     .says = "The process ends within shutdown_ms.",
     .hook = Hook::needed,
     .limits = "shutdown_ms"},
});
constexpr Rule kEnd6{.id = "END-6",
                     .level = Level::must,
                     .capability = "websocket",
                     .sentence = "Shutting down is orderly.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kEnd6Cases};

constexpr auto kEnd7Cases = std::to_array<Case>({
    {.name = "fragments", .says = "A message in fragments is taken as one."},
    {.name = "control_frames",
     .says = "A ping between two fragments is answered and disturbs nothing."},
    {.name = "masking",
     .says = "An unmasked client frame fails the connection; a close frame, if any, says 1002."},
    {.name = "reserved_bits",
     .says = "A reserved bit or opcode fails the connection; a close frame, if any, says 1002."},
    {.name = "close_codes",
     .says = "A close is answered with its code, and one whose code may not be sent with 1002, if "
             "at all."},
});
constexpr Rule kEnd7{.id = "END-7",
                     .level = Level::must,
                     .capability = "websocket",
                     .sentence = "The endpoint speaks RFC 6455.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kEnd7Cases};

constexpr auto kEnd8Cases = std::to_array<Case>({
    {.name = "overlap",
     .says = "Many requests sent at once are each answered once, under their own ids."},
    {.name = "id_kinds", .says = "Number and string ids come back as they were sent."},
});
constexpr Rule kEnd8{.id = "END-8",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "Requests may overlap, and each answer carries its own id.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kEnd8Cases};

constexpr auto kEnd9Cases = std::to_array<Case>({
    {.name = "slow_handshake", .says = "Handshakes sent byte by byte keep nobody else waiting."},
    {.name = "half_open", .says = "Peers that say nothing more leave room for others."},
    {.name = "byte_frames",
     .says = "A message sent one byte at a time is taken and delays nobody."},
    {.name = "memory",
     .says = "A hundred such peers cost bounded memory.",
     .hook = Hook::needed,
     .limits = "message_bytes_max"},
});
constexpr Rule kEnd9{.id = "END-9",
                     .level = Level::must,
                     .capability = "websocket",
                     .sentence = "Peers that dawdle cost bounded memory and time.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kEnd9Cases};

constexpr auto kRules =
    std::to_array<Rule>({kEnd1, kEnd2, kEnd3, kEnd4, kEnd5, kEnd6, kEnd7, kEnd8, kEnd9});

}  // namespace

Family end() {
  return {.name = "END",
          .title = "the endpoint",
          .note = "The first two hold over lines too, the rest over WebSocket.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
