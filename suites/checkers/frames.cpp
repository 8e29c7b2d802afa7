// Source: END-3, END-7; RFC 6455, sections 5, 7.1.7, 7.4.2 and 8.1.
#include "suites/checkers/frames.hpp"

#include <algorithm>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "suites/checkers/raw_peers.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Note;
using history::number_of;
using history::text_of;
using history::Time;
using history::View;

constexpr std::int64_t kNormal = 1000, kProtocolError = 1002, kNotUtf8 = 1007, kTooBig = 1009;

/// A frame or message that fails the connection, and why.
struct Wrong {
  const RawPeer* peer = nullptr;
  const Note* at = nullptr;
  std::string id, what;
};

/// A request that was sent after it and answered.
const Note* answered_later(const Wrong& wrong) {
  for (const RawMessage& message : wrong.peer->messages()) {
    if (message.frames.front()->index <= wrong.at->index || message.id.empty()) continue;
    if (const Note* answer = wrong.peer->answer(message.id, wrong.at->index)) return answer;
  }
  return nullptr;
}

/// Whether a connection may end without a word on why.
enum class Silent : std::uint8_t { allowed, forbidden };

Judgement judge_failed(const std::vector<Wrong>& wrongs, std::int64_t code, Silent silent) {
  std::uint64_t judged = 0;
  for (const Wrong& wrong : wrongs) {
    const Note* answer = wrong.id.empty() ? nullptr : wrong.peer->answer(wrong.id, wrong.at->index);
    if (answer != nullptr && is_result(*answer))
      return Judgement::violated("taken", fmt::format("{} was carried out.", wrong.what),
                                 {wrong.at->index, answer->index});
    if (const Note* later = answered_later(wrong))
      return Judgement::violated("kept", fmt::format("{} did not end the connection.", wrong.what),
                                 {wrong.at->index, later->index});
    if (const Note* close = wrong.peer->got_frame(kCloseFrame, wrong.at->index)) {
      const std::int64_t said = close_code(*close).value_or(0);
      if (said != code)
        return Judgement::violated(
            "wrong_code",
            fmt::format("{} ended the connection with {} instead of {}.", wrong.what,
                        said == 0 ? "no code" : std::to_string(said), code),
            {wrong.at->index, close->index});
      ++judged;
      continue;
    }
    if (!wrong.peer->ended_by_bus()) continue;
    if (silent == Silent::forbidden && !wrong.peer->was_reset())
      return Judgement::violated(
          "no_code",
          fmt::format("{} ended the connection without the close code {}.", wrong.what, code),
          {wrong.at->index, wrong.peer->end->index});
    if (silent == Silent::allowed) ++judged;
  }
  if (judged == 0)
    return Judgement::inconclusive("no connection was seen to end over such a frame");
  return Judgement::met(judged);
}

/// Whether a frame was sent as no client may.
std::string broken_head(const Note& sent) {
  const int opcode = opcode_of(sent);
  if (opcode < 0) return "";
  if (number_of(sent.said, "reserved") != 0) return "A frame with a reserved bit set";
  const bool known = opcode <= 2 || (opcode >= kCloseFrame && opcode <= kPongFrame);
  return known ? "" : fmt::format("A frame of the reserved opcode {}", opcode);
}

std::string unmasked(const Note& sent) {
  return sent.said.contains("unmasked") ? "An unmasked frame" : "";
}

/// Every frame that `broken` names, sent after a handshake.
std::vector<Wrong> wrong_frames(const std::vector<RawPeer>& peers,
                                std::string (*broken)(const Note&)) {
  std::vector<Wrong> found;
  for (const RawPeer& peer : peers) {
    for (const Note* sent : peer.sent) {
      const std::string what = broken(*sent);
      if (what.empty() || peer.shaken == nullptr) continue;
      found.push_back({&peer, sent, text_of(sent->said, "id"), what});
      break;
    }
  }
  return found;
}

