// The view: what the page shows, as JSON whose strings are ready to show but not yet escaped.
//
// A name holds a string, true or false, an object or a list; the template's sections test `has_x`
// and lists alone, since mustache takes an empty string for true. Every object sets all names that
// its section uses, since mustache looks a missing one up in the objects around.
//
// Threads: no state.
// Errors:  none.
#pragma once

#include <cstddef>

#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "suites/contract/record.hpp"

namespace busproof::reports {

/// How much of a record a page shows.
struct Budget {
  std::size_t text_bytes = 0;      ///< Of one sentence.
  std::size_t evidence_lines = 0;  ///< Of one case; 0 leaves evidence out.
  std::size_t evidence_bytes = 0;  ///< Of one case.
  std::size_t rules_per_section = 0;
  std::size_t cases_per_rule = 0;
  std::size_t entries = 0;  ///< Of any other list: notes, claims, problems, families.
};

/// The whole page but for style and script.
boost::json::object page_view(const contract::RunRecord& record, const Budget& budget);

/// The sections below the matrix: `findings` with `has_findings`, and `groups`.
void add_rule_sections(boost::json::object& page, const contract::RunRecord& record,
                       const Budget& budget);

/// What the bus claims: `claims` with `has_claims`, or `no_claims`.
void add_claims(boost::json::object& page, const contract::RunRecord& record, const Budget& budget);

/// `raw` on one line, nothing hidden in it, at most a sentence of the budget.
boost::json::string shown(std::string_view raw, const Budget& budget);

/// "1 rule", "2 rules".
std::string counted(std::size_t number, std::string_view singular, std::string_view plural);

}  // namespace busproof::reports
