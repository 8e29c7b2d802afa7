#include "suites/checkers/uploads.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/checkers/upload_calls.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// What the same fault is called in different cases.
struct Findings {
  const char* refused;
  const char* altered;
  const char* lost;
};

Judgement violated(const char* finding, std::string says, const Operation& one,
                   const Operation& other) {
  return Judgement::violated(finding, std::move(says), {one.invoke_index, other.answer_index});
}

bool is_committed_by(const Upload& upload, Time at) {
  return std::any_of(upload.commits.begin(), upload.commits.end(),
                     [&](const Operation* commit) { return commit->invoked < at; });
}

/// From where it certainly was, an append or a commit that should have been taken.
std::optional<Judgement> refused_rightful(const View& view, const Claims& claims,
                                          const Upload& upload, const Findings& findings,
                                          Time from) {
  for (const Operation* append : upload.appends) {
    const auto offset = offset_before(upload, *append);
    if (append->invoked < from || !is_refused(*append) || !offset) continue;
    if (number_of(params_of(*append), "offset") != *offset ||
        *offset + number_of(params_of(*append), "size") > upload.size)
      continue;
    if (may_be_over(view, claims, upload, *append) || is_committed_by(upload, append->answered))
      continue;
    return violated(findings.refused,
                    fmt::format("An append at the upload's own offset {} was refused: {}.", *offset,
                                append->error),
                    *upload.open, *append);
  }
  for (const Operation* commit : upload.commits) {
    const bool rightful = text_of(params_of(*commit), "datadigest") == upload.digest &&
                          offset_before(upload, *commit) == upload.size;
    if (commit->invoked < from || !is_refused(*commit) || !rightful) continue;
    if (may_be_over(view, claims, upload, *commit)) continue;
    const bool digest = commit->error == "digest_mismatch";
    return violated(digest ? findings.altered : findings.refused,
                    fmt::format("The commit of a whole upload was refused: {}.", commit->error),
                    *upload.open, *commit);
  }
  return std::nullopt;
}

/// Whether the upload became the payload that it should: what went wrong, or whether it was read.
std::optional<Judgement> wrong_payload(const View& view, const Claims& claims, const Upload& upload,
                                       const Findings& findings, bool& whole, Time from = {}) {
  if (auto refused = refused_rightful(view, claims, upload, findings, from)) return refused;
  if (upload.transaction_id.empty()) return std::nullopt;
  const ReadBack read = read_back(view, upload.transaction_id, upload.size);
  if (read.wrong != nullptr)
    return violated(findings.altered,
                    "What was read is not what was uploaded: other bytes, or another end.",
                    *upload.open, *read.wrong);
  if (read.missing != nullptr)
    return violated(findings.lost,
                    fmt::format("A committed upload could not be read: {}.", read.missing->error),
                    *upload.open, *read.missing);
  whole = read.whole;
  return std::nullopt;
}

bool went_on_elsewhere(const Upload& upload) {
  return std::any_of(upload.appends.begin(), upload.appends.end(), [&](const Operation* append) {
    return append->ok() && append->session != upload.open->session;
  });
}

/// Whether an append to another came between two of its own.
bool is_interleaved(const std::vector<Upload>& all, const Upload& upload) {
  if (upload.appends.size() < 2) return false;
  const Time first = upload.appends.front()->invoked, last = upload.appends.back()->invoked;
  return std::any_of(all.begin(), all.end(), [&](const Upload& other) {
    return other.id != upload.id &&
           std::any_of(other.appends.begin(), other.appends.end(), [&](const Operation* append) {
             return append->ok() && append->invoked > first && append->answered < last;
           });
  });
}

/// One kill, and an upload that was open then: the first status asked for afterwards.
struct Survivor {
  const Upload* upload;
  Time killed;
  const Operation* status;
  std::int64_t answered = 0;               ///< as durable, before the kill
  const Operation* last_answer = nullptr;  ///< that said so
  std::int64_t sent = 0;                   ///< what may have arrived at the most
};

