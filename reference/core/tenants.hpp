// Tenants: what one of them calls by a name is kept under that name with the tenant's mark before
// it, so that no other tenant has words for it. Destinations and transaction ids alike, uploads
// among them: another's is not hidden, it is not there.
//
// A mark is kSign and 26 digits of the session's SHA-256. The empty tenant has none; a name of its
// own that begins like a mark gets the sign twice. So what was accepted before tenants were told
// apart is the empty tenant's.
//
// Threads: values only. Errors: none.
// Source:  SEC-1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reference::core {

/// The mark before a kept name; empty where it is the empty tenant's.
std::string_view mark_in(std::string_view kept);

class Tenants {
 public:
  /// Where they are not told apart, a session is a label and every name is kept as it is.
  explicit Tenants(bool apart) : apart_(apart) {}

  [[nodiscard]] bool apart() const { return apart_; }

  /// The mark of the tenant that a session names. No session, and an empty one, is the empty
  /// tenant's.
  [[nodiscard]] std::string mark_of(const std::optional<std::string>& session) const;

  /// As the tenant of that mark calls it, and under which it is kept; and back.
  [[nodiscard]] std::string keep(std::string_view mark, std::string_view name) const;
  [[nodiscard]] std::string_view show(std::string_view kept) const;

  /// Whether it is that tenant's.
  [[nodiscard]] bool owns(std::string_view mark, std::string_view kept) const {
    return !apart_ || mark_in(kept) == mark;
  }

 private:
  bool apart_;
};

}  // namespace reference::core
