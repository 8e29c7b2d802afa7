// One message as its sender asks for it, read and checked as far as that needs no store.
#pragma once

#include <variant>

#include "reference/core/state.hpp"

namespace reference::core {

/// The params of bus/publish, or an item of a batch; the first fault that is in them.
std::variant<Publication, Fault> read_publication(State& state, const Caller& caller,
                                                  Params params);

/// Refuses what is more than the bus takes in a second; whether it did.
bool beyond_rate(State& state, const Reply& reply, std::size_t count);

}  // namespace reference::core
