// STORE-2: whether transaction ids could be guessed by who has seen some.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STORE-2.unguessable_http. Finding: guessable, where fewer than 64 bits of the ids look random
/// over 200 ids at least: their characters are counted place by place, and so are the steps from
/// one id to the next, so that a counter's last digits and a clock's are no bits. What a small
/// sample takes off is given back. Bits that are no accident but look like one, as a hashed
/// counter's, cannot be told.
Judgement judge_ids_unguessable(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
