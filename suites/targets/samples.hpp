// A page in Prometheus' text format, read as numbers.
//
// Threads: pure. Errors: the first line that is none of the format's is given back.
// Source:  Prometheus, "Exposition formats", text format 0.0.4.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace busproof::targets {

struct Samples {
  std::map<std::string, double> values;  ///< By name, label sets added up.
  std::string unreadable;                ///< A line that is no sample and no comment; else empty.
};

Samples read_samples(std::string_view page);

}  // namespace busproof::targets
