#include "suites/checkers/lives.hpp"

#include <algorithm>
#include <map>

#include "suites/checkers/life.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/contract/instant.hpp"
#include "suites/models/store_model.hpp"

namespace busproof::checkers {
namespace {

using contract::Instant;
using history::Action;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;
using models::Broken;
using models::When;

models::StoreModel::Rules rules_of(const contract::Claims& claims) {
  // Without dead letters a message whose attempts are used up ends with them.
  return {.granularity = granularity(claims),
          .grace = declared(claims, "ttl_grace_ms"),
          .keeps_settled =
              claims.trait("store", "keeps") != "until_settled" && claims.has("dead_letter")};
}

class Reader {
 public:
  Reader(const View& view, const contract::Claims& claims)
      : view_(view), claims_(claims), model_(rules_of(claims)) {}

  Judgement read() {
    for (const Action action : {Action::publish, Action::ack, Action::reject, Action::remove,
                                Action::retrieve, Action::inspect})
      for (const Operation& operation : view_.operations(action)) {
        steps_.emplace(operation.invoke_index, &operation);
        if (operation.answer_index != operation.invoke_index)
          steps_.emplace(operation.answer_index, &operation);
      }
    for (const history::Delivery& delivery : view_.deliveries())
      came_[delivery.index] = delivery.message;
    for (const auto& [index, operation] : steps_) {
      settle_seen(index);
      const bool asked = index == operation->invoke_index;
      if (asked) begin(*operation);
      const auto broken = asked ? std::nullopt : answered(*operation);
      if (broken)
        return Judgement::violated(
            broken->finding, broken->says,
            {view_.publish_of(operation->message)->invoke_index, operation->answer_index});
    }
    return Judgement::met(model_.judged());
  }

 private:
  [[nodiscard]] When when(Time at) const {
    return {at, view_.passed_at_least(Time::zero(), at), view_.passed_at_most(Time::zero(), at)};
  }

  /// A lease that is left to itself may use up the last attempt: no request shows that.
  void settle_seen(std::size_t until) {
    while (!came_.empty() && came_.begin()->first < until) {
      model_.settling(came_.begin()->second);
      came_.erase(came_.begin());
    }
  }

  void begin(const Operation& operation) {
    if (operation.action == Action::publish)
      model_.asked(operation.message, when(operation.invoked), life(operation));
    else if (operation.action == Action::remove)
      model_.removing(operation.message);
    else if (operation.action == Action::ack || operation.action == Action::reject)
      model_.settling(operation.message);
  }

  std::optional<Broken> answered(const Operation& operation) {
    switch (operation.action) {
      case Action::publish:
        if (operation.ok())
          model_.accepted(operation.message, when(operation.answered));
        else
          model_.in_doubt(operation.message);
        return std::nullopt;
      case Action::remove:
        if (operation.ok()) model_.removed(operation.message, when(operation.answered));
        return std::nullopt;
      case Action::retrieve:
        return looked(operation, operation.ok());
      case Action::inspect:
        return inspected(operation);
      default:
        return std::nullopt;
    }
  }

  std::optional<Broken> looked(const Operation& look, bool there) {
    if (there) return model_.found(look.message, when(look.invoked));
    const bool gone = look.ok() || says_gone(look);
    return gone ? model_.gone(look.message, when(look.answered)) : std::nullopt;
  }

  std::optional<Broken> inspected(const Operation& look) {
    const bool there = look.ok() && text_of(look.said, "status") != "expired";
    // What a deleted record shows is not said, if it shows anything.
    const auto removes = view_.on_message(Action::remove, look.message);
    if (there && !removes.empty()) return std::nullopt;
    if (auto broken = looked(look, there)) return broken;
    const auto end = contract::instant_from(text_of(look.said, "expires_at"));
    if (!there || !end) return std::nullopt;
    // Its own duration may show in what a bus reckons from what is left.
    const auto slack =
        std::chrono::ceil<Instant>(granularity(claims_) + look.answered - look.invoked);
    return model_.told_end(look.message, *end, slack);
  }

  [[nodiscard]] std::optional<Time> life(const Operation& publish) const {
    if (text_of(publish.asked, "mode") == "topic") return std::nullopt;
    const auto asked = life_of(publish);
    return asked || is_mortal(publish) ? asked : declared(claims_, "ttl_default_ms");
  }

  const View& view_;
  const contract::Claims& claims_;
  models::StoreModel model_;
  std::map<std::size_t, const Operation*> steps_;
  std::map<std::size_t, std::uint32_t> came_;
};

}  // namespace

Judgement judge_lives(const View& view, const contract::Claims& claims) {
  return Reader(view, claims).read();
}

}  // namespace busproof::checkers
