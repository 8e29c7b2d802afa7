// Errors: a generator that fails ends the process; ids that can be guessed would be worse.
#include "reference/executor/random.hpp"

#include <openssl/rand.h>

#include <cstdlib>

namespace reference::executor {

std::uint64_t SystemRandom::next() {
  if (left_ == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(pool_.data()), sizeof pool_) != 1) std::abort();
    left_ = pool_.size();
  }
  return pool_[--left_];
}

}  // namespace reference::executor
