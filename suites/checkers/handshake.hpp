// END-1, END-8.id_kinds: hello, what comes before it, and the ids that answers carry.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// END-1.hello: a raw "hello" that offers 1.0 among others is answered with that version and with
/// what the bus claims, and from then on the connection has said hello. Findings: hello_refused,
/// wrong_version, incomplete_hello, hello_forgotten.
Judgement judge_hello(const history::View& view, const contract::Claims& claims);

/// END-1.before_hello: what a session asks before its hello is refused with hello_first and does
/// nothing, which a fence shows. Findings: served_before_hello, wrong_error, done_before_hello.
Judgement judge_before_hello(const history::View& view, const contract::Claims& claims);

/// END-1.unknown_version: a raw "unknown_version" is refused with unsupported_version, and its
/// "supported" names versions. Findings: unknown_accepted, wrong_error, versions_unnamed.
Judgement judge_unknown_version(const history::View& view, const contract::Claims& claims);

/// END-8.id_kinds: each raw "id_kinds" gets an answer under its very id. Findings: wrong_id, where
/// an answer came under an id that nobody had used, or twice under another; unanswered.
Judgement judge_id_kinds(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
