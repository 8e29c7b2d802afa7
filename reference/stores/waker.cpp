#include "reference/stores/waker.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>

namespace reference::stores {

Waker::Waker() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Waker::~Waker() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Waker::wake() const {
  if (descriptor_ >= 0) ::eventfd_write(descriptor_, 1);
}

bool Waker::wait(int socket, core::Ms at_most) const {
  std::array<pollfd, 2> watched{{{.fd = socket, .events = POLLIN, .revents = 0},
                                 {.fd = descriptor_, .events = POLLIN, .revents = 0}}};
  return ::poll(watched.data(), watched.size(), static_cast<int>(at_most.count())) > 0 &&
         watched[0].revents != 0;
}

}  // namespace reference::stores