std::vector<Survivor> survivors(const View& view, const std::vector<Upload>& all) {
  std::vector<Survivor> found;
  for (const history::Note& kill : view.marks("kill")) {
    for (const Upload& upload : all) {
      if (upload.open->answered > kill.at || is_committed_by(upload, kill.at)) continue;
      Survivor one{&upload, kill.at, nullptr, 0, upload.open, 0};
      for (const Operation* append : upload.appends) {
        if (append->invoked > kill.at || append->outcome == Phase::fail) continue;
        const auto& asked = params_of(*append);
        one.sent = std::max(one.sent, number_of(asked, "offset") + number_of(asked, "size"));
        if (!append->ok() || number_of(append->said, "offset") < one.answered) continue;
        one.answered = number_of(append->said, "offset");
        one.last_answer = append;
      }
      for (const Operation* status : upload.statuses)
        if (status->invoked > kill.at && (status->ok() || is_refused(*status)) &&
            one.status == nullptr)
          one.status = status;
      if (one.status != nullptr) found.push_back(one);
    }
  }
  return found;
}

/// The upload whose id that is, unless it was committed, or tried to be, by then.
const Upload* open_upload(const std::vector<Upload>& all, std::string_view id,
                          const Operation& probe) {
  for (const Upload& upload : all)
    if (upload.id == id && upload.open->answered < probe.invoked &&
        !is_committed_by(upload, probe.answered))
      return &upload;
  return nullptr;
}

/// Whether room is certainly free when `open` is asked for: of all that were opened fewer than may
/// be can still be there.
bool has_room(const View& view, const Claims& claims, const std::vector<Upload>& all,
              const Operation& open, std::int64_t most) {
  const auto opens = calls_of(view, "bus/upload_open");
  const auto maybe = std::count_if(opens.begin(), opens.end(), [&](const Operation* one) {
    return one->outcome == Phase::info && one->invoked < open.answered;
  });
  const auto there = std::count_if(all.begin(), all.end(), [&](const Upload& upload) {
    return upload.open->invoked < open.answered && !must_be_over(view, claims, upload, open);
  });
  return maybe + there < most;
}

/// Opening was refused for want of room again and again for a second, and there was room.
std::optional<Judgement> room_kept(const View& view, const Claims& claims,
                                   const std::vector<Upload>& all) {
  const auto most = claims.limit("uploads_max");
  if (!most) return std::nullopt;
  const Operation* first = nullptr;
  for (const Operation* open : calls_of(view, "bus/upload_open")) {
    if (open->ok()) first = nullptr;
    if (open->error != "backpressure" || !has_room(view, claims, all, *open, *most)) continue;
    if (first == nullptr) first = open;
    if (open->invoked - first->answered < std::chrono::seconds(1)) continue;
    return violated("room_kept",
                    "Uploads were left alone past their time, and still none can be opened.",
                    *first, *open);
  }
  return std::nullopt;
}

}  // namespace

Judgement judge_upload_resumes(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Upload& upload : uploads_of(view)) {
    for (const Operation* status : upload.statuses)
      if (status->session != upload.open->session && is_refused(*status) && is_gone(*status) &&
          !may_be_over(view, claims, upload, *status))
        return violated(
            "lost",
            fmt::format("An open upload is unknown on another connection: {}.", status->error),
            *upload.open, *status);
    bool whole = false;
    if (auto wrong = wrong_payload(view, claims, upload, {"refused", "altered", "lost"}, whole))
      return *wrong;
    judged += whole && went_on_elsewhere(upload) ? 1 : 0;
  }
  return Judgement::met(judged);
}

