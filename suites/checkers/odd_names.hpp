// SEC-2: names and values are data, whatever signs they hold.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SEC-2.hostile_names: a name is refused with invalid_argument, or kept exactly: what is published
/// there comes there, and nowhere else, under that name. Findings: wrong_error, renamed,
/// misdelivered, made_up, altered, lost; undefined_error, unanswered, connection_lost.
Judgement judge_names_kept(const history::View& view, const contract::Claims& claims);

/// SEC-2.distinct: names that look alike are different. Findings: renamed, misdelivered, lost.
Judgement judge_names_distinct(const history::View& view, const contract::Claims& claims);

/// SEC-2.hostile_values: attributes and payloads arrive as they were sent. Findings: refused,
/// altered, attribute_lost, attribute_changed, lost.
Judgement judge_values_kept(const history::View& view, const contract::Claims& claims);

/// SEC-2.nul: a name that holds NUL is refused. Findings: accepted, wrong_error.
Judgement judge_nul_in_name(const history::View& view, const contract::Claims& claims);

/// SEC-2.longest: a name of name_bytes_max bytes works. Findings: refused, renamed, misdelivered,
/// lost.
Judgement judge_longest_name(const history::View& view, const contract::Claims& claims);

/// SEC-2.too_long: a longer one is refused, and nothing comes under a cut name. Findings: accepted,
/// wrong_error, misdelivered, refused_but_delivered.
Judgement judge_name_too_long(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
