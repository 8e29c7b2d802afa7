// Source: SUM-2, SUM-3, SUM-5, SUM-8.
#include "reference/stores/damage.hpp"

#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace reference::stores {
namespace {

constexpr std::size_t kZeroedBytes = 4'096;
constexpr std::uint64_t kBombBytes = 192ULL * 1'048'576;
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
    case core::Damage::swap:
    case core::Damage::repeat:
      break;
  }
  return bytes;
}

namespace {

bool damage_stored(core::Piece& piece, const core::Corrupt& op) {
  auto bytes = damaged(piece.stored, op);
  if (!bytes) return false;
  piece.stored = std::move(*bytes);
  if (op.damage == core::Damage::bomb) piece.codec = core::Codec::gzip;
  return true;
}

bool damage_chunk(Pieces& pieces, Pieces& others, const core::Corrupt& op) {
  const auto piece = pieces.find(op.chunk);
  if (piece == pieces.end()) return false;
  if (op.damage == core::Damage::erase) {
    pieces.erase(piece);
    return true;
  }
  if (op.damage == core::Damage::swap) {
    const auto other = others.find(op.with_chunk);
    if (other == others.end() || other == piece) return false;
    std::swap(piece->second, other->second);
    return true;
  }
  if (op.damage == core::Damage::repeat) {
    core::Piece moved = piece->second;  // It is there twice, and what follows moves up.
    for (auto at = std::next(piece); at != pieces.end(); ++at) std::swap(at->second, moved);
    pieces.emplace(pieces.rbegin()->first + 1, std::move(moved));
    return true;
  }
  return damage_stored(piece->second, op);
}

}  // namespace

bool damage_pieces(Pieces& pieces, Pieces& others, const core::Corrupt& op) {
  if (op.part == core::Part::chunk) return damage_chunk(pieces, others, op);
  if (op.damage == core::Damage::swap || op.damage == core::Damage::repeat) return false;
  if (op.damage == core::Damage::erase) {
    pieces.clear();
    return true;
  }
  if (pieces.empty()) return false;
  if (op.damage == core::Damage::extend) return damage_stored(pieces.rbegin()->second, op);
  core::Corrupt within = op;
  auto piece = pieces.begin();
  while (std::next(piece) != pieces.end() && within.at >= piece->second.stored.size()) {
    within.at -= piece->second.stored.size();
    ++piece;
  }
  if (!damage_stored(piece->second, within)) return false;
  if (op.damage == core::Damage::truncate) pieces.erase(std::next(piece), pieces.end());
  return true;
}

}  // namespace reference::stores