Judgement judge_upload_offset(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Upload& upload : uploads_of(view)) {
    for (const Operation* append : upload.appends) {
      const auto offset = offset_before(upload, *append);
      const std::int64_t asked = number_of(params_of(*append), "offset");
      if (!offset || asked == *offset || asked < 0 || is_committed_by(upload, append->answered) ||
          may_be_over(view, claims, upload, *append))
        continue;
      const std::string what =
          fmt::format("an append at {} to an upload of {} bytes", asked, *offset);
      if (append->ok())
        return violated("accepted", fmt::format("Accepted: {}.", what), *upload.open, *append);
      if (!is_refused(*append)) continue;
      if (append->error != "upload_offset")
        return violated("wrong_refusal", fmt::format("Refused with {}: {}.", append->error, what),
                        *upload.open, *append);
      if (number_of(append->said, "expected", -1) != *offset)
        return violated("wrong_expected", fmt::format("The right offset is not told of {}.", what),
                        *upload.open, *append);
      ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_upload_after_kill(const View& view, const Claims& claims) {
  constexpr Findings kFindings{"past_durable", "past_durable", "past_durable"};
  const auto all = uploads_of(view);
  std::uint64_t judged = 0;
  for (const Survivor& one : survivors(view, all)) {
    if (!one.status->ok()) continue;
    const std::int64_t offset = number_of(one.status->said, "offset");
    if (offset > one.sent)
      return violated(
          "past_durable",
          fmt::format("{} bytes are reported, and {} were ever sent.", offset, one.sent),
          *one.last_answer, *one.status);
    bool whole = false;
    if (auto wrong = wrong_payload(view, claims, *one.upload, kFindings, whole, one.killed))
      return *wrong;
    judged += whole ? 1 : 0;
  }
  return Judgement::met(judged);
}

Judgement judge_upload_survives(const View& view, const Claims& claims) {
  const auto all = uploads_of(view);
  std::uint64_t judged = 0;
  for (const Survivor& one : survivors(view, all)) {
    if (one.answered == 0) continue;
    if (is_gone(*one.status) && !may_be_over(view, claims, *one.upload, *one.status))
      return violated(
          "upload_lost",
          fmt::format("{} bytes were answered as stored; the upload is unknown.", one.answered),
          *one.last_answer, *one.status);
    if (!one.status->ok()) continue;
    const std::int64_t offset = number_of(one.status->said, "offset");
    if (offset < one.answered)
      return violated(
          "bytes_lost",
          fmt::format("{} bytes were answered as stored, {} are left.", one.answered, offset),
          *one.last_answer, *one.status);
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_uploads_apart(const View& view, const Claims& claims) {
  const auto all = uploads_of(view);
  std::uint64_t judged = 0;
  for (const Upload& upload : all) {
    if (!is_interleaved(all, upload)) continue;
    bool whole = false;
    if (auto wrong = wrong_payload(view, claims, upload, {"refused", "mixed", "mixed"}, whole))
      return *wrong;
    judged += whole ? 1 : 0;
  }
  return Judgement::met(judged);
}

Judgement judge_upload_invisible(const View& view, const Claims&) {
  const auto all = uploads_of(view);
  std::uint64_t judged = 0;
  for (const auto& [method, finding] :
       {std::pair{"bus/retrieve", "readable"}, std::pair{"bus/inspect", "shown"}}) {
    for (const Operation* probe : calls_of(view, method)) {
      const Upload* upload = open_upload(all, text_of(params_of(*probe), "transaction_id"), *probe);
      if (upload == nullptr) continue;
      if (probe->ok())
        return violated(finding, "An upload that is not committed is there for all to see.",
                        *upload->open, *probe);
      judged += is_refused(*probe) ? 1 : 0;
    }
  }
  for (const Operation& publish : view.operations(Action::publish)) {
    const auto* own = publish.asked.if_contains("attributes");
    if (own == nullptr || !own->is_object()) continue;
    const std::string dataref = text_of(own->get_object(), "dataref");
    for (const Upload& upload : all) {
      if (!dataref.ends_with(upload.id) || open_upload(all, upload.id, publish) == nullptr)
        continue;
      if (publish.ok())
        return violated("published", "An upload that is not committed was published.", *upload.open,
                        publish);
      judged += is_refused(publish) ? 1 : 0;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_upload_abandoned(const View& view, const Claims& claims) {
  const auto all = uploads_of(view);
  std::uint64_t judged = 0;
  for (const Upload& upload : all) {
    for (const auto* calls : {&upload.statuses, &upload.appends}) {
      for (const Operation* call : *calls) {
        if (is_committed_by(upload, call->answered)) continue;
        const bool over = must_be_over(view, claims, upload, *call);
        if (over && call->ok())
          return violated("still_there",
                          "An upload that was left alone for too long is still open.", *upload.open,
                          *call);
        if (is_gone(*call) && !may_be_over(view, claims, upload, *call))
          return violated("gone_early", "An upload is gone before its time was over.", *upload.open,
                          *call);
        judged += over && is_gone(*call) ? 1 : 0;
      }
    }
  }
  if (auto kept = room_kept(view, claims, all)) return *kept;
  return Judgement::met(judged);
}

Judgement judge_upload_too_large(const View& view, const Claims& claims) {
  const auto most = claims.limit("payload_bytes_max");
  if (!most) return Judgement::inconclusive("the bus declares no largest payload");
  std::uint64_t judged = 0;
  for (const Operation* open : calls_of(view, "bus/upload_open")) {
    const std::int64_t size = number_of(params_of(*open), "datasize");
    const bool beyond = size > *most;
    if (beyond && open->ok())
      return violated("accepted", fmt::format("An upload of {} bytes was opened.", size), *open,
                      *open);
    if (beyond && is_refused(*open) && open->error != "payload_too_large")
      return violated("wrong_refusal",
                      fmt::format("An upload of {} bytes was refused: {}.", size, open->error),
                      *open, *open);
    if (!beyond && open->error == "payload_too_large")
      return violated("refused_within", fmt::format("An upload of {} bytes was too large.", size),
                      *open, *open);
    judged += beyond && is_refused(*open) ? 1 : 0;
  }
  for (const Operation* append : calls_of(view, "bus/upload_append")) {
    const auto& asked = params_of(*append);
    const std::int64_t end = number_of(asked, "offset") + number_of(asked, "size");
    if (end > *most && append->ok())
      return violated("grown", fmt::format("An upload grew to {} bytes.", end), *append, *append);
  }
  return Judgement::met(judged);
}

Judgement judge_upload_shared(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  const auto publishes = view.operations(Action::publish);
  for (const Upload& upload : uploads_of(view)) {
    const auto names = [&](const Operation& publish) {
      const auto* own = publish.asked.if_contains("attributes");
      return publish.ok() && own != nullptr && own->is_object() && !upload.dataref.empty() &&
             text_of(own->get_object(), "dataref") == upload.dataref;
    };
    for (const Operation& removed : view.operations(Action::remove)) {
      const Operation* gone = view.publish_of(removed.message);
      if (!removed.ok() || gone == nullptr || !names(*gone)) continue;
      for (const Operation& left : publishes) {
        const auto removes = view.on_message(Action::remove, left.message);
        if (!names(left) || !removes.empty()) continue;
        const ReadBack read =
            read_back(view, text_of(left.said, "transaction_id"), upload.size, removed.answered);
        if (read.missing != nullptr)
          return violated("missing",
                          fmt::format("One publish of an upload was deleted, and another cannot be "
                                      "read: {}.",
                                      read.missing->error),
                          removed, *read.missing);
        if (read.wrong != nullptr)
          return violated("altered",
                          "One publish of an upload was deleted, and another is not "
                          "what was uploaded.",
                          removed, *read.wrong);
        judged += read.whole ? 1 : 0;
      }
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
