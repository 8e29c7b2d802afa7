// Judges of names: who may say what of himself, in an event and at hello, and who one agent is.
//
// Threads: no state.
// Source:  AGT-5, AGT-6.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// AGT-5.kept. Findings: refused, where a known type was; attribute_lost, attribute_changed.
Judgement judge_message_type_kept(const history::View& view, const contract::Claims& claims);

/// AGT-5.unknown. Findings: accepted; wrong_error, for a refusal other than invalid_argument.
Judgement judge_unknown_type(const history::View& view, const contract::Claims& claims);

/// AGT-6.own_name, on connections with an agent id, and AGT-6.no_name, on those without. Findings:
/// own_refused, where an agent may not name itself; accepted and wrong_error, where the bus refuses
/// another's name; refused and spoke_as_another, where it replaces it.
Judgement judge_own_name(const history::View& view, const contract::Claims& claims);
Judgement judge_no_name(const history::View& view, const contract::Claims& claims);

/// AGT-6.odd_ids: colons, and the signs that the declared grammar of patterns gives a meaning to.
/// Findings: accepted; wrong_error, for a refusal other than invalid_argument.
Judgement judge_odd_ids(const history::View& view, const contract::Claims& claims);

/// AGT-6.shared_inbox. Findings: refused, where an agent's second connection may not subscribe;
/// held_twice and lost, as of any group, where two members were there.
Judgement judge_shared_inbox(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
