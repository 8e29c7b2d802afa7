// Randomness of the shipped bus, and the seeded kind.
#pragma once

#include <array>

#include "reference/core/core.hpp"

namespace reference::executor {

/// From the operating system, by way of OpenSSL's generator. Not for several threads at once: the
/// core calls it under its lock.
class SystemRandom : public core::Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 64> pool_{};
  std::size_t left_ = 0;
};

}  // namespace reference::executor
