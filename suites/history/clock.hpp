// The one clock of the harness: steady time since the process began, and the date for people.
//
// Threads: any.
#pragma once

#include <chrono>
#include <string>

namespace busproof::history {

/// Steady time since the process began. Verdicts know no other time.
using Time = std::chrono::nanoseconds;

Time now();

/// Milliseconds since 1970, for what others compare with their own clocks.
std::chrono::milliseconds unix_now();

/// The date as RFC 3339 in UTC with milliseconds, for reports alone.
std::string utc_now();

/// The same of an instant that far ahead, for what a scenario asks of a bus.
std::string utc_after(std::chrono::milliseconds ahead);

/// The calendar day as YYYY-MM-DD in UTC, for expiry of expectations.
std::string utc_today();

}  // namespace busproof::history
