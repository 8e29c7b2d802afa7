// STORE-10: what bus/audit tells of the messages that were accepted.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STORE-10.complete: asked by transaction id, the audit has a record of every accepted queue
/// message with its size, its way, who sent it and how it ended. It may lag behind as counts may
/// (counts_settle_ms). Findings: unrecorded, wrong_size, wrong_route, no_sender, no_outcome.
Judgement judge_audit_complete(const history::View& view, const contract::Claims& claims);

/// STORE-10.no_extra: asked by transaction id, it tells of that message alone; asked by session, of
/// messages alone that were sent with that "sessionid", or that had more done to them than being
/// published. Findings: made_up, where no publish was given the id; foreign, where it is another
/// message's.
Judgement judge_audit_no_extra(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
