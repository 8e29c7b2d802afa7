// STORE-9, STORE-11: what can be retrieved again, at once, and while something names it.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// Answers that say for certain that the payload cannot be had, though nothing is out of order.
bool is_missing(const history::Operation& retrieve);

/// Whether what came back differs from what was published; by value for JSON.
bool differs(const history::Operation& publish, const boost::json::object& came);

/// STORE-9.repeated: after one retrieve every later one gives the same. Findings: missing, altered.
Judgement judge_retrieved_again(const history::View& view, const contract::Claims& claims);

/// STORE-9.concurrent: retrieves of one message that are under way together all give its bytes;
/// they are calls of bus/retrieve whose answers hold the whole. Findings: missing, altered.
Judgement judge_retrieved_at_once(const history::View& view, const contract::Claims& claims);

/// STORE-11.leased: retrieved between delivery and settling. Findings: missing, altered.
Judgement judge_retrieved_leased(const history::View& view, const contract::Claims& claims);

/// STORE-11.other_group: retrieved when one group's ack was answered and another, that certainly is
/// owed the message, had not settled it. Findings: missing, altered.
Judgement judge_retrieved_for_others(const history::View& view, const contract::Claims& claims);

/// STORE-11.dead_letter: retrieved after a reject without requeue was answered, and before anything
/// redrove or purged it. Findings: missing, altered.
Judgement judge_retrieved_dead(const history::View& view, const contract::Claims& claims);

/// STORE-11.released: on a bus that nobody else uses, bus/stats counts no more payloads and bytes
/// after all messages were deleted than before the first was published. Finding: room_kept.
Judgement judge_room_given_back(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
