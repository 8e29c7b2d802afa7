// Result: what a bus or a network may refuse; Error: a failure that always states its effect.
//
// Threads: values only.
// Source:  the protocol document, section "Errors".
#pragma once

#include <cstdint>

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace busproof::contract {

/// Whether a failed call may still have changed the bus.
enum class Effect : std::uint8_t {
  did_not_happen,     ///< It never will have happened.
  may_have_happened,  ///< Judges must allow both.
};

/// A failure; only the two factories make one, so that none goes without its effect.
class Error {
 public:
  /// `kind` is an error kind of the protocol ("not_found") or one of ours ("disconnected").
  static Error did_not_happen(std::string kind, std::string detail) {
    return {std::move(kind), Effect::did_not_happen, std::move(detail)};
  }
  static Error may_have_happened(std::string kind, std::string detail) {
    return {std::move(kind), Effect::may_have_happened, std::move(detail)};
  }
  [[nodiscard]] const std::string& kind() const { return kind_; }
  [[nodiscard]] Effect effect() const { return effect_; }
  [[nodiscard]] const std::string& detail() const { return detail_; }  ///< For people, not code.

 private:
  Error(std::string kind, Effect effect, std::string detail)
      : kind_(std::move(kind)), effect_(effect), detail_(std::move(detail)) {}
  std::string kind_;
  Effect effect_;
  std::string detail_;
};

/// [[nodiscard]] sits on the type because GCC 12 does not warn about ignored virtual calls.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> refused(std::string kind, std::string detail) {
  return tl::make_unexpected(Error::did_not_happen(std::move(kind), std::move(detail)));
}

inline tl::unexpected<Error> in_doubt(std::string kind, std::string detail) {
  return tl::make_unexpected(Error::may_have_happened(std::move(kind), std::move(detail)));
}

}  // namespace busproof::contract
