// Compression: what comes back, what it saves, and what the bus says of it.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// COMP-1: a payload that bus/inspect shows as gzip, or zstd, is retrieved as it was published.
/// Findings: altered, unreadable.
Judgement judge_gzip_round_trip(const history::View& view, const contract::Claims& claims);
Judgement judge_zstd_round_trip(const history::View& view, const contract::Claims& claims);

/// COMP-2: messages named by the mark "compressible" take less room than their size; where routing
/// is claimed, those that went to the store by reference. Finding: saves_nothing.
Judgement judge_compression_pays(const history::View& view, const contract::Claims& claims);

/// COMP-2: messages named by the mark "incompressible" take at most 1 % and 1 KiB per chunk more.
/// Finding: costs_too_much.
Judgement judge_compression_is_cheap(const history::View& view, const contract::Claims& claims);

/// COMP-3: what was published before a mark "started" that names a variant is retrieved after it.
/// Findings: altered, unreadable.
Judgement judge_readable_under_another(const history::View& view, const contract::Claims& claims);

/// COMP-4: bus/inspect states the stored size, and of what the mark "incompressible" names no size
/// that its bytes cannot be written in. Findings: not_stated, too_small.
Judgement judge_stored_size(const history::View& view, const contract::Claims& claims);

/// COMP-5: after a start without zstd, what the mark "compressible" names is shown as gzip.
/// Finding: not_gzip.
Judgement judge_gzip_instead(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
