// The contract printed: for `busproof explain`, `busproof list`, and the checked-in CONTRACT.md.
//
// Threads: no state.
// Errors:  none; every text ends with a newline.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "suites/contract/rule.hpp"

namespace busproof::contract {

/// Whether this version has a judge for the case of that id ("QUE-4.late").
using Judged = std::function<bool(std::string_view case_id)>;

/// How a rule is judged in this version: its method's name, or "not_judged_yet" when none of its
/// cases has a judge.
std::string_view judged_word(const Rule& rule, const Judged& judged);

/// A rule and its cases, at most 100 columns wide.
std::string explain(const Rule& rule, const Judged& judged);

/// One case, with its rule's sentence above it.
std::string explain(const Rule& rule, const Case& part, const Judged& judged);

/// {"contract": "1.0", "rules": [{"id", "level", "capability", "judged", "sentence", "sources",
/// "cases": [{"id", "says", "judged", ...}]}], "profiles": [...]}. Members without content are
/// left out of cases.
boost::json::object list_json(const Judged& judged);

/// One line a rule: id, level, how it is judged, judged cases of all, sentence.
std::string list_text(const Judged& judged);

/// The readable contract: profiles with their bounds, then every family, rule and case.
std::string contract_markdown(const Judged& judged);

}  // namespace busproof::contract
