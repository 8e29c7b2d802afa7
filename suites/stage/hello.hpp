// Waiting for the first answer to bus/hello.
#pragma once

#include <chrono>

#include "suites/contract/claims.hpp"
#include "suites/targets/session.hpp"
#include "suites/targets/target.hpp"

namespace busproof::stage {

/// Connects and says hello until that is answered; what the bus claims. Tries again while it cannot
/// be reached or answers store_unavailable, at most for `limit`; every other refusal is final.
contract::Result<contract::Claims> await_hello(targets::Target& target, history::Recorder& recorder,
                                               std::chrono::milliseconds limit);

}  // namespace busproof::stage
