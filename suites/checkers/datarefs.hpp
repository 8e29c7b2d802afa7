// SEC-6: the bus fetches nothing on a client's word, and takes no dataref that it did not make.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SEC-6.refused: a publish with a dataref that no answer of the bus held. Findings: accepted,
/// wrong_error; undefined_error, unanswered, connection_lost.
Judgement judge_dataref_refused(const history::View& view, const contract::Claims& claims);

/// SEC-6.not_fetched: nobody connected to the address that the messages named, up to when all of
/// them had been delivered or refused: the mark "visitors" with how many there were. Finding:
/// fetched.
Judgement judge_nothing_fetched(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
