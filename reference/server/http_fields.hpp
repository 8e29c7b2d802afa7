// The header fields of the side door, read as RFC 9110 and RFC 9530 write them.
//
// Threads: pure. Errors: what cannot be understood is told from what is not there, since HTTP
// ignores the one and refuses the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reference/core/payload.hpp"

namespace reference::server {

struct Slice {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
struct Unsatisfiable {};

/// What a Range asks of a payload of `size` bytes; nothing where the whole is meant: no range, one
/// in another unit or of another form, or several.
std::variant<std::monostate, Slice, Unsatisfiable> read_range(std::string_view field,
                                                              std::uint64_t size);

/// Where the body of a PUT begins; nothing where the field says no such thing. Empty: at 0.
std::optional<std::uint64_t> read_content_range(std::string_view field);

/// The SHA-256 among the digests. The outer one is empty where the field is no list of digests or
/// has a SHA-256 that is none.
std::optional<std::optional<core::Digest>> read_repr_digest(std::string_view field);

/// Strong: of the same bytes, and of no others.
std::string etag_of(const core::Digest& digest);

/// Whether `field`, a list of entity tags or `*`, names `etag`. A weak tag does where `weak` says
/// that it may.
bool names_etag(std::string_view field, std::string_view etag, bool weak);

/// `text` with its percent escapes undone; nothing where one is broken.
std::optional<std::string> unescape(std::string_view text);

}  // namespace reference::server
