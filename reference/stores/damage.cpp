// Source: SUM-2, SUM-3.
#include "reference/stores/damage.hpp"

#include <zlib.h>

#include <algorithm>
#include <vector>

namespace reference::stores {
namespace {

constexpr std::size_t kZeroedBytes = 4'096;
constexpr std::uint64_t kBombBytes = 256ULL * 1'048'576;
constexpr std::uint64_t kStep = 1'048'576;
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemoryLevel = 8;

// In steps, so that making it takes no room that its reader might be blamed for.
std::string gzip_of_zeros(std::uint64_t bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::vector<Bytef> zeros(kStep);
  std::vector<Bytef> room(kStep);
  std::string out;
  for (std::uint64_t left = bytes; left > 0;) {
    const auto step = std::min(left, kStep);
    left -= step;
    stream.next_in = zeros.data();
    stream.avail_in = static_cast<uInt>(step);
    // What one step becomes always fits the room.
    stream.next_out = room.data();
    stream.avail_out = static_cast<uInt>(room.size());
    deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
    out.append(reinterpret_cast<const char*>(room.data()), room.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace

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
    case core::Damage::bomb:
      return gzip_of_zeros(kBombBytes);
    case core::Damage::extend:
      break;
  }
  return bytes;
}

}  // namespace reference::stores
