#include "suites/checkers/transfer_memory.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/restarts.hpp"
#include "suites/checkers/upload_calls.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

constexpr std::int64_t kMegabyte = 1'048'576;
constexpr std::int64_t kChunks = 4;
// Allocators and caches grow by fits and starts.
constexpr std::int64_t kBesides = 4 * kMegabyte;

std::int64_t allowed(std::int64_t chunk) { return kChunks * chunk + kBesides; }

/// One part of one payload that went through.
struct Part {
  const Operation* call;
  std::int64_t bytes, payload;
};

/// From one mark to the next.
struct Go {
  const Note *from, *to;
  std::int64_t bytes = 0, largest = 0;
};

std::vector<Part> stored_parts(const View& view) {
  std::vector<Part> parts;
  for (const Upload& upload : uploads_of(view))
    for (const Operation* append : upload.appends)
      if (append->ok())
        parts.push_back({append, number_of(params_of(*append), "size"), upload.size});
  return parts;
}

std::vector<Part> read_parts(const View& view) {
  std::vector<Part> parts;
  const auto uploads = uploads_of(view);
  for (const Operation* read : calls_of(view, "bus/retrieve")) {
    const auto of = std::find_if(uploads.begin(), uploads.end(), [&](const Upload& upload) {
      return upload.transaction_id == text_of(params_of(*read), "transaction_id");
    });
    if (read->ok() && of != uploads.end())
      parts.push_back({read, number_of(read->said, "size"), of->size});
  }
  return parts;
}

std::vector<Go> goes_of(std::span<const Note> marks, const std::vector<Part>& parts) {
  std::vector<Go> goes;
  for (std::size_t i = 1; i < marks.size(); ++i) {
    Go go{&marks[i - 1], &marks[i]};
    for (const Part& part : parts) {
      if (part.call->invoke_index < go.from->index || part.call->answer_index > go.to->index)
        continue;
      go.bytes += part.bytes;
      go.largest = std::max(go.largest, part.payload);
    }
    goes.push_back(go);
  }
  return goes;
}

Judgement judge(const View& view, const Claims& claims, const std::vector<Part>& parts,
                const char* doing) {
  const auto chunk = claims.limit("chunk_bytes");
  if (!chunk) return Judgement::inconclusive("the bus declares no chunk size");
  const auto marks = view.marks("memory");
  const auto goes = goes_of(marks, parts);
  std::uint64_t judged = 0;
  for (std::size_t i = 1; i < goes.size(); ++i) {
    const Go &small = goes[i - 1], &large = goes[i];
    const bool telling = large.largest >= telling_payload(*chunk) && large.bytes >= large.largest &&
                         small.largest <= small_payload(*chunk) && small.bytes >= large.bytes;
    if (!telling || restarted_between(view, *small.from, *large.to)) continue;
    const std::int64_t growth = large.to->amount - large.from->amount;
    if (growth > allowed(*chunk))
      return Judgement::violated(
          "held_whole",
          fmt::format("{} {} bytes in one payload took {} bytes more than in small ones; four "
                      "chunks are {}.",
                      doing, large.bytes, growth, kChunks * *chunk),
          {large.from->index, large.to->index});
    ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace

std::int64_t telling_payload(std::int64_t chunk_bytes) { return 3 * allowed(chunk_bytes); }
std::int64_t small_payload(std::int64_t chunk_bytes) {
  return std::max(kChunks * chunk_bytes, kMegabyte);
}

Judgement judge_memory_storing(const View& view, const Claims& claims) {
  return judge(view, claims, stored_parts(view), "Storing");
}

Judgement judge_memory_reading(const View& view, const Claims& claims) {
  return judge(view, claims, read_parts(view), "Reading");
}

}  // namespace busproof::checkers
