// Judges of what a store in trouble may do to calls, and what it may not.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// Whether a message can carry a text that is larger than any payload may be, and one of a size
/// that can be sent over and over.
bool too_large_can_be_sent(const contract::Claims& claims);

/// BRK-6.about_the_message: refusals of messages, more of each kind in a row than open the breaker,
/// and a payload is stored after them. Finding: opened_by_answers.
Judgement judge_answers_open_none(const history::View& view, const contract::Claims& claims);

/// BRK-9: of the variant breaker.off. Finding: opened.
Judgement judge_never_opens(const history::View& view, const contract::Claims& claims);

/// BRK-13.inline, BRK-13.topics: what does not need the hanging store goes on. Findings:
/// refused, held_up.
Judgement judge_inline_goes_on(const history::View& view, const contract::Claims& claims);
Judgement judge_topics_go_on(const history::View& view, const contract::Claims& claims);

/// BRK-13.pool: the first, while so many calls wait for the store. Findings: refused, held_up.
inline constexpr std::size_t kCrowd = 24;
Judgement judge_pool_goes_on(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
