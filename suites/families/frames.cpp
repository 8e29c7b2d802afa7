// END-3, END-7: the endpoint as RFC 6455 has it, and what it does not take.
#include "suites/checkers/frames.hpp"

#include <array>

#include "suites/families/families.hpp"
#include "suites/families/raw.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::close_payload;
using stage::Frame;
using stage::JudgedCase;
using stage::milliseconds;
using stage::RawPeer;
using stage::Scenario;
using stage::Stage;

constexpr milliseconds kSoon{1'000};
constexpr std::string_view kSmallMessages = "message.small";
constexpr std::int64_t kSmall = 1'048'576;

/// The same text in frames of these many bytes and a last one of what is left.
std::vector<Frame> in_frames(const std::string& text, const std::string& id,
                             const std::vector<std::size_t>& sizes) {
  std::vector<Frame> frames;
  std::size_t at = 0;
  for (const std::size_t size : sizes) {
    frames.push_back({.opcode = frames.empty() ? Frame::kText : Frame::kContinuation,
                      .payload = text.substr(at, size),
                      .of = id,
                      .fin = false});
    at += size;
  }
  frames.push_back({.opcode = frames.empty() ? Frame::kText : Frame::kContinuation,
                    .payload = text.substr(at),
                    .of = id});
  return frames;
}

bool ask(Stage& stage, RawPeer& peer, const std::vector<Frame>& frames) {
  for (const Frame& frame : frames)
    if (!peer.send(frame)) return false;
  return peer.await_answer(frames.back().of, beyond_answer(stage));
}

bool greet(Stage& stage, RawPeer& peer) {
  return ask(stage, peer, in_frames(raw_hello("hello"), "hello", {}));
}

void in_fragments(Stage& stage) {
  RawPeer peer = shaken_peer(stage);
  if (!ask(stage, peer, in_frames(raw_hello("three"), "three", {10, 0, 7}))) return;
  const std::string letters = raw_request("grüße");
  const std::size_t within = letters.find("ü") + 1;  // Not between two letters.
  if (!ask(stage, peer, in_frames(letters, "grüße", {within}))) return;
  const std::string next = raw_request("in bytes");
  if (!ask(stage, peer, in_frames(next, "in bytes", std::vector<std::size_t>(next.size() - 1, 1))))
    return;
  ask(stage, peer, in_frames(raw_request("empty ends"), "empty ends", {0, next.size() + 2}));
}

void ping_between(Stage& stage) {
  // As much as a control frame can carry, or nothing.
  constexpr std::size_t kMost = 125;
  for (const std::string& carried : {std::string("between"), std::string(kMost, 'p')}) {
    RawPeer peer = shaken_peer(stage);
    if (!greet(stage, peer)) return;
    const auto frames = in_frames(raw_request("around"), "around", {20});
    peer.send(frames.front());
    peer.send({.opcode = Frame::kPing, .payload = carried});
    const bool answered = peer.await(Frame::kPong, beyond_answer(stage));
    peer.send({.opcode = Frame::kPong, .payload = "nobody asked"});
    peer.send(frames.back());
    if (!peer.await_answer("around", beyond_answer(stage)) || !answered) return;
  }
}

/// Sends what must end the connection. Where that lives on, a request that shows it.
void fail(Stage& stage, RawPeer& peer, const std::vector<Frame>& frames) {
  for (const Frame& frame : frames)
    if (!peer.send(frame)) break;
  if (peer.await(Frame::kClose, kSoon) || peer.ended()) return;
  peer.send({.payload = raw_request("later"), .of = "later"});
  peer.await_answer("later", stage.patience());
}

void unmasked(Stage& stage) {
  RawPeer first = shaken_peer(stage);
  fail(stage, first, {{.payload = raw_hello("first"), .of = "first", .masked = false}});
  const Frame request{.payload = raw_request("unmasked"), .of = "unmasked", .masked = false};
  const Frame ping{.opcode = Frame::kPing, .payload = "unmasked", .masked = false};
  for (const Frame& frame : {request, ping}) {
    RawPeer peer = shaken_peer(stage);
    if (!greet(stage, peer)) return;
    fail(stage, peer, {frame});
  }
}

void reserved(Stage& stage) {
  constexpr int kBits[] = {4, 2, 1, 7}, kOpcodes[] = {3, 7, 11, 15};
  std::vector<Frame> frames;
  for (const int bits : kBits)
    frames.push_back({.payload = raw_request("reserved"), .of = "reserved", .reserved = bits});
  for (const int opcode : kOpcodes) frames.push_back({.opcode = opcode, .payload = "reserved"});
  frames.push_back({.opcode = Frame::kPing, .payload = "reserved", .reserved = 2});
  for (const Frame& frame : frames) {
    RawPeer peer = shaken_peer(stage);
    if (!greet(stage, peer)) return;
    fail(stage, peer, {frame});
  }
}

void closes(Stage& stage) {
  constexpr int kSent[] = {1000, 1001, 3000, 4999, 999, 0, 1005, 1006};
  std::vector<std::string> payloads{"", "x"};
  for (const int code : kSent) payloads.push_back(close_payload(code, "goodbye"));
  for (const std::string& payload : payloads) {
    RawPeer peer = shaken_peer(stage);
    if (!greet(stage, peer)) return;
    peer.send({.opcode = Frame::kClose, .payload = payload});
    if (!peer.await(Frame::kClose, beyond_answer(stage)) && !peer.ended()) return;
  }
}

/// A bus whose largest message can be exceeded often.
std::size_t largest(Stage& stage) {
  const auto most = [&] { return stage.claims().limit("message_bytes_max").value_or(0); };
  if (most() > kSmall) {
    stage.need_variant(kSmallMessages);
    stage.stop_bus();
    stage.start_bus(kSmallMessages);
    stage.connect();  // For what it claims now.
  }
  if (most() <= 0 || most() > kSmall)
    throw Abandoned{Verdict::unverified, "the largest message is too large to be exceeded often"};
  return static_cast<std::size_t>(most());
}

void too_large(Stage& stage, std::size_t most) {
  const std::string padded = raw_hello("large", std::string(most, 'x'));
  const std::size_t half = padded.size() / 2;
  for (const auto& frames : {in_frames(padded, "large", {}), in_frames(padded, "large", {half})}) {
    RawPeer peer = shaken_peer(stage);
    fail(stage, peer, frames);
  }
}

void not_utf8(Stage& stage) {
  // A zero in two bytes, half of a pair, beyond the last letter, no beginning, no end, no letter.
  constexpr std::string_view kWrong[] = {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                                         "\x80",     "\xE2\x82",     "\xFF"};
  for (const std::string_view wrong : kWrong) {
    RawPeer peer = shaken_peer(stage);
    fail(stage, peer, {{.payload = raw_hello("not utf8", wrong), .of = "not utf8"}});
  }
  // The end of it shows only with the end of the message.
  RawPeer peer = shaken_peer(stage);
  if (!greet(stage, peer)) return;
  fail(stage, peer, in_frames(raw_request("cut") + "\xE2\x82", "cut", {30}));
}

/// As much as a bus that took it all could not hide: in one frame, then in many.
void flood(Stage& stage) {
  constexpr std::size_t kAll = std::size_t{64} << 20, kPiece = std::size_t{1} << 16;
  const std::string piece(kPiece, 'x');
  stage.watch_memory();
  RawPeer one = shaken_peer(stage);
  one.send({.announced = kAll});
  const std::string masked = RawPeer::masked(piece);
  for (std::size_t sent = 0; sent < kAll; sent += kPiece)
    if (!one.send_bytes(masked, {{"more", true}})) break;
  one.await(Frame::kClose, kSoon);
  RawPeer other = shaken_peer(stage);
  for (std::size_t sent = 0; sent < kAll; sent += kPiece)
    if (!other.send({.opcode = sent == 0 ? Frame::kText : Frame::kContinuation,
                     .payload = piece,
                     .fin = false}))
      break;
  other.await(Frame::kClose, kSoon);
  stage.mark_memory();
}

void too_much(Stage& stage) {
  const std::size_t most = largest(stage);
  too_large(stage, most);
  not_utf8(stage);
  flood(stage);
}

constexpr JudgedCase kFragments[] = {{"END-7.fragments", checkers::judge_fragments}};
constexpr JudgedCase kControl[] = {{"END-7.control_frames", checkers::judge_control_frames}};
constexpr JudgedCase kMasking[] = {{"END-7.masking", checkers::judge_masking}};
constexpr JudgedCase kReserved[] = {{"END-7.reserved_bits", checkers::judge_reserved_bits}};
constexpr JudgedCase kCloses[] = {{"END-7.close_codes", checkers::judge_close_codes}};
constexpr JudgedCase kTooMuch[] = {{"END-3.too_large", checkers::judge_too_large},
                                   {"END-3.invalid_utf8", checkers::judge_invalid_utf8},
                                   {"END-3.memory", checkers::judge_bad_frames_memory}};

constexpr std::array kScenarios = {
    Scenario{.name = "Endpoint.END_3_takes_no_more_than_it_can",
             .cases = kTooMuch,
             .bus = stage::Bus::own,
             .run = too_much},
    Scenario{.name = "Endpoint.END_7_joins_fragments", .cases = kFragments, .run = in_fragments},
    Scenario{.name = "Endpoint.END_7_answers_a_ping_between_fragments",
             .cases = kControl,
             .run = ping_between},
    Scenario{
        .name = "Endpoint.END_7_takes_masked_frames_alone", .cases = kMasking, .run = unmasked},
    Scenario{.name = "Endpoint.END_7_takes_no_reserved_bits", .cases = kReserved, .run = reserved},
    Scenario{.name = "Endpoint.END_7_answers_a_close", .cases = kCloses, .run = closes},
};

}  // namespace

std::span<const Scenario> frames() { return kScenarios; }

}  // namespace busproof::families
