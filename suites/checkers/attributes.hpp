// STORE-3, COR-3.unchanged: what the sender said about an event comes back with it, in deliveries,
// inspections and listings.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

// Findings of all: attribute_lost, where a message came without something that it was sent with;
// attribute_changed, where that came as something else.

/// STORE-3.attributes: sessionid, toolname, providername, type, subject, correlationid,
/// messagetype.
Judgement judge_attributes(const history::View& view, const contract::Claims& claims);

/// STORE-3.extensions: every attribute that neither CloudEvents nor the protocol names.
Judgement judge_extensions(const history::View& view, const contract::Claims& claims);

/// STORE-3.times: time and expirytime, by instant.
Judgement judge_times(const history::View& view, const contract::Claims& claims);

/// messagetype.
Judgement judge_message_type_unchanged(const history::View& view, const contract::Claims& claims);

/// COR-3.unchanged: correlationid.
Judgement judge_correlation_unchanged(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
