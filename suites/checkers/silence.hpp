// Silence: an empty queue sends nothing and costs nothing.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-18.silent, of destinations that nobody has published to, watched until a fence elsewhere on
/// the same connection. Findings: delivered_from_empty, error_from_empty.
Judgement judge_empty_is_silent(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
