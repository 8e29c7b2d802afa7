// Damage done to stored bytes on purpose, the same in every store.
#pragma once

#include <optional>
#include <string>

#include "reference/core/step.hpp"

namespace reference::stores {

/// The bytes after the damage: one bit flipped at `at`, everything from `at` on cut off, a NUL
/// added, up to 4 096 bytes from `at` zeroed, or all gone. Nothing where there is no byte `at`.
std::optional<std::string> damaged(std::string bytes, const core::Corrupt& op);

}  // namespace reference::stores
