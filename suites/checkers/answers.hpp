// END-8: requests that overlap are each answered once, under their own ids.
#pragma once

#include <string_view>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// The case that whatever the protocol does not allow violates, seen in any history.
inline constexpr std::string_view kBreachCase = "END-8.overlap";

/// What a history of any scenario shows of it: violated, or nothing (inconclusive). Lines that are
/// no JSON at all are left to the runner: they are mostly an adapter's log. Findings:
/// answered_twice, answer_to_nobody, protocol_breach.
Judgement judge_breaches(const history::View& view);

/// END-8.overlap. Each kind of request is made once by itself, then, behind the mark "overlap",
/// many are under way at once. Beside the findings of judge_breaches: unanswered, where one got no
/// answer though the connection lived on; answer_of_another, where one was answered as another kind
/// is, or with a transaction id under which another message was delivered.
Judgement judge_answers_match(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
