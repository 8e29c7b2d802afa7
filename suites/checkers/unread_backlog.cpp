#include "suites/checkers/unread_backlog.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/restarts.hpp"
#include "suites/checkers/slow.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

constexpr std::int64_t kMegabyte = 1'048'576;
constexpr std::int64_t kSlackLeast = 32 * kMegabyte;
// Beyond what any machine has; more is the same, and cannot be reckoned with.
constexpr std::int64_t kBufferMost = std::int64_t{1} << 50;
// A message on its way lies in a bus as text, as a value, decoded, and framed, and that twice.
constexpr std::int64_t kOnTheWay = 8;

struct Go {
  const Note* from = nullptr;
  const Note* to = nullptr;
  history::Text destination = 0;
  std::int64_t messages = 0, bytes = 0, largest = 0;
  std::int64_t subscriptions = 0, credit = 0;  ///< of who reads nothing
  bool attended = false;
  std::size_t stopped = 0;  ///< that mark, where it is attended
  bool read = false;        ///< somebody else subscribed there

  [[nodiscard]] std::int64_t growth() const {
    return std::max<std::int64_t>(0, to->amount - from->amount);
  }
  [[nodiscard]] bool like(const Go& other) const {
    return messages == other.messages && bytes == other.bytes;
  }
};

/// What was published in between; nothing where that went to several destinations, or by reference.
std::optional<Go> published_between(const View& view, const Note& from, const Note& to) {
  Go go{.from = &from, .to = &to};
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.invoke_index > to.index || publish.answer_index < from.index) continue;
    const bool whole = publish.ok() && publish.invoke_index > from.index &&
                       publish.answer_index < to.index &&
                       text_of(publish.said, "route") != "reference";
    if (!whole || (go.messages > 0 && publish.destination != go.destination)) return std::nullopt;
    const std::int64_t size = number_of(publish.asked, "size");
    go.destination = publish.destination;
    ++go.messages;
    go.bytes += size;
    go.largest = std::max(go.largest, size);
  }
  if (go.messages == 0) return std::nullopt;
  return go;
}

void find_subscribers(const View& view, const contract::Claims& claims,
                      const std::vector<Stop>& stops, Go& go) {
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    if (subscribe.destination != go.destination || subscribe.outcome == history::Phase::fail)
      continue;
    const auto stop = std::find_if(stops.begin(), stops.end(), [&](const Stop& one) {
      return one.session == subscribe.session && one.from <= go.from->at && one.until >= go.to->at;
    });
    const bool held = subscribe.ok() && stop != stops.end() && subscribe.answered <= stop->from &&
                      group_of(view, subscribe.subscription).has_value();
    go.read = go.read || !held;
    if (!held) continue;
    go.attended = true;
    go.stopped = stop->index;
    ++go.subscriptions;
    go.credit += credit_of(claims, subscribe).value_or(0);
  }
}

std::vector<Go> goes(const View& view, const contract::Claims& claims) {
  std::vector<Go> found;
  const auto stopped = stops(view);
  const auto marks = view.marks("memory");
  for (std::size_t i = 1; i < marks.size(); ++i) {
    if (restarted_between(view, marks[i - 1], marks[i])) continue;
    auto go = published_between(view, marks[i - 1], marks[i]);
    if (!go) continue;
    find_subscribers(view, claims, stopped, *go);
    if (!go->read) found.push_back(*go);
  }
  return found;
}

}  // namespace

std::int64_t telling_backlog(std::int64_t buffer, std::int64_t largest) {
  return std::max(2 * kSlackLeast, 4 * (buffer + kOnTheWay * largest));
}

Judgement judge_unread_backlog(const View& view, const contract::Claims& claims) {
  const auto declared = claims.limit("buffer_bytes_max");
  if (!declared)
    return Judgement::unverified("no bound of what is buffered for a reader is declared");
  const auto all = goes(view, claims);
  const Go* attended = nullptr;
  const Go* alone = nullptr;
  for (const Go& go : all) {
    const Go*& best = go.attended ? attended : alone;
    const bool better = best == nullptr ||
                        (go.attended ? go.growth() < best->growth() : go.growth() > best->growth());
    if (better) best = &go;
  }
  if (attended == nullptr || alone == nullptr || !attended->like(*alone))
    return Judgement::inconclusive(
        "the same backlog was not seen growing both unread and unattended");
  const std::int64_t buffer = std::min(*declared, kBufferMost) * attended->subscriptions;
  const std::int64_t slack = std::max({kSlackLeast, alone->growth() / 2, attended->bytes / 2});
  const std::int64_t allowed = buffer + slack + kOnTheWay * attended->largest;
  if (attended->growth() > alone->growth() + allowed)
    return Judgement::violated(
        "holds_backlog",
        fmt::format("A backlog of {} MiB took {} MiB of memory unattended, and {} MiB with a "
                    "subscriber that read nothing, for whom {} MiB may be buffered.",
                    attended->bytes / kMegabyte, alone->growth() / kMegabyte,
                    attended->growth() / kMegabyte, buffer / kMegabyte),
        {attended->stopped, attended->from->index, attended->to->index, alone->from->index,
         alone->to->index});
  if (attended->credit < attended->messages)
    return Judgement::inconclusive(
        fmt::format("{} messages waited for a subscriber with credit for {}", attended->messages,
                    attended->credit));
  // A bus that held it all would have been found out.
  if (attended->bytes < allowed + allowed / 4)
    return Judgement::inconclusive(
        fmt::format("a backlog of {} MiB tells nothing where {} MiB more are allowed for",
                    attended->bytes / kMegabyte, allowed / kMegabyte));
  return Judgement::met(static_cast<std::uint64_t>(attended->messages));
}

}  // namespace busproof::checkers
