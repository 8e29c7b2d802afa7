// The right decisions; see the header for the rule each serves.
#include "reference/core/policies.hpp"

#include <algorithm>

#include "reference/core/glob.hpp"
#include "reference/core/tenants.hpp"

namespace reference::core {

Route Policies::route(const Body& body, std::uint64_t inline_bytes_max) const {
  return body.bytes.size() > inline_bytes_max ? Route::reference : Route::inlined;
}

BreakerStep Policies::breaker(const Breaker& before, const BreakerInput& input,
                              const BreakerLimits& limits) const {
  return step_breaker(before, input, limits);
}

bool Policies::falls_back(std::uint64_t message_bytes, std::uint64_t message_bytes_max) const {
  return message_bytes <= message_bytes_max;
}

Ms Policies::time_to_live(Ms asked) const { return asked; }

Ms Policies::lease(Ms asked) const { return asked; }

Ms Policies::backoff(int attempt, const Backoff& backoff) const {
  Ms wait = backoff.base;
  for (int i = 1; i < attempt && wait < backoff.cap; ++i) wait *= backoff.factor;
  return std::min(wait, backoff.cap);
}

bool Policies::exhausted(int attempt, int attempts_max) const { return attempt >= attempts_max; }

int Policies::window(int credit, int outstanding) const { return credit - outstanding; }

std::int64_t Policies::rank(int priority) const { return -priority; }

bool Policies::matches(std::string_view pattern, std::string_view name) const {
  return glob_matches(pattern, name);
}

bool Policies::may_subscribe(const Caller& caller, std::string_view destination) const {
  if (const auto owner = inbox_owner(destination)) return caller.agent == *owner;
  if (const auto workspace = workspace_of(destination)) return caller.workspace == *workspace;
  return true;
}

std::string Policies::tenant_of(std::string_view session) const { return std::string(session); }

bool Policies::sees(std::string_view mark, std::string_view kept) const {
  return mark_in(kept) == mark;
}

bool Policies::may_speak_for(const Caller& caller, std::string_view agent) const {
  return caller.agent == agent;
}

bool Policies::takes_type(std::string_view type) const { return is_message_type(type); }

bool Policies::counts(Flaw) const { return true; }

Ms Policies::token_holds(Ms left) const { return left; }

bool Policies::is_origin(std::string_view listed, std::string_view origin) const {
  return listed == origin;
}

Ms Policies::ping_after(Ms declared) const { return declared; }

Ms Policies::drop_after(Ms declared) const { return declared; }

Digest Policies::digest(const Body& body) const { return sha256(body.bytes); }

bool Policies::intact(const Body& stored, const Digest& expected) const {
  return digest(stored) == expected;
}

bool Policies::whole(const Digest& computed, const Digest& expected, std::uint64_t) const {
  return computed == expected;
}

Piece Policies::pack(Codec setting, std::string_view bytes) const {
  Piece piece{setting, bytes.size(), sha256(bytes), {}};
  if (setting != Codec::none) piece.stored = compress(setting, bytes);
  if (piece.stored.empty() || piece.stored.size() >= bytes.size()) {
    piece.codec = Codec::none;
    piece.stored = bytes;
  }
  return piece;
}

std::optional<std::string> Policies::unpack(Piece piece) const {
  auto bytes = inflate(piece.codec, std::move(piece.stored), piece.size);
  if (!bytes) return std::nullopt;
  Body body{BodyKind::binary, std::move(*bytes)};
  if (!intact(body, piece.digest)) return std::nullopt;
  return std::move(body.bytes);
}

}  // namespace reference::core
