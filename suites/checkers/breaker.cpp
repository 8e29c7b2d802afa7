#include "suites/checkers/breaker.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/store_calls.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/models/breaker_model.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;
using models::About;
using models::BreakerModel;
using models::CallWas;
using models::StoreIs;

/// What one observation came to.
struct Seen {
  std::optional<About> about;  ///< Nothing: it was the state that health shows.
  bool right = true, telling = true;
  const Operation* operation = nullptr;
};

std::string method_of(const Operation& operation) { return text_of(operation.asked, "method"); }

std::optional<BreakerModel::Shown> shown_by(const Operation& health) {
  const json::value* breaker = health.said.if_contains("breaker");
  if (!health.ok() || breaker == nullptr || !breaker->is_object()) return std::nullopt;
  const std::string state = text_of(breaker->get_object(), "state");
  if (state == "closed") return BreakerModel::Shown::closed;
  if (state == "open") return BreakerModel::Shown::open;
  if (state == "half_open") return BreakerModel::Shown::half_open;
  return std::nullopt;
}

class Walk {
 public:
  Walk(const View& view, const Claims& claims, const BreakerModel::Rules& rules)
      : view_(view), claims_(claims), model_(rules) {
    timeout_ = declared(claims, "breaker.call_timeout_ms").value_or(Time::max());
    collect();
    for (const Operation* operation : order_) step(*operation);
  }

  [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }
  [[nodiscard]] const std::vector<const Operation*>& while_open() const { return while_open_; }

 private:
  void collect() {
    for (const Action action : {Action::control, Action::publish, Action::retrieve, Action::call,
                                Action::ack, Action::reject, Action::remove})
      for (const Operation& operation : view_.operations(action)) order_.push_back(&operation);
    std::ranges::stable_sort(order_, {}, [](const Operation* one) { return one->invoked; });
  }

  void step(const Operation& operation) {
    // One caller at a time, or nobody knows in which order they came.
    const bool overlaps = operation.invoked < busy_until_;
    busy_until_ = std::max(busy_until_, operation.answered);
    const std::string method = method_of(operation);
    if (const std::string told = told_payload_store(operation, claims_); !told.empty())
      return on_told(operation, told);
    if (operation.action == Action::publish) return on_publish(operation, overlaps);
    if (method == "bus/health") return overlaps ? void() : on_health(operation);
    // All else but the clock may call the store, too, now or later.
    if (operation.action != Action::control) model_.lose_track();
  }

  void on_told(const Operation& control, const std::string& action) {
    // A slow one is well as long as calls end in time.
    const bool well = action == "up" || action == "slow";
    store_ = !control.ok() ? StoreIs::unknown : well ? StoreIs::well : StoreIs::failing;
  }

  void on_publish(const Operation& operation, bool overlaps) {
    if (!needs_store(operation, claims_)) return;
    const BreakerModel::Passed passed = passed_until(operation);
    if (model_.may_show(BreakerModel::Shown::closed, passed) == false &&
        model_.may_show(BreakerModel::Shown::half_open, passed) == false)
      while_open_.push_back(&operation);
    const auto told =
        model_.call(overlaps ? StoreIs::unknown : store_, result_of(operation), passed);
    if (model_.just_opened()) opened_ = &operation;
    if (told) seen_.push_back({told->about, told->right, told->telling, &operation});
  }

  void on_health(const Operation& operation) {
    const auto shown = shown_by(operation);
    if (!shown) return;
    if (const auto may = model_.may_show(*shown, passed_until(operation)))
      seen_.push_back({std::nullopt, *may, true, &operation});
  }

  [[nodiscard]] CallWas result_of(const Operation& operation) const {
    // A well store that was too slow for the bus is a failure to it and not to us.
    const Time took = operation.answered == history::kNever
                          ? Time::max()
                          : operation.answered - operation.invoked;
    const bool well = store_ == StoreIs::well;
    if (was_stored(operation)) return well && took >= timeout_ ? CallWas::unknown : CallWas::served;
    if (!was_kept_away(operation) || (well && took >= timeout_ / 2)) return CallWas::unknown;
    return CallWas::unserved;
  }

  [[nodiscard]] BreakerModel::Passed passed_until(const Operation& until) const {
    if (opened_ == nullptr) return {};
    const auto span = [](Time time) {
      return std::chrono::duration_cast<BreakerModel::Span>(time);
    };
    const Time answered = std::min(opened_->answered, until.invoked);
    return {span(view_.passed_at_least(answered, until.invoked)),
            span(view_.passed_at_most(opened_->invoked, until.answered))};
  }

  const View& view_;
  const Claims& claims_;
  BreakerModel model_;
  Time timeout_{}, busy_until_{};
  StoreIs store_ = StoreIs::well;
  std::vector<const Operation*> order_;
  const Operation* opened_ = nullptr;
  std::vector<Seen> seen_;
  std::vector<const Operation*> while_open_;
};

constexpr Time kSlack = std::chrono::milliseconds(20);

