// What a connection remembers of deliveries that are over, so that settling one again is answered
// as the first time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "reference/core/ids.hpp"

namespace reference::core {

using Token = std::uint64_t;

enum class Past : std::uint8_t { acked, rejected, lost, gone };

/// The deliveries a connection has settled or lost, the newest 1 000 and those whose lease would
/// still run.
class SettleMemory {
 public:
  void remember(Token token, Past past, Tick ends, Tick now);
  [[nodiscard]] std::optional<Past> find(Token token) const;
  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    Past past;
    Tick ends;
  };
  std::unordered_map<Token, Entry> entries_;
  std::deque<Token> order_;
};

}  // namespace reference::core
