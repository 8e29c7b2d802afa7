// What scenarios about the breaker begin with: its limits, a payload that goes to the store, a bus
// that trips soon, and calls that may be refused.
//
// Threads: as Stage. Errors: Abandoned.
#pragma once

#include <optional>
#include <string_view>

#include "suites/stage/stage.hpp"

namespace busproof::families {

/// A declared limit; unverified where it is not declared.
std::int64_t limit_of(const stage::Stage& stage, std::string_view name);

/// So many failures in a row open the breaker; unverified where that is too many to bring about.
std::int64_t failures_to_open(const stage::Stage& stage);

/// One byte above the inline limit, all `fill` or random; unverified where no message carries it.
targets::Payload above_inline(const stage::Stage& stage, char fill);
targets::Payload random_above_inline(stage::Stage& stage);

/// Started anew, its breaker closed: as the variant that trips soon, where there is one.
void start_tripping_soon(stage::Stage& stage);

/// Refused or not: that is for the judges. Nothing for a refusal; where the connection is gone the
/// scenario ends.
std::optional<targets::Published> try_publish(stage::Stage& stage, targets::Session& session,
                                              const targets::Publish& wanted);

/// So many times. Whether the last one was stored.
bool call_store(stage::Stage& stage, targets::Session& session, const targets::Publish& wanted,
                std::int64_t times);

/// A first call that succeeds, on a closed breaker: a store that has just come up may take longer
/// than the breaker waits, but not every time. Else inconclusive.
targets::Published first_success(stage::Stage& stage, targets::Session& session,
                                 const targets::Publish& wanted);

}  // namespace busproof::families
