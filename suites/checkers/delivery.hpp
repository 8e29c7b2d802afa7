// Delivery: what was accepted comes; nothing else comes; what comes is what was sent.
#pragma once

#include <functional>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// Whether the payload that came, as the detail of an event tells it, is another than was sent.
/// Digests tell for bytes, fingerprints for JSON values; a reference carries neither.
bool payload_altered(const history::Operation& publish, const boost::json::object& came);

/// Each delivery is of a message that somebody published to that destination, with its payload.
/// Findings: made_up, misdelivered, altered.
Judgement judge_none_made_up(const history::View& view, const contract::Claims& claims);

/// Every accepted message reaches its group. One that did not is lost if a fence came that was
/// published when nothing could hold it back any more. Finding: lost.
Judgement judge_none_lost(const history::View& view, const contract::Claims& claims);

/// The same of the publishes that are wanted.
Judgement judge_none_lost_of(const history::View& view, const contract::Claims& claims,
                             const std::function<bool(const history::Operation&)>& wanted);

/// QUE-1, QUE-11.resumes: both.
Judgement judge_delivered(const history::View& view, const contract::Claims& claims);

/// API-2: a publish refused as definite is never seen, by queue or by topic, up to a fence
/// published after the refusal. Finding: refused_but_delivered.
Judgement judge_refused_absent(const history::View& view, const contract::Claims& claims);

/// Whether the payload that came is another than was sent. Digests tell for bytes, fingerprints for
/// JSON values; a reference carries neither.
bool altered(const history::Operation& publish, const history::Delivery& delivery);

}  // namespace busproof::checkers
