// Who may come in, as configured: tokens, origins, TLS.
//
// Threads: values only. Errors: what is wrong with a variable, and never a secret's value.
// Source: SEC-3, SEC-4, CFG-2, CFG-4.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reference/core/token.hpp"
#include "reference/tls.hpp"

namespace reference {

struct Access {
  std::shared_ptr<const core::Authority> authority;  ///< tokens are demanded where there is one
  std::vector<std::string> origins;                  ///< pages of these; empty: of any
  Tls tls;
};

/// Reads them into `access`; why the bus does not start, where it can't.
std::optional<std::string> read_access(Access& access, Lookup lookup);

}  // namespace reference
