#include "suites/checkers/crash_loop.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Delivery;
using history::kNever;
using history::Note;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

bool settled(const View& view, std::uint32_t message) {
  for (const Action action : {Action::ack, Action::reject})
    if (!view.on_message(action, message).empty()) return true;
  return false;
}

/// Whether an answer of bus/dead_letters names the message.
bool lists(const Operation& listing, std::uint32_t message) {
  const json::value* letters = listing.said.if_contains("messages");
  if (letters == nullptr || !letters->is_array()) return false;
  return std::any_of(
      letters->get_array().begin(), letters->get_array().end(), [&](const json::value& letter) {
        return letter.is_object() && history::number_of(letter.get_object(), "message") == message;
      });
}

/// The last answered listing of dead letters, or null.
const Operation* last_listing(const View& view) {
  const Operation* last = nullptr;
  for (const Operation& call : view.operations(Action::call))
    if (call.ok() && text_of(call.asked, "method") == "bus/dead_letters") last = &call;
  return last;
}

Judgement ends(const View& view, const contract::Claims& claims, std::uint32_t poison,
               std::int64_t attempts_max) {
  std::vector<Delivery> came;
  for (const Delivery& delivery : view.deliveries())
    if (delivery.message == poison) came.push_back(delivery);
  const auto count = static_cast<std::int64_t>(came.size());
  if (count > attempts_max)
    return Judgement::violated(
        "delivered_again",
        fmt::format("Message m{}, which nobody ever settled, came {} times; attempts_max is {}.",
                    poison, count, attempts_max),
        {came[static_cast<std::size_t>(attempts_max) - 1].index,
         came[static_cast<std::size_t>(attempts_max)].index});
  const Operation* listing = last_listing(view);
  if (listing == nullptr) return Judgement::inconclusive("the dead letters were never listed");
  if (count > 0 && lists(*listing, poison)) return Judgement::met(1);
  if (count < attempts_max)
    return Judgement::inconclusive(
        fmt::format("only {} of {} attempts were seen to be used up", count, attempts_max));
  const Operation* subscribe = view.subscribe_of(came.back().subscription);
  const auto over =
      subscribe == nullptr ? std::nullopt : given_back(view, claims, *subscribe, listing->invoked);
  const Time settles = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  if (!over || listing->invoked <= *over + settles)
    return Judgement::inconclusive("the dead letters were last listed too soon");
  return Judgement::violated(
      "not_dead_lettered",
      fmt::format("Message m{} used up its {} attempts and is not among the dead letters.", poison,
                  attempts_max),
      {came.back().index, listing->answer_index});
}

/// How often it can have been delivered: as seen, and unseen to each consumer that came later.
std::int64_t attempts_used(const View& view, const Group& group,
                           const std::vector<Delivery>& came) {
  std::int64_t used =
      std::max<std::int64_t>(static_cast<std::int64_t>(came.size()), came.back().attempt);
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (subscribe.invoked > came.back().at && group_of(view, subscribe.subscription) == group)
      ++used;
  return used;
}

}  // namespace

Judgement judge_crash_loop_ends(const View& view, const contract::Claims& claims) {
  const auto attempts_max = claims.limit("attempts_max");
  if (!attempts_max || *attempts_max < 1)
    return Judgement::unverified("limit attempts_max is not declared");
  for (const Note& mark : view.marks("poison"))
    if (!settled(view, mark.message)) return ends(view, claims, mark.message, *attempts_max);
  // The last one of all may have been acked by the consumer that looks for what is left.
  for (const Note& mark : view.marks("poison")) {
    const Judgement judgement = ends(view, claims, mark.message, *attempts_max);
    if (judgement.verdict() == contract::Verdict::violated) return judgement;
  }
  return Judgement::inconclusive("no message was left to the death of its consumers");
}

Judgement judge_crash_loop_neighbours(const View& view, const contract::Claims& claims) {
  const auto attempts_max = claims.limit("attempts_max").value_or(0);
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const auto& [message, all] : came) {
      const Operation* publish = view.publish_of(message);
      if (publish == nullptr || !owed.due(*publish) || is_fence(view, message)) continue;
      const Operation* subscribe = view.subscribe_of(all.back().subscription);
      if (settled(view, message)) {
        judged += all.size() > 1 ? 1 : 0;
        continue;
      }
      const auto over =
          subscribe == nullptr ? std::nullopt : given_back(view, claims, *subscribe, kNever);
      if (!over || attempts_used(view, group, all) >= attempts_max) continue;
      const Operation* fence = owed.fence_behind(*over);
      open = open || fence == nullptr;
      if (fence != nullptr)
        return Judgement::violated(
            "lost",
            fmt::format("Message m{} was leased when its consumer died, had attempts left, and "
                        "never came again, though a later one did.",
                        message),
            {all.back().index, fence->invoke_index});
    }
  }
  if (open)
    return Judgement::inconclusive(
        "no fence came behind a missing message: silence proves nothing");
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
