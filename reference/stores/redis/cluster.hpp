// What the nodes of a Redis Cluster answer to who has come to the wrong one, or at the wrong time.
//
// Keys are told apart by slots, and each slot is one node's. All of a store's keys are in one slot:
// a batch is one script, which a cluster carries out on one node alone. A slot for each destination
// would make several steps, none of them whole, of a batch over two destinations, and of each
// message and the indices by its id, correlation and session.
// While a slot is on its way from one node to another neither has all of its keys: what is asked
// then is not followed to the other node but refused, and did not happen.
// Threads: no state.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "reference/stores/redis/address.hpp"

namespace reference::stores::redis {

/// The node that an error reply sends to ("MOVED 3999 127.0.0.1:6381"), to be let in as at
/// `asked`; nothing where it says something else.
std::optional<Address> moved_to(std::string_view error, const Address& asked);

/// The nodes that the text of CLUSTER NODES names, as moved_to() gives them; none where it is no
/// such text.
std::vector<Address> nodes_in(std::string_view text, const Address& asked);

/// Whether that server will serve later what it now refuses: it loads its data, it misses another
/// node, or a slot is on its way.
bool is_passing(std::string_view error);

}  // namespace reference::stores::redis
