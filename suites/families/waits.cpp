#include "suites/families/waits.hpp"

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

}  // namespace busproof::families
