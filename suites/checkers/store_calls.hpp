// Calls that need the payload store, and what that store was told to suffer from meanwhile.
//
// A call is a publish above the inline limit: stored it goes by reference; kept away from the store
// it goes inline or is refused for want of one. The store is as a control call has told it, for
// certain from that one's answer to the next one's request.
//
// Threads: no state.
#pragma once

#include <string>
#include <string_view>

#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// The name by which ctl/backend knows what holds the "payloads" or the "queues"; empty where the
/// bus does not tell.
std::string backend_name(const contract::Claims& claims, std::string_view what);

bool needs_store(const history::Operation& publish, const contract::Claims& claims);
bool was_stored(const history::Operation& publish);

/// It speaks of the store: that one was not asked, or failed.
bool was_kept_away(const history::Operation& publish);

/// Its refusal says so, whatever else it says.
bool says_store_is_away(const history::Operation& request);

/// What that control call tells the payload store, "up" or "down" as an example; empty for another.
std::string told_payload_store(const history::Operation& control, const contract::Claims& claims);

/// What it was told last by the time that request began, "up" where it never was; empty where that
/// is not certain until the request ended.
std::string payload_store_during(const history::View& view, const contract::Claims& claims,
                                 const history::Operation& request);

}  // namespace busproof::checkers
