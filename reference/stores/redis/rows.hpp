// Values as the scripts return them.
#pragma once

#include <algorithm>
#include <string>

#include "reference/core/payload.hpp"

namespace reference::stores::redis {

inline core::Digest digest_of(const std::string& bytes) {
  core::Digest digest{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

}  // namespace reference::stores::redis
