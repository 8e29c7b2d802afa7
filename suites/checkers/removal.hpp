// STORE-5: what is deleted is gone, for good and harmlessly.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STORE-5.idempotent. Finding: second_delete_refused, where a delete after one that was answered
/// is neither carried out nor not_found.
Judgement judge_deleted_twice(const history::View& view, const contract::Claims& claims);

/// STORE-5.retrieve. Findings: readable_after_delete; wrong_refusal, where the refusal was for
/// certain and not not_found.
Judgement judge_deleted_unreadable(const history::View& view, const contract::Claims& claims);

/// STORE-5.no_delivery. Finding: delivered_after_delete, where a delivery certainly began after the
/// delete was answered.
Judgement judge_deleted_undelivered(const history::View& view, const contract::Claims& claims);

/// STORE-5.settling. Findings: settling_harmful, where settling a delivery of a deleted message was
/// refused with something else than not_found or lease_lost; settling_brought_back, where it was
/// delivered again, or stood among the dead letters, thereafter.
Judgement judge_deleted_settled(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
