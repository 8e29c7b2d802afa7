#include "suites/checkers/release.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Note;
using history::Operation;
using history::Time;
using history::View;

/// The end of a delivery's connection by our side while the bus lived, or null.
const Note* our_end(const View& view, const Delivery& delivery) {
  for (const Note& note : view.notes()) {
    if (note.action == Action::mark && (note.name == "kill" || note.name == "stop")) return nullptr;
    if (note.action != Action::disconnected || note.session != delivery.session) continue;
    return history::text_of(note.said, "by") == "us" ? &note : nullptr;
  }
  return nullptr;
}

/// Whether anything was ever done to that delivery: what was meant to end or move its lease.
bool touched(const View& view, const Delivery& delivery) {
  for (const Action action : {Action::ack, Action::reject, Action::extend})
    if (!view.on_delivery(action, delivery.delivery).empty()) return true;
  return false;
}

template <typename Due>
Judgement judge(const View& view, const contract::Claims& claims, const char* late, Due due) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came)
      for (std::size_t i = 0; i < all.size(); ++i) {
        const Note* end = our_end(view, all[i]);
        if (message == 0 || end == nullptr || touched(view, all[i]) ||
            may_be_used_up(claims, all[i], i + 1))
          continue;
        const std::optional<Time> by = due(all[i], *end);
        if (!by) continue;
        // What came elsewhere before we went may be the younger delivery, and settled.
        const bool moved = i + 1 < all.size() && all[i + 1].at < released_early(view, all[i]);
        if (moved) continue;
        const Comeback back = comeback(view, claims, group, came, all[i], *by);
        if (back.came == Came::never)
          return Judgement::violated(
              "never_given_back",
              fmt::format("Message m{} was held by a connection that ended and never came to "
                          "another, though a message published {:.0f} ms after it was due did.",
                          message, millis(back.fence->invoked - *by)),
              {all[i].index, end->index, back.fence->invoke_index});
        if (back.came == Came::late)
          return Judgement::violated(
              late,
              fmt::format("Message m{}, held by a connection that ended, came to another {:.0f} ms "
                          "too late.",
                          message, millis(back.next->at - *by)),
              {all[i].index, end->index, back.next->index});
        if (back.came == Came::in_time) ++judged;
        open = open || back.came == Came::open;
      }
  if (open)
    return Judgement::inconclusive("no fence came behind what did not come: it proves nothing");
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_given_back_at_once(const View& view, const contract::Claims& claims) {
  if (claims.trait("queue", "release") != "frees")
    return Judgement::unverified("a lease runs on after its connection's end");
  return judge(view, claims, "late_after_disconnect",
               [&](const Delivery& delivery, const Note& end) -> std::optional<Time> {
                 const Operation* subscribe = view.subscribe_of(delivery.subscription);
                 const bool clean = history::number_of(end.said, "code") == 1000 ||
                                    view.history().header.over_lines;
                 if (subscribe == nullptr || !clean) return std::nullopt;
                 return given_back(view, claims, *subscribe, history::kNever);
               });
}

Judgement judge_given_back_by_lease(const View& view, const contract::Claims& claims) {
  const Time grace = declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise);
  return judge(view, claims, "late_after_lease",
               [&](const Delivery& delivery, const Note& end) -> std::optional<Time> {
                 const auto lease = lease_of(view, claims, delivery.subscription);
                 if (!lease) return std::nullopt;
                 // A lease that had ended before the connection did is another rule's business.
                 if (delivery.at + *lease <= end.at) return std::nullopt;
                 return delivery.at + *lease + grace + granularity(claims);
               });
}

}  // namespace busproof::checkers
