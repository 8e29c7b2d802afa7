// A bus whose disk gets full, between the marks "full" and "room".
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// DUR-9.refused: meanwhile a publish is accepted or refused as certainly not done, and what was
/// refused so never comes. Findings: in_doubt, refused_but_delivered.
Judgement judge_full_disk_refuses(const history::View& view, const contract::Claims& claims);

/// DUR-9.kept: what was accepted, before, meanwhile or after, comes as it was sent. Findings: those
/// of judge_delivered.
Judgement judge_full_disk_keeps(const history::View& view, const contract::Claims& claims);

/// DUR-9.reads: meanwhile what was accepted can be retrieved. Finding: read_failed.
Judgement judge_full_disk_reads(const history::View& view, const contract::Claims& claims);

/// DUR-9.recovers: within recovery_ms of the mark "room" a publish is accepted, by the process that
/// ran before. Finding: stays_full.
Judgement judge_full_disk_recovers(const history::View& view, const contract::Claims& claims);

// All four only where a publish was refused meanwhile: else the bus never noticed.

}  // namespace busproof::checkers
