// Damage done to stored bytes on purpose, the same in every store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "reference/core/step.hpp"

namespace reference::stores {

/// The bytes after the damage: one bit flipped at `at`, everything from `at` on cut off, a NUL
/// added, up to 4 096 bytes from `at` zeroed, or all gone. Nothing where there is no byte `at`.
std::optional<std::string> damaged(std::string bytes, const core::Corrupt& op);

/// The stored pieces of one payload by number: a missing one leaves its number free.
using Pieces = std::map<std::uint32_t, core::Piece>;

/// Damages a payload that is stored in pieces: by the byte of its stored body, or one piece of it.
/// A swap exchanges two pieces, of `pieces` and of `others`, which may be the same. False where
/// there is no such byte or piece, or the damage is none that can be done to it.
bool damage_pieces(Pieces& pieces, Pieces& others, const core::Corrupt& op);

}  // namespace reference::stores
