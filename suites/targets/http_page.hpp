// One GET of a page that a bus shows over HTTP, or over HTTPS.
//
// Threads: blocks its caller, for no longer than `limit`.
// Errors:  "unreachable" with why; a status other than 200 is an answer.
#pragma once

#include <chrono>
#include <string>

#include "suites/contract/result.hpp"
#include "suites/targets/trust.hpp"

namespace busproof::targets {

struct HttpPage {
  unsigned status = 0;
  std::string body;
};

/// `url` is http://HOST:PORT/PATH, or https:// with a `trust`.
contract::Result<HttpPage> get_page(const std::string& url, std::chrono::milliseconds limit,
                                    std::shared_ptr<const Trust> trust = {});

}  // namespace busproof::targets