std::vector<Wrong> wrong_messages(const std::vector<RawPeer>& peers,
                                  const std::function<std::string(const RawMessage&)>& broken) {
  std::vector<Wrong> found;
  for (const RawPeer& peer : peers) {
    for (const RawMessage& message : peer.messages()) {
      const std::string what = broken(message);
      if (what.empty() || peer.shaken == nullptr) continue;
      found.push_back({&peer, message.frames.front(), message.id, what});
      break;
    }
  }
  return found;
}

std::string not_utf8(const RawMessage& message) {
  const bool text = opcode_of(*message.frames.front()) == kTextFrame;
  if (!text || !message.known || !message.whole) return "";
  return is_utf8(message.payload) ? "" : "A text that is no UTF-8";
}

Time answer_limit(const Claims& claims) {
  return std::chrono::milliseconds(claims.limit_or_default("answer_ms"));
}

/// Whether that peer was there for as long as any answer may take, and nothing came.
bool waited_out(const View& view, const Claims& claims, const RawPeer& peer, const Note& since) {
  return peer.end != nullptr && !peer.ended_by_bus() &&
         peer.end->at > since.at + answer_limit(claims) + own_delay(view, since.at, peer.end->at);
}

/// What became of a message in fragments; nothing to say where it was answered, or may be yet.
struct Fate {
  std::optional<Judgement> wrong = {};
  bool answered = false;
};

Fate fate(const View& view, const Claims& claims, const RawPeer& peer, const RawMessage& message) {
  const Note& first = *message.frames.front();
  const Note& last = *message.frames.back();
  if (peer.answer(message.id, first.index) != nullptr) return {.answered = true};
  if (const Note* stray = peer.stray_answer(first.index))
    return {.wrong = Judgement::violated(
                "taken_apart",
                fmt::format("A message in {} frames was answered as if it were no JSON.",
                            message.frames.size()),
                {first.index, stray->index})};
  if (peer.ended_by_bus())
    return {.wrong = Judgement::violated(
                "refused",
                fmt::format("A message in {} frames ended the connection.", message.frames.size()),
                {first.index, peer.end->index})};
  if (waited_out(view, claims, peer, last))
    return {.wrong = Judgement::violated(
                "unanswered",
                fmt::format("A message in {} frames was not answered in {:.0f} ms.",
                            message.frames.size(), millis(peer.end->at - last.at)),
                {first.index, last.index, peer.end->index})};
  return {};
}

/// The pings that were sent inside of that message.
std::vector<const Note*> pings_within(const RawPeer& peer, const RawMessage& message) {
  std::vector<const Note*> found;
  for (const Note* sent : peer.sent)
    if (opcode_of(*sent) == kPingFrame && sent->index > message.frames.front()->index &&
        sent->index < message.frames.back()->index)
      found.push_back(sent);
  return found;
}

/// The pong to the only ping of that peer, or what is wrong with it.
Fate pong_to(const View& view, const Claims& claims, const RawPeer& peer, const Note& ping) {
  const Note* pong = peer.got_frame(kPongFrame, ping.index);
  if (pong != nullptr && text_of(pong->said, "text") == text_of(ping.said, "text"))
    return {.answered = true};
  if (pong != nullptr)
    return {.wrong =
                Judgement::violated("wrong_pong", "A pong does not carry what its ping carried.",
                                    {ping.index, pong->index})};
  if (!waited_out(view, claims, peer, ping)) return {};
  return {.wrong = Judgement::violated("no_pong", "A ping between two fragments was not answered.",
                                       {ping.index, peer.end->index})};
}

/// Codes of section 7.4 that no endpoint may send; others may be given a meaning some day.
bool may_not_be_sent(std::int64_t code) { return code < kNormal || code == 1005 || code == 1006; }

bool is_bad_close(const Note& close) {
  const auto code = close_code(close);
  return number_of(close.said, "bytes") == 1 || (code && may_not_be_sent(*code));
}

