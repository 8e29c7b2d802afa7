// The endpoint: what malformed requests are answered with, and what errors say of themselves.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// END-2: each raw text of that kind is answered with its JSON-RPC error and the connection lives,
/// which a later answered request on it shows. Findings: wrong_error, unanswered; connection_lost
/// where the bus ends it after the last such request, answered or not.
Judgement judge_malformed_json(const history::View& view, const contract::Claims& claims);
Judgement judge_unknown_method(const history::View& view, const contract::Claims& claims);
Judgement judge_wrong_params(const history::View& view, const contract::Claims& claims);
Judgement judge_wrong_types(const history::View& view, const contract::Claims& claims);
Judgement judge_no_request(const history::View& view, const contract::Claims& claims);

/// API-2.says_which: every error has a code and a kind of the protocol that belong together.
/// Finding: unnamed_error.
Judgement judge_errors_named(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