/// The walk, or why there can be none.
std::variant<Walk, Judgement> walk(const View& view, const Claims& claims) {
  if (!claims.trait_is("breaker", "counts", "calls"))
    return Judgement::unverified("how many attempts a call is worth is the bus' own affair");
  for (const history::Note& note : view.notes())
    if (note.action == Action::mark && (note.name == "kill" || note.name == "stop"))
      return Judgement::inconclusive("the bus was restarted on the way");
  const auto failures = claims.limit("breaker.failures");
  const auto open = declared(claims, "breaker.open_ms");
  if (!failures || !open) return Judgement::unverified("its limits are not declared");
  if (*failures < 2) return Judgement::unverified("there are no failures below a threshold of one");
  BreakerModel::Rules rules;
  rules.failures = static_cast<int>(*failures);
  rules.open = std::chrono::duration_cast<BreakerModel::Span>(*open);
  rules.closes_after = static_cast<int>(claims.limit("breaker.closes_after").value_or(1));
  rules.slack = std::chrono::duration_cast<BreakerModel::Span>(kSlack + granularity(claims));
  rules.probes_itself = claims.trait_is("breaker", "probe", "background");
  return Walk(view, claims, rules);
}

struct Wrong {
  About about;
  const char* finding;
  const char* says;
};

/// Judged by the observations that are about one of these.
Judgement judge(const View& view, const Claims& claims, std::initializer_list<Wrong> wrongs) {
  auto walked = walk(view, claims);
  if (const auto* why = std::get_if<Judgement>(&walked)) return *why;
  std::vector<std::uint64_t> judged(wrongs.size(), 0);
  for (const Seen& seen : std::get<Walk>(walked).seen()) {
    const auto found =
        std::ranges::find_if(wrongs, [&](const Wrong& wrong) { return seen.about == wrong.about; });
    if (found == wrongs.end()) continue;
    if (!seen.right)
      return Judgement::violated(found->finding, found->says,
                                 {seen.operation->invoke_index, seen.operation->answer_index});
    if (seen.telling) ++judged[static_cast<std::size_t>(found - wrongs.begin())];
  }
  return Judgement::met(*std::ranges::min_element(judged));
}

}  // namespace

std::vector<const Operation*> publishes_while_open(const View& view, const Claims& claims) {
  auto walked = walk(view, claims);
  if (const auto* done = std::get_if<Walk>(&walked)) return done->while_open();
  return {};
}

Judgement judge_starts_closed(const View& view, const Claims&) {
  for (const Operation& operation : view.operations(Action::call)) {
    if (method_of(operation) != "bus/health" || !operation.ok()) continue;
    const bool first = std::ranges::all_of(view.operations(Action::publish), [&](const auto& one) {
      return one.invoked > operation.answered;
    });
    if (!first || view.marks("alone").empty()) break;
    const auto shown = shown_by(operation);
    if (!shown) return Judgement::unverified("health shows no breaker");
    if (*shown == BreakerModel::Shown::closed) return Judgement::met(1);
    return Judgement::violated("not_closed", "A fresh bus shows its breaker as not closed.",
                               {operation.invoke_index, operation.answer_index});
  }
  return Judgement::inconclusive("nobody asked a fresh bus for its health");
}

Judgement judge_below_threshold(const View& view, const Claims& claims) {
  return judge(
      view, claims,
      {{About::below_threshold, "opened_early",
        "The store is well again after fewer failures than open the breaker, and a payload "
        "was kept from it."}});
}

Judgement judge_success_resets(const View& view, const Claims& claims) {
  return judge(view, claims,
               {{About::after_success, "opened_early",
                 "With a success among them there were too few failures in a row to open the "
                 "breaker, and a payload was kept from the store."}});
}

Judgement judge_opens(const View& view, const Claims& claims) {
  return judge(view, claims,
               {{About::opening, "did_not_open",
                 "The failures reached the threshold, and the next payload went to the store."}});
}

Judgement judge_probes(const View& view, const Claims& claims) {
  return judge(
      view, claims,
      {{About::open, "probed_early", "A payload went to the store before the open time was over."},
       {About::probing, "no_probe",
        "The open time is over and the store well, and a payload was kept from it."}});
}

Judgement judge_closes(const View& view, const Claims& claims) {
  return judge(view, claims,
               {{About::closed_again, "stays_open",
                 "Its probes have succeeded, and a payload was kept from the store."},
                {About::counted_anew, "count_kept",
                 "Closed by its probes, it opened after fewer failures than its threshold."}});
}

Judgement judge_opens_again(const View& view, const Claims& claims) {
  return judge(view, claims,
               {{About::opened_again, "probed_early",
                 "A probe failed, and a payload went to the store before the open time was over "
                 "again."}});
}

Judgement judge_breaker_shown(const View& view, const Claims& claims) {
  auto walked = walk(view, claims);
  if (const auto* why = std::get_if<Judgement>(&walked)) return *why;
  bool closed = false, open = false;
  std::uint64_t judged = 0;
  for (const Seen& seen : std::get<Walk>(walked).seen()) {
    if (seen.about) continue;
    if (!seen.right)
      return Judgement::violated("wrong_state", "Health shows the breaker in a state it is not in.",
                                 {seen.operation->invoke_index, seen.operation->answer_index});
    const bool shows_closed = shown_by(*seen.operation) == BreakerModel::Shown::closed;
    closed = closed || shows_closed;
    open = open || !shows_closed;
    ++judged;
  }
  if (!closed || !open) return Judgement::inconclusive("it was not asked for both closed and open");
  return Judgement::met(judged);
}

Judgement judge_breaker_model(const View& view, const Claims& claims) {
  auto walked = walk(view, claims);
  if (const auto* why = std::get_if<Judgement>(&walked)) return *why;
  std::uint64_t judged = 0;
  for (const Seen& seen : std::get<Walk>(walked).seen()) {
    if (!seen.right)
      return Judgement::violated("disagrees", "No breaker of the declared limits does this.",
                                 {seen.operation->invoke_index, seen.operation->answer_index});
    judged += seen.about && *seen.about != About::anything ? 1 : 0;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
