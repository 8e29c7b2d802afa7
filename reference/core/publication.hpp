// One message as its sender asks for it, read and checked as far as that needs no store.
#pragma once

#include <variant>

#include "reference/core/state.hpp"

namespace reference::core {

/// The params of bus/publish, or an item of a batch; the first fault that is in them.
std::variant<Publication, Fault> read_publication(State& state, const Caller& caller,
                                                  Params params);

}  // namespace reference::core
