#include "suites/checkers/sequence.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"
#include "suites/models/queue_model.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::Phase;
using history::View;
using models::Broken;
using models::QueueModel;

/// Walks a history through the model and collects what it finds broken.
class Walk {
 public:
  Walk(const View& view, const contract::Claims& claims)
      : view_(view),
        priority_default_(claims.limit("priority.default").value_or(0)),
        model_(claims.limit("attempts_max").value_or(INT64_MAX)) {
    const auto& events = view.history().events;
    for (std::size_t i = 0; i < events.size() && !broken_; ++i) step(events[i], i);
  }

  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] const std::optional<Broken>& broken() const { return broken_; }
  [[nodiscard]] std::size_t where() const { return where_; }
  [[nodiscard]] std::optional<models::Message> owed() const { return model_.owed(); }

 private:
  void step(const history::Event& event, std::size_t index) {
    if (event.phase == Phase::invoke) {
      if (event.action == Action::credit && event.amount > 0) model_.credit_given();
    } else if (event.phase == Phase::note) {
      note(event, index);
    } else {
      answer(event);
    }
  }

  void note(const history::Event& event, std::size_t index) {
    if (event.action == Action::disconnected) model_.ended(event.session);
    if (event.action != Action::deliver) return;
    ++deliveries_;
    where_ = index;
    broken_ = model_.delivered(event.message, event.session, event.attempt);
  }

  void answer(const history::Event& event) {
    const bool ok = event.phase == Phase::ok;
    if (event.phase == Phase::fail) return;  // It did not happen.
    switch (event.action) {
      case Action::publish: {
        const Operation* publish = view_.publish_of(event.message);
        const std::int64_t priority =
            publish == nullptr
                ? priority_default_
                : history::number_of(publish->asked, "priority", priority_default_);
        ok ? model_.accepted(event.message, priority)
           : model_.maybe_accepted(event.message, priority);
        break;
      }
      case Action::ack: model_.acked(event.message, ok); break;
      case Action::reject: model_.handed_back(event.message, ok); break;
      default: break;
    }
  }

  const View& view_;
  std::int64_t priority_default_;
  QueueModel model_;
  std::optional<Broken> broken_;
  std::uint64_t deliveries_ = 0;
  std::size_t where_ = 0;
};

/// The events of the message that the finding is about.
std::vector<std::size_t> events_about(const View& view, std::size_t where) {
  const auto& events = view.history().events;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i <= where && i < events.size(); ++i)
    if (events[i].message == events[where].message) found.push_back(i);
  return found;
}

Judgement from(const View& view, const Walk& walk) {
  return Judgement::violated(walk.broken()->finding, walk.broken()->says,
                             events_about(view, walk.where()));
}

}  // namespace

Judgement judge_sequence_settled(const View& view, const contract::Claims& claims) {
  const Walk walk(view, claims);
  if (walk.broken() && walk.broken()->finding == "acked_came_again") return from(view, walk);
  const auto acks = view.operations(Action::ack);
  const auto acked =
      std::count_if(acks.begin(), acks.end(), [](const Operation& ack) { return ack.ok(); });
  return Judgement::met(static_cast<std::uint64_t>(acked));
}

Judgement judge_sequence_order(const View& view, const contract::Claims& claims) {
  const Walk walk(view, claims);
  if (walk.broken() && walk.broken()->finding != "acked_came_again") return from(view, walk);
  const auto groups = deliveries_by_group(view);
  const bool drained = std::any_of(groups.begin(), groups.end(), [&](const auto& entry) {
    return fence_seen(view, entry.second, entry.first.first).has_value();
  });
  if (!walk.broken() && drained && walk.owed()) {
    const Operation* publish = view.publish_of(*walk.owed());
    return Judgement::violated(
        "lost", fmt::format("Message m{} was owed and never came, though a later one did.",
                            *walk.owed()),
        publish == nullptr ? std::vector<std::size_t>()
                           : std::vector<std::size_t>{publish->answer_index});
  }
  if (!drained) return Judgement::inconclusive("the fence message did not come");
  return Judgement::met(walk.deliveries());
}

}  // namespace busproof::checkers
