#include "suites/checkers/ranges.hpp"

#include <limits>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/upload_calls.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

/// A payload that the bus took: `taken` is the answer that named it.
struct Taken {
  std::string transaction_id;
  std::int64_t size = 0;
  const Operation* taken = nullptr;
};

std::vector<Taken> committed(const View& view) {
  std::vector<Taken> found;
  for (const Upload& upload : uploads_of(view))
    if (!upload.transaction_id.empty())
      found.push_back({upload.transaction_id, upload.size, upload.commits.back()});
  return found;
}

std::vector<Taken> published(const View& view) {
  std::vector<Taken> found;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok() && !publish.asked.contains("json"))
      found.push_back(
          {text_of(publish.said, "transaction_id"), number_of(publish.asked, "size"), &publish});
  return found;
}

Judgement violated(const char* finding, std::string says, const Taken& payload,
                   const Operation& call) {
  return Judgement::violated(finding, std::move(says),
                             {payload.taken->answer_index, call.answer_index});
}

Judgement judge_slice(const View& view, const Taken& payload, const Operation& call) {
  if (is_refused(call))
    return violated("refused", fmt::format("A range was refused: {}.", call.error), payload, call);
  const auto slice = slice_of(view, call);
  if (!call.ok() || !slice) return Judgement::met(0);
  const std::int64_t offset = number_of(params_of(call), "offset");
  const std::int64_t asked =
      number_of(params_of(call), "length", std::numeric_limits<std::int64_t>::max());
  const std::int64_t size = number_of(call.said, "size");
  if (size == 0 || size > asked || number_of(call.said, "offset", offset) != offset ||
      text_of(call.said, "digest") != text_of(*slice, "digest"))
    return violated("wrong_slice",
                    fmt::format("{} bytes at {} are not that slice of the payload.", size, offset),
                    payload, call);
  const bool more = number_of(call.said, "more") != 0;
  if (more != (offset + size < payload.size))
    return violated("wrong_end",
                    fmt::format("{} bytes at {} are said to be {}the last of {}.", size, offset,
                                more ? "not " : "", payload.size),
                    payload, call);
  return Judgement::met(1);
}

Judgement judge_end(const Taken& payload, const Operation& call) {
  if (is_refused(call))
    return violated("refused", fmt::format("The range at the end was refused: {}.", call.error),
                    payload, call);
  if (!call.ok()) return Judgement::met(0);
  if (number_of(call.said, "size") != 0 || number_of(call.said, "more") != 0)
    return violated("not_empty", "The range at the end holds something, or promises more.", payload,
                    call);
  return Judgement::met(1);
}

Judgement judge_beyond(const Taken& payload, const Operation& call) {
  if (call.ok()) return violated("served", "A range beyond the end was answered.", payload, call);
  if (!is_refused(call)) return Judgement::met(0);
  if (call.error != "invalid_argument")
    return violated("wrong_refusal",
                    fmt::format("A range beyond the end was refused: {}.", call.error), payload,
                    call);
  return Judgement::met(1);
}

enum class Place { within, at_end, beyond };

Place place_of(const Taken& payload, const Operation& call) {
  const std::int64_t offset = number_of(params_of(call), "offset");
  if (offset == payload.size) return Place::at_end;
  return offset < payload.size ? Place::within : Place::beyond;
}

/// The answers to ranges of those payloads, as far as `counts` says.
template <typename Counts>
Judgement judge_ranges(const View& view, const std::vector<Taken>& payloads, Counts counts) {
  std::uint64_t judged = 0;
  const auto calls = calls_of(view, "bus/retrieve");
  for (const Taken& payload : payloads) {
    for (const Operation* call : calls) {
      if (text_of(params_of(*call), "transaction_id") != payload.transaction_id) continue;
      const Place place = place_of(payload, *call);
      if (!counts(payload, *call, place)) continue;
      const Judgement one = place == Place::within   ? judge_slice(view, payload, *call)
                            : place == Place::at_end ? judge_end(payload, *call)
                                                     : judge_beyond(payload, *call);
      if (one.verdict() == contract::Verdict::violated) return one;
      judged += one.judged();
    }
  }
  return Judgement::met(judged);
}

Judgement judge_uploads(const View& view, Place which) {
  return judge_ranges(view, committed(view), [which](const Taken&, const Operation&, Place place) {
    return place == which;
  });
}

}  // namespace

Judgement judge_message_ranges(const View& view, const Claims& claims) {
  return judge_ranges(view, published(view),
                      [&](const Taken& payload, const Operation& call, Place) {
                        return call.ok() || !may_be_gone(view, claims, *payload.taken, call);
                      });
}

Judgement judge_slices(const View& view, const Claims&) {
  return judge_uploads(view, Place::within);
}

Judgement judge_range_at_end(const View& view, const Claims&) {
  return judge_uploads(view, Place::at_end);
}

Judgement judge_range_beyond(const View& view, const Claims&) {
  return judge_uploads(view, Place::beyond);
}

}  // namespace busproof::checkers
