// What a store may answer instead of a value: an error that always says whether anything happened.
//
// Errors: made by the two factories alone, so none can leave its effect out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace reference::core {

/// Whether a failed call may still have changed the store.
enum class Certainty : std::uint8_t { did_not_happen, may_have_happened };

/// A store's failure, about the store and not about a message.
class StoreError {
 public:
  static StoreError did_not_happen(std::string detail) {
    return {Certainty::did_not_happen, std::move(detail)};
  }
  static StoreError may_have_happened(std::string detail) {
    return {Certainty::may_have_happened, std::move(detail)};
  }
  /// Nobody was there to be asked: what it is like is not known.
  static StoreError unreachable(std::string detail) {
    StoreError error{Certainty::did_not_happen, std::move(detail)};
    error.away_ = true;
    return error;
  }
  /// The store was not asked: its breaker is open, for that long yet.
  static StoreError kept_away(std::chrono::milliseconds retry_after) {
    StoreError error{Certainty::did_not_happen, "the breaker is open"};
    error.retry_after_ = retry_after;
    return error;
  }
  /// Only of one that was not asked.
  [[nodiscard]] const std::optional<std::chrono::milliseconds>& retry_after() const {
    return retry_after_;
  }
  [[nodiscard]] bool away() const { return away_; }
  [[nodiscard]] bool definite() const { return effect_ == Certainty::did_not_happen; }
  [[nodiscard]] const std::string& detail() const { return detail_; }  ///< For logs, not clients.

 private:
  StoreError(Certainty effect, std::string detail) : effect_(effect), detail_(std::move(detail)) {}
  Certainty effect_;
  std::string detail_;
  std::optional<std::chrono::milliseconds> retry_after_;
  bool away_ = false;
};

/// [[nodiscard]] sits on the type because GCC 12 does not warn about ignored virtual calls.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, StoreError> {
 public:
  using tl::expected<T, StoreError>::expected;
};

}  // namespace reference::core
