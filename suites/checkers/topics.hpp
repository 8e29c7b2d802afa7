// Judges of topics: live, at most once, to whoever is subscribed.
//
// Who is subscribed is known within bounds: certainly from the answer to subscribe to whatever may
// first have ended it, possibly from its request on to the answer to unsubscribe. What lies between
// is not judged. A message that did not come is missing once a later one of its publisher on its
// topic has come, or after five seconds on a connection that still answers.
//
// Threads: no state.
#pragma once

#include <functional>

#include "suites/checkers/judgement.hpp"
#include "suites/checkers/subscribers.hpp"

namespace busproof::checkers {

/// PUB-1.each: every subscription gets what is published while it lasts. Finding: lost.
Judgement judge_topic_each(const history::View& view, const contract::Claims& claims);

/// The same of the subscriptions and publishes that are wanted.
Judgement judge_topic_lost_of(
    const history::View& view, const contract::Claims& claims,
    const std::function<bool(const Subscriber&, const history::Operation&)>& wanted);

/// PUB-1.once: and gets it once. Finding: twice.
Judgement judge_topic_once(const history::View& view, const contract::Claims& claims);

/// PUB-2.matches, PUB-2.literal: the same by patterns, all of them or those with an escape, and
/// nothing that they do not match. Findings: lost, misdelivered.
Judgement judge_pattern_matches(const history::View& view, const contract::Claims& claims);
Judgement judge_pattern_literal(const history::View& view, const contract::Claims& claims);

/// PUB-2.invalid: a pattern that the grammar does not allow is refused. Findings: accepted,
/// wrong_error.
Judgement judge_pattern_invalid(const history::View& view, const contract::Claims& claims);

/// PUB-3: a subscription by name, or by pattern, gets nothing that it did not ask for. Finding:
/// misdelivered.
Judgement judge_topic_asked_for(const history::View& view, const contract::Claims& claims);
Judgement judge_pattern_asked_for(const history::View& view, const contract::Claims& claims);

/// PUB-4.silence. Finding: after_unsubscribe.
Judgement judge_topic_silence(const history::View& view, const contract::Claims& claims);

/// PUB-5.in_order. Finding: out_of_order.
Judgement judge_topic_order(const history::View& view, const contract::Claims& claims);

/// PUB-9.same_node: the first publish after the answer is delivered. Finding: first_lost.
Judgement judge_topic_first(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
