#include "suites/checkers/upload_calls.hpp"

#include <algorithm>

#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// What an answer about an upload says of its offset.
std::optional<std::int64_t> told_offset(const Operation& call) {
  const char* const key = call.ok() ? "offset" : "expected";
  if (!call.ok() && call.error != "upload_offset") return std::nullopt;
  if (!call.said.contains(key)) return std::nullopt;
  return number_of(call.said, key);
}

/// The last that certainly was or may have been done to it before `at`.
const Operation& last_touch(const Upload& upload, const Operation& at) {
  const Operation* last = upload.open;
  for (const Operation* append : upload.appends)
    if (append != &at && append->outcome != Phase::fail && append->invoked < at.answered)
      last = append;
  return *last;
}

}  // namespace

const json::object& params_of(const Operation& call) {
  static const json::object kNone;
  const json::value* params = call.asked.if_contains("params");
  return params != nullptr && params->is_object() ? params->get_object() : kNone;
}

std::vector<const Operation*> calls_of(const View& view, std::string_view method) {
  std::vector<const Operation*> found;
  for (const Operation& call : view.operations(Action::call))
    if (text_of(call.asked, "method") == method) found.push_back(&call);
  return found;
}

std::vector<Upload> uploads_of(const View& view) {
  std::vector<Upload> all;
  for (const Operation* open : calls_of(view, "bus/upload_open")) {
    if (!open->ok()) continue;
    Upload upload;
    upload.id = text_of(open->said, "upload");
    upload.open = open;
    upload.size = number_of(params_of(*open), "datasize");
    for (const history::Note& mark : view.marks("content"))
      if (text_of(mark.said, "upload") == upload.id) upload.digest = text_of(mark.said, "digest");
    const auto own = [&](std::string_view method) {
      auto calls = calls_of(view, method);
      std::erase_if(calls, [&](const Operation* call) {
        return text_of(params_of(*call), "upload") != upload.id;
      });
      return calls;
    };
    upload.appends = own("bus/upload_append");
    upload.statuses = own("bus/upload_status");
    upload.commits = own("bus/upload_commit");
    for (const Operation* commit : upload.commits) {
      if (!commit->ok()) continue;
      upload.transaction_id = text_of(commit->said, "transaction_id");
      upload.dataref = text_of(commit->said, "dataref");
    }
    all.push_back(std::move(upload));
  }
  return all;
}

std::optional<std::int64_t> offset_before(const Upload& upload, const Operation& at) {
  if (upload.open->answered > at.invoked) return std::nullopt;
  const Operation* latest = upload.open;
  std::int64_t offset = 0;
  for (const auto* calls : {&upload.appends, &upload.statuses}) {
    for (const Operation* call : *calls) {
      const auto told = told_offset(*call);
      const bool before = call != &at && call->answered <= at.invoked;
      if (!told || !before || call->answered < latest->answered) continue;
      latest = call;
      offset = *told;
    }
  }
  const bool sure =
      std::none_of(upload.appends.begin(), upload.appends.end(), [&](const Operation* append) {
        return append != latest && append != &at && append->outcome != Phase::fail &&
               append->invoked < at.answered && append->answered > latest->invoked;
      });
  return sure ? std::optional(offset) : std::nullopt;
}

bool may_be_over(const View& view, const contract::Claims& claims, const Upload& upload,
                 const Operation& at) {
  const auto life = declared(claims, "upload_ttl_ms");
  const Operation& last = last_touch(upload, at);
  return life && view.passed_at_most(last.invoked, at.answered) + granularity(claims) >= *life;
}

bool must_be_over(const View& view, const contract::Claims& claims, const Upload& upload,
                  const Operation& at) {
  const auto life = declared(claims, "upload_ttl_ms");
  const Operation& last = last_touch(upload, at);
  if (!life || last.answered == history::kNever) return false;
  const Time grace = declared(claims, "ttl_grace_ms").value_or(kGraceOtherwise);
  return view.passed_at_least(last.answered, at.invoked) >
         *life + grace + granularity(claims) + own_delay(view, last.answered, at.answered);
}

bool is_refused(const Operation& operation) {
  return operation.outcome == Phase::fail && !is_passing(operation);
}

bool is_gone(const Operation& operation) {
  return operation.error == "not_found" || operation.error == "expired";
}

std::optional<json::object> slice_of(const View& view, const Operation& call) {
  const json::object& asked = params_of(call);
  for (const history::Note& mark : view.marks("slice"))
    if (mark.index > call.answer_index &&
        text_of(mark.said, "tx") == text_of(asked, "transaction_id") &&
        number_of(mark.said, "offset") == number_of(asked, "offset"))
      return mark.said;
  return std::nullopt;
}

ReadBack read_back(const View& view, std::string_view transaction_id, std::int64_t size,
                   Time from) {
  ReadBack read;
  std::int64_t reached = 0;
  for (const Operation* call : calls_of(view, "bus/retrieve")) {
    if (text_of(params_of(*call), "transaction_id") != transaction_id || call->invoked < from)
      continue;
    if (is_refused(*call) && read.missing == nullptr) read.missing = call;
    if (!call->ok()) continue;
    const auto slice = slice_of(view, *call);
    if (!slice) continue;
    const std::int64_t end = number_of(params_of(*call), "offset") + number_of(call->said, "size");
    const bool ends_wrong = (number_of(call->said, "more") == 1) != (end < size);
    const bool differs = text_of(call->said, "digest") != text_of(*slice, "digest") ||
                         number_of(call->said, "size") != number_of(*slice, "size");
    if ((differs || ends_wrong) && read.wrong == nullptr) read.wrong = call;
    if (number_of(params_of(*call), "offset") == reached) reached = end;
  }
  read.whole = reached == size && read.wrong == nullptr && read.missing == nullptr;
  return read;
}

}  // namespace busproof::checkers
