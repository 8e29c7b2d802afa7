// Who is owed what: queue groups of a history, their deliveries, and the fence behind which silence
// counts.
//
// A fence is a message published when everything else has been: once it has come, what should have
// come before it and did not is missing. The mark "fence" names it.
//
// Threads: no state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// Destination and group name.
using Group = std::pair<history::Text, std::string>;

/// The group of a subscription; nothing for a topic or an unknown number.
std::optional<Group> group_of(const history::View& view, std::uint32_t subscription);

/// Every delivery of a group, in order of receipt, by message.
using ByMessage = std::map<std::uint32_t, std::vector<history::Delivery>>;
std::map<Group, ByMessage> deliveries_by_group(const history::View& view);

/// When the last fence of the destination came to that group, or nothing.
std::optional<history::Time> fence_seen(const history::View& view, const ByMessage& group,
                                        history::Text destination);

/// Whether that message is a fence.
bool is_fence(const history::View& view, std::uint32_t message);

/// The groups that are owed a copy of that publish: for certain (true), or perhaps.
std::map<std::string, bool> groups_owed(const history::View& view,
                                        const history::Operation& publish);

/// The lease of a subscription in force: as answered, else as asked, else the declared default.
std::optional<history::Time> lease_of(const history::View& view, const contract::Claims& claims,
                                      std::uint32_t subscription);

/// For each delivery of one message to one group, in order of receipt: the earliest instant at
/// which its lease can have begun. Later than its publish and its subscribe were invoked, and than
/// the lease before it can have ended: by its term, a settlement, an extension, an unsubscribe, or
/// the connection's or the bus' end.
std::vector<history::Time> earliest_lease_starts(const history::View& view,
                                                 const contract::Claims& claims,
                                                 const std::vector<history::Delivery>& deliveries);

/// The earliest instant at which the lease of that delivery can have ended unsettled, when it began
/// at `start` or later; history::kNever where it has no term and nothing ended it.
history::Time earliest_end(const history::View& view, const contract::Claims& claims,
                           const history::Delivery& delivery, history::Time start);

/// The earliest instant at which the message can have been handed to somebody else, when that lease
/// began at `start` or later: it ended or was settled, or the bus says that it had. An extension
/// that was granted shows that up to then it was not, even if the lease may have been over.
history::Time earliest_free(const history::View& view, const contract::Claims& claims,
                            const history::Delivery& delivery, history::Time start);

/// When the first request was invoked that can have settled that delivery, or that was refused
/// because its lease was over. history::kNever where there is none.
history::Time earliest_settled(const history::View& view, std::uint32_t delivery);

/// That earliest end of every delivery, by delivery number.
std::map<std::uint32_t, history::Time> lease_ends(const history::View& view,
                                                  const contract::Claims& claims);

/// The earliest instant at which something other than its term or a settlement can have ended the
/// lease of that delivery; history::kNever if nothing did. It may lie before the receipt: the
/// delivery was under way then.
history::Time released_early(const history::View& view, const history::Delivery& delivery);

/// Whether the bus certainly sent `earlier`, which was received first, before `later`. On two
/// connections the first to be received may have been sent last.
bool sent_in_order(const history::View& view, const history::Delivery& earlier,
                   const history::Delivery& later);

/// The credit that a subscription began with: as asked, else the declared default.
std::optional<std::int64_t> credit_of(const contract::Claims& claims,
                                      const history::Operation& subscribe);

}  // namespace busproof::checkers
