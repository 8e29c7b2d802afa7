// The metrics page against bus/stats.
//
// A page's names are its bus' own; the numbers judged are those named <prefix>_published_total and
// so on for each of the totals, <prefix>_payloads and <prefix>_payload_bytes.
// Counters may begin with the process: what is compared is their growth since the first page.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STA-3.agree: each page lies between the statistics before and after it. Findings: disagree,
/// no_page (another status than 200), unreadable (a line that is no sample).
Judgement judge_metrics_agree(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
