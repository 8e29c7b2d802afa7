// What goes on while messages expire and are swept: TTL-9.
#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/expired.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/life.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/settling.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::text_of;
using history::View;

/// Whether some message certainly ended between the first and the last of those requests.
bool some_ended_during(const View& view, const contract::Claims& claims, Action action) {
  const auto requests = view.operations(action);
  if (requests.empty()) return false;
  const auto publishes = view.operations(Action::publish);
  return std::any_of(publishes.begin(), publishes.end(), [&](const Operation& publish) {
    return publish.ok() && life_of(publish) &&
           !maybe_over(view, claims, publish, requests.front().invoked) &&
           certainly_over(view, claims, publish, requests.back().invoked);
  });
}

Judgement nothing_ended() { return Judgement::inconclusive("nothing expired while it went on"); }

std::optional<Judgement> refused_in_time(const View& view, const contract::Claims& claims) {
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, deliveries] : came) {
      const Operation* publish = view.publish_of(message);
      if (publish == nullptr || is_mortal(*publish)) continue;
      const auto starts = earliest_lease_starts(view, claims, deliveries);
      for (std::size_t i = 0; i < deliveries.size(); ++i)
        for (const Operation& ack : view.on_delivery(Action::ack, deliveries[i].delivery))
          if (ack.session == deliveries[i].session && ack.outcome == history::Phase::fail &&
              !is_momentary(ack) &&
              ack.answered < earliest_end(view, claims, deliveries[i], starts[i]))
            return Judgement::violated(
                "ack_refused",
                fmt::format("The ack of message m{} was refused within its lease: {}.", message,
                            ack.error),
                {deliveries[i].index, ack.invoke_index, ack.answer_index});
    }
  return std::nullopt;
}

}  // namespace

Judgement judge_reads_beside_expiry(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok() || !life_of(*publish)) continue;
    const std::vector<std::size_t> events{publish->invoke_index, retrieve.answer_index};
    const std::string sent = text_of(publish->asked, "digest");
    if (retrieve.ok() && !sent.empty() && text_of(retrieve.said, "digest") != sent)
      return Judgement::violated(
          "altered",
          fmt::format("Message m{} was read with other bytes while messages expired.",
                      publish->message),
          events);
    if (!retrieve.ok() && !says_gone(retrieve) && !is_momentary(retrieve))
      return Judgement::violated("unclean_error",
                                 fmt::format("Reading m{} while messages expired gave \"{}\".",
                                             publish->message, retrieve.error),
                                 events);
    judged += retrieve.ok() || says_gone(retrieve);
  }
  return some_ended_during(view, claims, Action::retrieve) ? Judgement::met(judged)
                                                           : nothing_ended();
}

Judgement judge_acks_beside_expiry(const View& view, const contract::Claims& claims) {
  if (auto wrong = refused_in_time(view, claims)) return *wrong;
  const Judgement later = judge_acked_on_later_connection(view, claims);
  if (later.verdict() == contract::Verdict::violated) return later;
  if (!some_ended_during(view, claims, Action::ack)) return nothing_ended();
  return later.verdict() == contract::Verdict::met ? later : judge_acked_after_lease(view, claims);
}

Judgement judge_publishes_beside_expiry(const View& view, const contract::Claims& claims) {
  const Judgement delivered = judge_delivered(view, claims);
  if (delivered.verdict() == contract::Verdict::violated) return delivered;
  return some_ended_during(view, claims, Action::publish) ? delivered : nothing_ended();
}

}  // namespace busproof::checkers