Judgement took_bad_code(const Note& close, const Note& reply) {
  return Judgement::violated(
      "took_bad_code",
      fmt::format("A close that may not be sent ({}) was answered with {} instead of {}.",
                  close_code(close) ? std::to_string(*close_code(close)) : "one byte",
                  close_code(reply) ? std::to_string(*close_code(reply)) : "no code",
                  kProtocolError),
      {close.index, reply.index});
}

}  // namespace

Judgement judge_too_large(const View& view, const Claims& claims) {
  const auto most = claims.limit("message_bytes_max");
  if (!most) return Judgement::unverified("no largest message is declared");
  const auto peers = raw_peers(view);
  const auto wrongs = wrong_messages(peers, [&](const RawMessage& message) {
    if (message.bytes <= *most) return std::string();
    return fmt::format("A message of {} bytes, where {} are declared,", message.bytes, *most);
  });
  return judge_failed(wrongs, kTooBig, Silent::forbidden);
}

Judgement judge_invalid_utf8(const View& view, const Claims&) {
  const auto peers = raw_peers(view);
  return judge_failed(wrong_messages(peers, not_utf8), kNotUtf8, Silent::forbidden);
}

Judgement judge_masking(const View& view, const Claims&) {
  const auto peers = raw_peers(view);
  return judge_failed(wrong_frames(peers, unmasked), kProtocolError, Silent::allowed);
}

Judgement judge_reserved_bits(const View& view, const Claims&) {
  const auto peers = raw_peers(view);
  return judge_failed(wrong_frames(peers, broken_head), kProtocolError, Silent::allowed);
}

Judgement judge_fragments(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const RawPeer& peer : raw_peers(view)) {
    for (const RawMessage& message : peer.messages()) {
      const bool fragments = message.frames.size() > 1 && message.whole && !message.id.empty();
      if (!fragments || !pings_within(peer, message).empty()) continue;
      const Fate became = fate(view, claims, peer, message);
      if (became.wrong) return *became.wrong;
      if (became.answered) ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_control_frames(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const RawPeer& peer : raw_peers(view)) {
    for (const RawMessage& message : peer.messages()) {
      const auto pings = pings_within(peer, message);
      if (pings.size() != 1 || !message.whole || message.id.empty()) continue;
      const Fate whole = fate(view, claims, peer, message);
      if (whole.wrong) return *whole.wrong;
      const Fate pong = pong_to(view, claims, peer, *pings.front());
      if (pong.wrong) return *pong.wrong;
      if (whole.answered && pong.answered) ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_close_codes(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const RawPeer& peer : raw_peers(view)) {
    const auto sent = std::find_if(peer.sent.begin(), peer.sent.end(), [](const Note* note) {
      return opcode_of(*note) == kCloseFrame;
    });
    if (sent == peer.sent.end() || peer.shaken == nullptr) continue;
    const Note& close = **sent;
    const Note* reply = peer.got_frame(kCloseFrame, close.index);
    const std::int64_t said = reply == nullptr ? 0 : close_code(*reply).value_or(0);
    if (is_bad_close(close)) {
      if (reply != nullptr && said != kProtocolError) return took_bad_code(close, *reply);
      if (reply != nullptr || peer.ended_by_bus()) ++judged;
      continue;
    }
    if (reply != nullptr) {
      if (said != 0 && said != close_code(close).value_or(0) && said != kNormal)
        return Judgement::violated("another_code",
                                   fmt::format("A close with {} was answered with {}.",
                                               close_code(close).value_or(0), said),
                                   {close.index, reply->index});
      ++judged;
    } else if ((peer.ended_by_bus() && !peer.was_reset()) ||
               waited_out(view, claims, peer, close)) {
      return Judgement::violated("unanswered", "A close was not answered with one.",
                                 {close.index, peer.end->index});
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
