// What finished work leaves behind, in the bus' stores and in its processes.
//
// The mark "finished" says that everything asked for is settled, forgotten, closed and past its
// life, and how many of the rarest kind there were: connections, groups. What was held before is in
// the marks before it, what is held after in those behind it; the last of each counts. A store may
// take its time to tidy up where no ctl/sweep asks for it.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-26.store: marks "rows". Finding: rows_left.
Judgement judge_rows_gone(const history::View& view, const contract::Claims& claims);

/// QUE-26.process: marks "descriptors" and "resident". Of memory a bus may keep 64 MiB and a fifth
/// of what went through it: allocators and collectors of garbage give back when they see fit.
/// Findings: descriptors_left, memory_left.
Judgement judge_process_gone(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
