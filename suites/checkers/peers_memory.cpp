// What peers that speak wrongly, or dawdle, cost a bus. Source: END-3, END-9.
#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/dawdlers.hpp"
#include "suites/checkers/frames.hpp"
#include "suites/checkers/raw_peers.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Note;
using history::number_of;
using history::View;

constexpr std::int64_t kMegabyte = 1'048'576;
// What any bus may take for itself meanwhile.
constexpr std::int64_t kSlack = 32 * kMegabyte;
// A message on its way lies in a bus as bytes, as text, as a value, and that twice.
constexpr std::int64_t kOnTheWay = 8;
// Buffers, a thread's stack and what else a connection may need.
constexpr std::int64_t kOfAConnection = kMegabyte / 2;
// More than that much more must have been tried for its absence to say anything.
constexpr std::int64_t kTelling = 8 * kMegabyte;

struct Between {
  const Note* from = nullptr;
  const Note* to = nullptr;

  [[nodiscard]] bool holds(const Note* note) const {
    return note != nullptr && note->index > from->index && note->index < to->index;
  }
  [[nodiscard]] std::int64_t growth() const {
    return std::max<std::int64_t>(0, to->amount - from->amount);
  }
};

std::vector<Between> looks(const View& view) {
  std::vector<Between> found;
  const auto marks = view.marks("memory");
  for (std::size_t i = 1; i < marks.size(); ++i) {
    const auto starts = view.marks("started");
    const Between one{&marks[i - 1], &marks[i]};
    if (std::none_of(starts.begin(), starts.end(),
                     [&](const Note& start) { return one.holds(&start); }))
      found.push_back(one);
  }
  return found;
}

std::int64_t most_at_once(const std::vector<RawPeer>& peers, const Between& between) {
  std::int64_t now = 0, most = 0;
  std::vector<std::pair<std::size_t, int>> changes;
  for (const RawPeer& peer : peers) {
    if (!between.holds(peer.open)) continue;
    changes.emplace_back(peer.open->index, 1);
    if (between.holds(peer.end)) changes.emplace_back(peer.end->index, -1);
  }
  std::sort(changes.begin(), changes.end());
  for (const auto& [index, change] : changes) most = std::max(most, now += change);
  return most;
}

Judgement judge_growth(const Between& between, std::int64_t allowed, std::string_view what,
                       std::uint64_t judged) {
  if (between.growth() > allowed)
    return Judgement::violated("grew",
                               fmt::format("{} cost the bus {} MiB, where {} MiB are enough.", what,
                                           between.growth() / kMegabyte, allowed / kMegabyte),
                               {between.from->index, between.to->index});
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_bad_frames_memory(const View& view, const Claims& claims) {
  const auto largest = claims.limit("message_bytes_max");
  if (!largest) return Judgement::unverified("no largest message is declared");
  const auto peers = raw_peers(view);
  std::uint64_t judged = 0;
  for (const Between& between : looks(view)) {
    const std::int64_t allowed =
        kSlack + most_at_once(peers, between) * (kOfAConnection + kOnTheWay * *largest);
    std::int64_t meant = 0;
    std::uint64_t ended = 0;
    for (const RawPeer& peer : peers) {
      if (!between.holds(peer.open) || peer.shaken == nullptr) continue;
      for (const Note* sent : peer.sent) meant += number_of(sent->said, "bytes");
      if (peer.got_frame(kCloseFrame, peer.shaken->index) != nullptr || peer.ended_by_bus())
        ++ended;
    }
    const Judgement one =
        judge_growth(between, allowed, fmt::format("{} bytes of wrong messages", meant), ended);
    if (one.verdict() == contract::Verdict::violated) return one;
    if (meant > allowed + kTelling) judged += ended;
  }
  return Judgement::met(judged);
}

Judgement judge_dawdlers_memory(const View& view, const Claims& claims) {
  const auto largest = claims.limit("message_bytes_max");
  if (!largest) return Judgement::unverified("no largest message is declared");
  constexpr std::uint64_t kMany = 50;
  const auto peers = raw_peers(view);
  std::uint64_t judged = 0;
  for (const Between& between : looks(view)) {
    std::int64_t allowed = kSlack;
    std::uint64_t open = 0;
    for (const RawPeer& peer : peers) {
      if (!between.holds(peer.open)) continue;
      ++open;
      allowed += kOfAConnection;
      // Room for what was announced may be made at once.
      for (const Note* sent : peer.sent)
        allowed += 2 * std::clamp<std::int64_t>(number_of(sent->said, "bytes"), 0, *largest);
    }
    const Judgement one =
        judge_growth(between, allowed, fmt::format("{} peers that dawdle", open), open);
    if (one.verdict() == contract::Verdict::violated) return one;
    if (open >= kMany) judged += open;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
