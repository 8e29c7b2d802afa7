// Paged: a sequence that grows without ever moving what it holds, and without room to spare.
//
// Threads: as std::vector.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace busproof::checkers::stream {

template <typename T>
class Paged {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }

  T& operator[](std::size_t i) { return pages_[i / kPage][i % kPage]; }
  const T& operator[](std::size_t i) const { return pages_[i / kPage][i % kPage]; }

  /// New elements are as T{}.
  void grow(std::size_t size) {
    while (pages_.size() * kPage < size) pages_.push_back(std::make_unique<T[]>(kPage));
    if (size > size_) size_ = size;
  }

 private:
  static constexpr std::size_t kPage = 4096;
  std::vector<std::unique_ptr<T[]>> pages_;
  std::size_t size_ = 0;
};

/// The element of a number from 1; made where it is new.
template <typename T>
T& at_number(Paged<T>& all, std::size_t number) {
  if (all.size() < number) all.grow(number);
  return all[number - 1];
}
template <typename T>
T& at_number(std::vector<T>& all, std::size_t number) {
  if (all.size() < number) all.resize(number);
  return all[number - 1];
}

}  // namespace busproof::checkers::stream
