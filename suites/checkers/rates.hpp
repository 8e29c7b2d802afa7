// SEC-9: declared limits of rate and number are kept, and let go again.
//
// No bus has to measure in one way: what is accepted within a span is held against the span and two
// seconds more, which a bucket that holds a second's worth and two neighbouring seconds that are
// counted by themselves both keep to.
#pragma once

#include <chrono>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// What is allowed beyond the span.
constexpr history::Time kRateSlack = std::chrono::seconds(2);

/// SEC-9.publishes: what is beyond publish_per_s is refused with rate_limited, and was not done.
/// Findings: beyond, indefinite, refused_but_delivered.
Judgement judge_publish_rate(const history::View& view, const contract::Claims& claims);

/// SEC-9.recovers: who has published nothing for two seconds may publish again. Finding:
/// still_refused.
Judgement judge_rate_recovers(const history::View& view, const contract::Claims& claims);

/// SEC-9.connections: no more than connections_max are greeted and served at once. Finding: beyond.
Judgement judge_connections(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
