// A message's payload: its bytes, how they came, and the digest over them.
//
// Source: SUM-1 (the digest is over the uncompressed payload bytes).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace reference::core {

/// How the event carried its payload, and so how a delivery carries it again.
enum class BodyKind : std::uint8_t {
  none,    ///< No data member at all; size 0.
  json,    ///< `data`, any JSON value but a string; the bytes are JSON text of the same value.
  text,    ///< `data`, a JSON string; the bytes are its UTF-8.
  binary,  ///< `data_base64`; the decoded bytes.
};

struct Body {
  BodyKind kind = BodyKind::none;
  std::string bytes;
};

/// Whether a delivery carries the payload or only names it.
enum class Route : std::uint8_t { inlined, reference };

using Digest = std::array<unsigned char, 32>;

/// SHA-256 of `bytes`.
Digest sha256(std::string_view bytes);

/// SHA-256 of bytes that come one after the other.
class RunningDigest {
 public:
  RunningDigest();
  void add(std::string_view bytes);
  /// Of all that was added; nothing can be added afterwards.
  Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// An upload as far as it is stored.
struct Upload {
  std::uint64_t size = 0;        ///< the bytes it shall have
  std::uint64_t chunk = 0;       ///< bytes of each stored piece but the last
  std::optional<Digest> digest;  ///< the sender's claim when it was opened
  std::uint64_t offset = 0;      ///< the bytes it has for good
  bool sealed = false;           ///< it takes no more
};

/// `sha-256=:<base 64>:`, as RFC 9530 writes a digest.
std::string digest_text(const Digest& digest);

/// The digest that `text` writes; nothing where it isn't one of SHA-256.
std::optional<Digest> parse_digest(std::string_view text);

std::string_view route_text(Route route);

}  // namespace reference::core
