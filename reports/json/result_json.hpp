// result.json: the record of a run as JSON, and back. Every other report can be made again from it.
//
// What follows from the rest is written for those who read it by machine and ignored when it is
// read back: counts, detection, a rule's evidence (that of its deciding case).
//
// Threads: no state.
// Errors:  reading refuses what is not a result, naming the member: "rules[3].verdict: ...".
// Source:  reports/schema/result.schema.json.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "suites/contract/record.hpp"
#include "suites/contract/result.hpp"

namespace busproof::reports {

/// The version of the shape, its member `schema_version`; another one is refused when read.
inline constexpr int kResultSchemaVersion = 1;

/// The record as the schema describes it. Bytes that are no UTF-8 read `\xff`; all other text comes
/// back from from_json() as it was, seconds to the microsecond. `claims_json` that holds an object
/// becomes that object (and comes back without its blanks), anything else stays text.
boost::json::object to_json(const contract::RunRecord& record);

/// Seconds as they are written: to the microsecond, finite and not negative. Reading rounds too,
/// since Boost.JSON may read a double one unit in the last place off.
double whole_micros(double seconds);

/// The inverse of to_json(). Members that this version does not know are ignored. Refused with kind
/// "bad_result".
contract::Result<contract::RunRecord> from_json(const boost::json::object& result);

/// to_json() as indented text that ends with a newline: what result.json holds.
std::string result_json(const contract::RunRecord& record);

/// Reads the text of a result.json. Refused with kind "bad_result", also where it is no JSON.
contract::Result<contract::RunRecord> read_result_json(std::string_view text);

/// Any JSON as indented text; what has no containers inside and fits 100 columns stays on one line.
/// Numbers that are not finite are written as 0.
std::string indented(const boost::json::value& value);

}  // namespace busproof::reports
