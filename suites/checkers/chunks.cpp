#include "suites/checkers/chunks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/refusals.hpp"
#include "suites/checkers/upload_calls.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

/// What bus/inspect shows of committed uploads above the threshold, judged by `wrong`.
template <typename Wrong>
Judgement judge_shown(const View& view, const Claims& claims, const char* finding, Wrong wrong) {
  const auto threshold = claims.limit("chunk_threshold_bytes");
  if (!threshold) return Judgement::inconclusive("the bus declares no threshold");
  std::uint64_t judged = 0;
  for (const Upload& upload : uploads_of(view)) {
    if (upload.transaction_id.empty() || upload.size <= *threshold) continue;
    for (const Operation* shown : calls_of(view, "bus/inspect")) {
      if (text_of(params_of(*shown), "transaction_id") != upload.transaction_id || !shown->ok())
        continue;
      const std::int64_t chunks = number_of(shown->said, "chunks", 0);
      if (wrong(shown->said, chunks))
        return Judgement::violated(
            finding, fmt::format("{} bytes are stored in {} chunks.", upload.size, chunks),
            {upload.open->invoke_index, shown->answer_index});
      ++judged;
    }
  }
  return Judgement::met(judged);
}

/// Whether a call asks for no more than the upload was opened for.
bool is_within(const Upload& upload, const Operation& call) {
  const auto& asked = params_of(call);
  return number_of(asked, "offset") + number_of(asked, "size") <= upload.size;
}

/// Uploads of some sizes, all the way.
template <typename Counts>
Judgement judge_round_trips(const View& view, const Claims& claims, Counts counts) {
  std::uint64_t judged = 0;
  const auto violated = [](const char* finding, std::string_view what, std::int64_t size,
                           const Operation& from, const Operation& to) {
    return Judgement::violated(finding, fmt::format("An upload of {} bytes {}.", size, what),
                               {from.invoke_index, to.answer_index});
  };
  for (const Operation* open : calls_of(view, "bus/upload_open"))
    if (const auto size = number_of(params_of(*open), "datasize");
        counts(size) && is_refused(*open) && open->error != "backpressure")
      return violated("refused", fmt::format("was refused: {}", open->error), size, *open, *open);
  for (const Upload& upload : uploads_of(view)) {
    if (!counts(upload.size)) continue;
    for (const auto* calls : {&upload.appends, &upload.commits})
      for (const Operation* call : *calls)
        if (is_refused(*call) && is_within(upload, *call) &&
            !may_be_over(view, claims, upload, *call))
          return violated("refused", fmt::format("was refused: {}", call->error), upload.size,
                          *upload.open, *call);
    if (upload.transaction_id.empty()) continue;
    const ReadBack read = read_back(view, upload.transaction_id, upload.size);
    if (read.wrong != nullptr)
      return violated("altered", "came back with other bytes, or another end", upload.size,
                      *upload.open, *read.wrong);
    if (read.missing != nullptr)
      return violated("unreadable", fmt::format("cannot be read: {}", read.missing->error),
                      upload.size, *upload.open, *read.missing);
    judged += read.whole ? 1 : 0;
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_chunked(const View& view, const Claims& claims) {
  return judge_shown(view, claims, "one_chunk",
                     [](const boost::json::object&, std::int64_t chunks) { return chunks < 2; });
}

Judgement judge_chunk_size(const View& view, const Claims& claims) {
  const auto chunk = claims.limit("chunk_bytes");
  if (!chunk) return Judgement::inconclusive("the bus declares no chunk size");
  return judge_shown(view, claims, "too_few_chunks",
                     [&](const boost::json::object& said, std::int64_t chunks) {
                       const std::int64_t stored = number_of(said, "stored_bytes");
                       return chunks < (stored + *chunk - 1) / *chunk;
                     });
}

Judgement judge_chunk_edges(const View& view, const Claims& claims) {
  const auto chunk = claims.limit("chunk_bytes");
  if (!chunk) return Judgement::inconclusive("the bus declares no chunk size");
  return judge_round_trips(view, claims, [&](std::int64_t size) {
    const std::int64_t over = (size + 1) % *chunk;  // 0, 1 or 2: at an edge.
    return size + 1 >= *chunk && over <= 2;
  });
}

Judgement judge_largest_payload(const View& view, const Claims& claims) {
  const auto most = claims.limit("payload_bytes_max");
  if (!most) return Judgement::inconclusive("the bus declares no largest payload");
  return judge_round_trips(view, claims, [&](std::int64_t size) { return size == *most; });
}

Judgement judge_orphans_swept(const View& view, const Claims& claims) {
  const auto rows = view.marks("rows");
  const auto all = uploads_of(view);
  if (rows.empty() || all.empty()) return Judgement::inconclusive("no upload was begun");
  const history::Note& before = rows.front();
  const bool grew = std::any_of(rows.begin(), rows.end(), [&](const history::Note& mark) {
    return mark.amount > before.amount;
  });
  if (!grew || before.at > all.front().open->invoked)
    return Judgement::inconclusive("the rows do not show that anything was stored");
  std::uint64_t judged = 0;
  for (const history::Note& after : rows) {
    const bool over = std::all_of(all.begin(), all.end(), [&](const Upload& upload) {
      return upload.commits.empty() && !upload.statuses.empty() &&
             upload.statuses.back()->answered < after.at &&
             must_be_over(view, claims, upload, *upload.statuses.back());
    });
    if (!over) continue;
    if (after.amount > before.amount && &after == &rows.back())
      return Judgement::violated(
          "orphans_kept",
          fmt::format("{} rows are left of uploads that are over.", after.amount - before.amount),
          {before.index, after.index});
    if (after.amount <= before.amount) judged = all.size();
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
