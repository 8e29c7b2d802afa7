#include "suites/families/waits.hpp"

#include <algorithm>

#include "suites/checkers/timing.hpp"
#include "suites/history/view.hpp"

namespace busproof::families {

using stage::Stage;

namespace {

bool says_when(const Stage& stage) {
  return stage.claims().trait("queue", "reject_delay") == "any";
}

}  // namespace

void give_back(Stage& stage, targets::Session& session, const targets::Delivered& delivery) {
  std::optional<std::int64_t> delay_ms;
  if (says_when(stage)) delay_ms = 0;
  if (auto rejected = session.reject(delivery, true, delay_ms); !rejected)
    stage.give_up("bus/reject", rejected.error());
}

void let_wait_again(Stage& stage) {
  constexpr std::int64_t kGraceOtherwiseMs = 1000, kMarginMs = 250;
  const auto& claims = stage.claims();
  std::int64_t wait = claims.limit("delay_grace_ms").value_or(kGraceOtherwiseMs) +
                      claims.limit("time_granularity_ms").value_or(1) + kMarginMs;
  if (!says_when(stage))
    wait += static_cast<std::int64_t>(claims.number("backoff.base_ms").value_or(0) *
                                      (1 + claims.number("backoff.jitter").value_or(0)));
  stage.let_pass(stage::milliseconds(wait));
}

void let_be_over(Stage& stage, history::Time since, stage::milliseconds span) {
  constexpr history::Time kMost = std::chrono::seconds(5);
  for (;;) {
    const history::History so_far = stage.recorder().so_far();
    const history::Time now = history::now();
    const history::Time delay = checkers::own_delay(history::View(so_far), since, now);
    const history::Time over = since + span + std::min(delay, kMost);
    if (now > over) return;
    stage.let_pass(std::chrono::ceil<stage::milliseconds>(over - now) + stage::milliseconds(1));
  }
}

}  // namespace busproof::families
