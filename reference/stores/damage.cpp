// Source: SUM-2, SUM-3.
#include "reference/stores/damage.hpp"

#include <algorithm>

namespace reference::stores {
namespace {
constexpr std::size_t kZeroedBytes = 4'096;
}

std::optional<std::string> damaged(std::string bytes, const core::Corrupt& op) {
  const auto at = static_cast<std::size_t>(op.at);
  if (op.damage == core::Damage::extend) return bytes + '\0';
  if (at >= bytes.size()) return std::nullopt;
  switch (op.damage) {
    case core::Damage::flip:
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      break;
    case core::Damage::truncate:
      bytes.resize(at);
      break;
    case core::Damage::zero:
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min(kZeroedBytes, bytes.size() - at), '\0');
      break;
    case core::Damage::erase:
      bytes.clear();
      break;
    case core::Damage::extend:
      break;
  }
  return bytes;
}

}  // namespace reference::stores
