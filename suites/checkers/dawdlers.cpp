// Source: END-9.
#include "suites/checkers/dawdlers.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "suites/checkers/raw_peers.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::kNever;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// From when on a peer dawdled, and until when for certain.
struct Span {
  Time from{}, until{};
  std::size_t index = 0;
};

bool is_piece(const Note& sent) { return sent.said.contains("piece"); }

/// From the first piece of a handshake or frame up to its last.
std::optional<Span> slowly_sent(const RawPeer& peer, std::string_view piece) {
  std::optional<Span> span;
  for (const Note* sent : peer.sent) {
    if (!is_piece(*sent) || text_of(sent->said, "piece") != piece) continue;
    if (!span) span = Span{.from = sent->at, .index = sent->index};
    span->until = sent->at;
  }
  return span;
}

/// From the last thing it said up to its end.
std::optional<Span> silent(const RawPeer& peer) {
  if (peer.open == nullptr || peer.end == nullptr) return std::nullopt;
  const Note* last = peer.sent.empty() ? peer.open : peer.sent.back();
  return Span{last->at, peer.end->at, last->index};
}

/// What somebody else tried: to connect and say hello, or a request.
struct Attempt {
  Time at{};
  bool served = false, failed = false;
  std::size_t index = 0;
};

std::vector<Attempt> attempts(const View& view) {
  std::vector<Attempt> found;
  for (const Note& refused : view.marks("not_connected"))
    found.push_back({.at = refused.at, .failed = true, .index = refused.index});
  for (const Action action : {Action::hello, Action::call, Action::publish})
    for (const Operation& asked : view.operations(action)) {
      // An error is an answer, too.
      const bool none =
          asked.outcome == history::Phase::info &&
          (asked.error.empty() || asked.error == "no_answer" || asked.error == "disconnected");
      found.push_back({asked.invoked, !none, none, asked.invoke_index});
    }
  std::sort(found.begin(), found.end(),
            [](const Attempt& one, const Attempt& other) { return one.index < other.index; });
  return found;
}

/// Others' attempts beside all of these dawdlers: that they were served, before and after too.
Judgement judge_others(const View& view, const std::vector<Span>& spans) {
  if (spans.empty()) return Judgement::inconclusive("nobody dawdled");
  Span all{.from = Time(0), .until = kNever};
  for (const Span& span : spans) {
    if (span.from > all.from) all.index = span.index;
    all.from = std::max(all.from, span.from);
    all.until = std::min(all.until, span.until);
  }
  std::uint64_t judged = 0;
  const Attempt* waited = nullptr;
  bool before = false, after = false;
  const auto tried = attempts(view);
  for (const Attempt& attempt : tried) {
    if (attempt.at <= all.from) {
      before = before || attempt.served;
    } else if (attempt.at < all.until) {
      if (attempt.failed && waited == nullptr) waited = &attempt;
      if (attempt.served) ++judged;
    } else {
      after = after || attempt.served;
    }
  }
  if (waited == nullptr) return Judgement::met(judged);
  if (!before || !after)
    return Judgement::inconclusive("others were not served without those who dawdle either");
  return Judgement::violated(
      "others_wait",
      fmt::format("While {} peers dawdled another was not served, as it was before and after.",
                  spans.size()),
      {all.index, waited->index});
}

const Note* first_piece(const RawPeer& peer) {
  const auto found = std::find_if(peer.sent.begin(), peer.sent.end(),
                                  [](const Note* sent) { return is_piece(*sent); });
  return found == peer.sent.end() ? nullptr : *found;
}

/// Whether the whole message was sent and the peer was there for as long as any answer may take.
bool waited_for(const View& view, const Claims& claims, const RawPeer& peer) {
  const Time limit = std::chrono::milliseconds(claims.limit_or_default("answer_ms"));
  const auto messages = peer.messages();
  if (messages.empty() || !messages.back().whole || peer.end == nullptr) return false;
  const Note& sent = *messages.back().frames.back();
  return peer.end->at > sent.at + limit + own_delay(view, sent.at, peer.end->at);
}

}  // namespace

Judgement judge_slow_handshake(const View& view, const Claims&) {
  std::vector<Span> spans;
  for (const RawPeer& peer : raw_peers(view))
    if (const auto span = slowly_sent(peer, "handshake")) spans.push_back(*span);
  return judge_others(view, spans);
}

Judgement judge_half_open(const View& view, const Claims&) {
  std::vector<Span> spans;
  for (const RawPeer& peer : raw_peers(view)) {
    const bool slow = std::any_of(peer.sent.begin(), peer.sent.end(),
                                  [](const Note* sent) { return is_piece(*sent); });
    const auto span = slow ? std::nullopt : silent(peer);
    // One that the bus has ended since is a dawdler no longer, which is no reason to judge nothing.
    if (span && !peer.ended_by_bus()) spans.push_back(*span);
  }
  return judge_others(view, spans);
}

Judgement judge_byte_frames(const View& view, const Claims& claims) {
  std::vector<Span> spans;
  std::uint64_t answered = 0;
  for (const RawPeer& peer : raw_peers(view)) {
    const auto span = slowly_sent(peer, "frame");
    if (!span || peer.shaken == nullptr) continue;
    spans.push_back(*span);
    const Note* first = first_piece(peer);
    const std::string id = text_of(first->said, "id");
    if (id.empty()) continue;
    if (peer.answer(id) != nullptr) {
      ++answered;
    } else if (peer.ended_by_bus()) {
      return Judgement::violated("refused", "A message sent a byte at a time ended the connection.",
                                 {span->index, peer.end->index});
    } else if (waited_for(view, claims, peer)) {
      return Judgement::violated("unanswered",
                                 fmt::format("A message sent a byte at a time was not answered in "
                                             "{:.0f} ms.",
                                             millis(peer.end->at - span->until)),
                                 {span->index, peer.end->index});
    }
  }
  const Judgement others = judge_others(view, spans);
  if (others.verdict() != contract::Verdict::met) return others;
  if (answered == 0) return Judgement::inconclusive("no such message was answered");
  return Judgement::met(others.judged() + answered);
}

}  // namespace busproof::checkers
