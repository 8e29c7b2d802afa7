// A piece as the text that Redis keeps.
#pragma once

#include <string>

#include "reference/core/compression.hpp"

namespace reference::stores::redis {

/// Codec and size in decimal, a space behind each, then the digest and the bytes.
inline std::string piece_text(const core::Piece& piece) {
  std::string text =
      std::to_string(static_cast<int>(piece.codec)) + ' ' + std::to_string(piece.size) + ' ';
  text.append(reinterpret_cast<const char*>(piece.digest.data()), piece.digest.size());
  return text += piece.stored;
}

}  // namespace reference::stores::redis
