// Compression of stored payloads: pieces in, pieces out, and never more memory than was declared.
//
// Threads: no state; workers call it. Errors: an optional without value where a stored body is not
// the whole, undamaged stream of its size. Source: COMP-1, COMP-2, SUM-4, SUM-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/payload.hpp"

namespace reference::core {

enum class Codec : std::uint8_t { none, gzip, zstd };

/// "none", "gzip" or "zstd".
std::string_view codec_text(Codec codec);
std::optional<Codec> parse_codec(std::string_view text);

/// One stored piece of a payload. Size and digest are those of its uncompressed bytes.
struct Piece {
  Codec codec = Codec::none;
  std::uint64_t size = 0;
  Digest digest{};
  std::string stored;
};

/// The stream that `codec` makes of the bytes.
std::string compress(Codec codec, std::string_view bytes);

/// The `size` bytes that `stored` is the stream of. Nothing where it is damaged, goes on after its
/// end, or holds more or fewer bytes: never are more than `size` written.
std::optional<std::string> inflate(Codec codec, std::string stored, std::uint64_t size);

}  // namespace reference::core
