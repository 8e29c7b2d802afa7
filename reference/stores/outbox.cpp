#include "reference/stores/outbox.hpp"

#include <utility>

namespace reference::stores {

void Outbox::ring(std::string_view destination) {
  {
    const std::lock_guard lock(mutex_);
    gathered_.rings.emplace(destination);
  }
  changed_.notify_one();
}

void Outbox::tell(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    bytes_ += text.size();
    gathered_.tells.push_back(std::move(text));
    while (bytes_ > kBytesMax && gathered_.tells.size() > 1) {
      bytes_ -= gathered_.tells.front().size();
      gathered_.tells.pop_front();
    }
  }
  changed_.notify_one();
}

bool Outbox::take(Batch& batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return ending_ || !gathered_.rings.empty() || !gathered_.tells.empty(); });
  batch = std::exchange(gathered_, {});
  bytes_ = 0;
  return !batch.rings.empty() || !batch.tells.empty();
}

void Outbox::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
}

bool Outbox::ending() const {
  const std::lock_guard lock(mutex_);
  return ending_;
}

}  // namespace reference::stores
