// END-9: peers that dawdle, and the others beside them.
#include "suites/checkers/dawdlers.hpp"

#include <algorithm>
#include <array>

#include "suites/families/families.hpp"
#include "suites/families/raw.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::Frame;
using stage::JudgedCase;
using stage::milliseconds;
using stage::RawPeer;
using stage::Scenario;
using stage::Stage;
using targets::Session;

constexpr milliseconds kSoon{2'000};

/// As many peers as that, or as the bus takes beside a few others.
std::size_t room_for(const Stage& stage, std::int64_t wanted) {
  constexpr std::int64_t kOthers = 5;
  const auto most = stage.claims().limit("connections_max");
  const std::int64_t count = most ? std::min(wanted, *most - kOthers) : wanted;
  if (count < 1) throw Abandoned{Verdict::unverified, "the bus takes too few connections"};
  return static_cast<std::size_t>(count);
}

/// Others come and ask, until one gets no answer; what becomes of that is for the judge to see.
void others(Stage& stage, int count) {
  for (int i = 0; i < count; ++i) {
    Session* session = stage.try_connect();
    if (session == nullptr || !session->hello()) return;
    auto asked = session->call("bus/unsubscribe", {{"subscription", "no such subscription"}});
    if (!asked && session->closed()) return;
    session->close();
  }
}

/// One that says, of a handshake and of a frame, nothing, half, or all.
bool add_silent(Stage& stage, std::vector<RawPeer>& peers) {
  const std::size_t number = peers.size();
  RawPeer& peer = peers.emplace_back(stage.connect_raw());
  const std::string handshake = peer.handshake();
  switch (number % 4) {
    case 0:
      return true;
    case 1:
      return peer.send_bytes(std::string_view(handshake).substr(0, handshake.size() / 2),
                             {{"handshake", "half"}});
    case 2:
      return peer.shake_hands(kSoon);
    default:
      if (!peer.shake_hands(kSoon)) return false;
      const Frame frame{.payload = raw_request("half")};
      const std::string bytes = RawPeer::wire(frame);
      return peer.send_bytes(std::string_view(bytes).substr(0, bytes.size() / 2),
                             {{"half", true}, {"bytes", frame.payload.size()}});
  }
}

std::vector<RawPeer> silent_ones(Stage& stage) {
  constexpr std::int64_t kMany = 100;
  const std::size_t count = room_for(stage, kMany);
  std::vector<RawPeer> peers;
  peers.reserve(count);
  while (peers.size() < count)
    if (!add_silent(stage, peers)) break;
  return peers;
}

void say_nothing_more(Stage& stage) {
  others(stage, 1);
  {
    const auto peers = silent_ones(stage);
    others(stage, 3);
  }
  others(stage, 1);
}

void cost_little(Stage& stage) {
  stage.connect();
  stage.watch_memory();
  const auto peers = silent_ones(stage);
  stage.mark_memory();
}

void shake_slowly(Stage& stage) {
  constexpr std::int64_t kFew = 12;
  constexpr std::size_t kAtFirst = 40;
  const boost::json::object piece{{"piece", "handshake"}};
  others(stage, 1);
  std::vector<RawPeer> peers;
  const std::size_t count = room_for(stage, kFew);
  while (peers.size() < count) peers.push_back(stage.connect_raw());
  for (std::size_t at = 0; at < kAtFirst; ++at)
    for (RawPeer& peer : peers)
      peer.send_bytes(std::string_view(peer.handshake()).substr(at, 1), piece);
  others(stage, 3);
  for (RawPeer& peer : peers)
    peer.send_bytes(std::string_view(peer.handshake()).substr(kAtFirst), piece);
  peers.front().await_handshake(kSoon);
  peers.clear();
  others(stage, 1);
}

/// Their hellos, byte by byte side by side; another asks in between.
void speak_slowly(Stage& stage) {
  constexpr std::int64_t kFew = 3;
  constexpr milliseconds kBetween{1};
  constexpr std::size_t kNow = 40;
  Session& session = stage.connect();
  const auto ask = [&] {
    auto asked = session.call("bus/unsubscribe", {{"subscription", "no such subscription"}});
    if (!asked && session.closed())
      throw Abandoned{Verdict::inconclusive, "the bus ended the other's connection"};
  };
  ask();
  std::vector<RawPeer> peers;
  const std::size_t count = room_for(stage, kFew);
  while (peers.size() < count) peers.push_back(shaken_peer(stage));
  const Frame frame{.payload = raw_hello("slow"), .of = "slow"};
  const std::string bytes = RawPeer::wire(frame);
  boost::json::object last = RawPeer::shown(frame);
  last["piece"] = "frame";
  const boost::json::object piece{{"piece", "frame"}, {"id", frame.of}};
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const bool end = at + 1 == bytes.size();
    for (RawPeer& peer : peers)
      peer.send_bytes(std::string_view(bytes).substr(at, 1), end ? last : piece);
    if (at % kNow == kNow / 2) ask();
    stage.let_pass(kBetween);
  }
  for (RawPeer& peer : peers)
    if (!peer.await_answer("slow", beyond_answer(stage))) break;
  peers.clear();
  ask();
}

constexpr JudgedCase kHandshake[] = {{"END-9.slow_handshake", checkers::judge_slow_handshake}};
constexpr JudgedCase kHalfOpen[] = {{"END-9.half_open", checkers::judge_half_open}};
constexpr JudgedCase kBytes[] = {{"END-9.byte_frames", checkers::judge_byte_frames}};
constexpr JudgedCase kMemory[] = {{"END-9.memory", checkers::judge_dawdlers_memory}};

constexpr std::array kScenarios = {
    Scenario{
        .name = "Endpoint.END_9_bears_slow_handshakes", .cases = kHandshake, .run = shake_slowly},
    Scenario{
        .name = "Endpoint.END_9_bears_silent_peers", .cases = kHalfOpen, .run = say_nothing_more},
    Scenario{
        .name = "Endpoint.END_9_takes_frames_byte_by_byte", .cases = kBytes, .run = speak_slowly},
    Scenario{.name = "Endpoint.END_9_dawdlers_cost_little",
             .cases = kMemory,
             .bus = stage::Bus::own,
             .run = cost_little},
};

}  // namespace

std::span<const Scenario> dawdlers() { return kScenarios; }

}  // namespace busproof::families
