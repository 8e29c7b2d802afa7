// Steps as the words that schema/redis/apply.lua reads.
#pragma once

#include "reference/core/step.hpp"
#include "reference/stores/redis/connection.hpp"

namespace reference::stores::redis {

/// Adds a step's ops to the command, which may point into the step from then on. A Corrupt is none
/// of them: encode_damage() says what it comes to.
void encode(Command& command, const core::Step& step);

/// Adds a step that puts `bytes` in the place of what a Corrupt names.
void encode_damage(Command& command, const core::Corrupt& op, std::string bytes);

}  // namespace reference::stores::redis
