// The promises that are watched in passing, each a checker of its own.
//
// Threads: any. Errors: none.
// Source: rules API-2, PRI-1, PRI-2, QUE-1, QUE-3, QUE-4, QUE-14, QUE-19, TTL-2, TTL-3.
#pragma once

#include <memory>
#include <vector>

#include "suites/checkers/stream/checker.hpp"

namespace busproof::checkers::stream {

std::unique_ptr<Checker> make_lost();       ///< Finding: lost.
std::unique_ptr<Checker> make_duplicate();  ///< acked_came_again
std::unique_ptr<Checker> make_made_up();    ///< made_up, misdelivered
std::unique_ptr<Checker> make_definite();   ///< refused_but_delivered
std::unique_ptr<Checker> make_order();      ///< out_of_order
std::unique_ptr<Checker> make_priority();   ///< lower_first
std::unique_ptr<Checker> make_lease();      ///< early_redelivery
std::unique_ptr<Checker> make_ttl();        ///< expired_early, delivered_late

/// One of each, in the order above.
std::vector<std::unique_ptr<Checker>> all_promises();

}  // namespace busproof::checkers::stream
