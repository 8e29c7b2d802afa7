// One GET of a page that a bus shows over plain HTTP.
//
// Threads: blocks its caller, for no longer than `limit`.
// Errors:  "unreachable" with why; a status other than 200 is an answer.
#pragma once

#include <chrono>
#include <string>

#include "suites/contract/result.hpp"

namespace busproof::targets {

struct HttpPage {
  unsigned status = 0;
  std::string body;
};

/// `url` is http://HOST:PORT/PATH.
contract::Result<HttpPage> get_page(const std::string& url, std::chrono::milliseconds limit);

}  // namespace busproof::targets
