#include "suites/checkers/integrity.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/payload.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

constexpr std::int64_t kMegabyte = 1'048'576;
constexpr std::int64_t kBesides = 96 * kMegabyte;

bool one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// When a message was first damaged; history::kNever where it never was.
history::Time damaged_at(const View& view, std::uint32_t message) {
  for (const Note& mark : view.marks("corrupted"))
    if (mark.message == message) return mark.at;
  return history::kNever;
}

/// A read begun after the damage, answered with digest_mismatch.
bool found_damage(const View& view, const Operation& retrieve) {
  return retrieve.error == "digest_mismatch" &&
         retrieve.invoked > damaged_at(view, retrieve.message);
}

/// A size that was stated and is not the payload's. The bytes of a JSON value are the bus' own:
/// only those that it hands out can be counted.
std::optional<Judgement> missized(const Operation& publish, const boost::json::object& came,
                                  std::size_t where, std::uint64_t& judged) {
  const bool by_value = !text_of(publish.asked, "json").empty();
  const boost::json::object& truth = by_value ? came : publish.asked;
  const std::int64_t stated = number_of(came, "datasize", -1);
  if (stated < 0 || !truth.contains("size")) return std::nullopt;
  ++judged;
  if (stated == number_of(truth, "size")) return std::nullopt;
  return Judgement::violated("wrong_size",
                             fmt::format("The bus states {} bytes for m{}; the payload has {}.",
                                         stated, publish.message, number_of(truth, "size")),
                             {publish.invoke_index, where});
}

/// The publish that followed a mark.
const Operation* next_publish(const View& view, const Note& mark) {
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.invoke_index > mark.index) return &publish;
  return nullptr;
}

const Delivery* delivery_of(const View& view, std::uint32_t message) {
  for (const Delivery& delivery : view.deliveries())
    if (delivery.message == message) return &delivery;
  return nullptr;
}

/// Whether a fence published after `publish` was refused came to some group of its destination.
bool fenced(const View& view, const Operation& publish) {
  for (const auto& [group, came] : deliveries_by_group(view))
    if (group.first == publish.destination &&
        fence_published_after(view, came, publish.destination, publish.answered) != nullptr)
      return true;
  return false;
}

/// The requests for the payload of a message that had been damaged by then.
std::vector<const Operation*> damage_read(const View& view) {
  std::vector<const Operation*> found;
  for (const Operation& retrieve : view.operations(Action::retrieve))
    if (retrieve.invoked > damaged_at(view, retrieve.message)) found.push_back(&retrieve);
  return found;
}

/// When a request last succeeded.
history::Time last_success(const View& view) {
  history::Time last{};
  for (const Action action : {Action::hello, Action::retrieve, Action::inspect, Action::publish})
    for (const Operation& asked : view.operations(action))
      if (asked.ok()) last = std::max(last, asked.answered);
  return last;
}

/// The corrupt payloads that an answer of bus/stats counts, or nothing.
std::optional<std::int64_t> corrupt_in(const Operation& call) {
  if (text_of(call.asked, "method") != "bus/stats" || !call.ok()) return std::nullopt;
  const auto* payloads = call.said.if_contains("payloads");
  if (payloads == nullptr || !payloads->is_object()) return std::nullopt;
  if (!payloads->get_object().contains("corrupt")) return std::nullopt;
  return number_of(payloads->get_object(), "corrupt");
}

std::string cause_in(const boost::json::object& inspection) {
  const auto* error = inspection.if_contains("error");
  if (error == nullptr || error->is_null()) return {};
  if (error->is_string()) return std::string(error->get_string());
  return error->is_object() && !error->get_object().empty() ? "an object" : "";
}

}  // namespace

Judgement judge_stated_sizes(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Action action : {Action::retrieve, Action::inspect}) {
    for (const Operation& asked : view.operations(action)) {
      const Operation* publish = view.publish_of(asked.message);
      if (publish == nullptr || !asked.ok()) continue;
      if (auto wrong = missized(*publish, asked.said, asked.answer_index, judged)) return *wrong;
    }
  }
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr) continue;
    if (auto wrong = missized(*publish, delivery.said, delivery.index, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_senders_own(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const char* name : {"own_digest_wrong", "own_size_wrong"}) {
    for (const Note& mark : view.marks(name)) {
      const Operation* publish = next_publish(view, mark);
      if (publish == nullptr) continue;
      if (publish->ok())
        return Judgement::violated(
            "accepted",
            fmt::format("m{} was accepted though its own {} is wrong.", publish->message,
                        std::string_view(name) == "own_size_wrong" ? "datasize" : "datadigest"),
            {mark.index, publish->answer_index});
      if (publish->outcome != history::Phase::fail) continue;
      if (const Delivery* came = delivery_of(view, publish->message); came != nullptr)
        return Judgement::violated("delivered",
                                   fmt::format("m{} was refused ({}) and delivered all the same.",
                                               publish->message, publish->error),
                                   {publish->answer_index, came->index});
      if (one_of(publish->error, {"digest_mismatch", "invalid_argument"}) && fenced(view, *publish))
        ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_senders_right(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Note& mark : view.marks("own_right")) {
    const Operation* publish = next_publish(view, mark);
    if (publish == nullptr) continue;
    if (one_of(publish->error, {"digest_mismatch", "invalid_argument"}))
      return Judgement::violated(
          "refused",
          fmt::format("m{} was refused ({}) though its own datasize and datadigest are right.",
                      publish->message, publish->error),
          {mark.index, publish->answer_index});
    if (publish->ok()) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_wrong_digest_found(const View& view, const contract::Claims& claims) {
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !retrieve.ok()) continue;
    if (retrieve.invoked < damaged_at(view, retrieve.message)) continue;
    const std::string stated = text_of(retrieve.said, "datadigest");
    const std::string truth = text_of(publish->asked, "digest");
    if (!stated.empty() && !truth.empty() && stated != truth)
      return Judgement::violated(
          "wrong_digest",
          fmt::format("After its stored digest was damaged m{} was given with {}; SHA-256 of the "
                      "payload is {}.",
                      retrieve.message, stated, truth),
          {publish->invoke_index, retrieve.answer_index});
  }
  return judge_corruption_found(view, claims);
}

Judgement judge_others_readable(const View& view, const contract::Claims& claims) {
  history::Time first = history::kNever;
  for (const Note& mark : view.marks("corrupted")) first = std::min(first, mark.at);
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    const bool intact = damaged_at(view, retrieve.message) == history::kNever;
    if (publish == nullptr || !publish->ok() || !intact || retrieve.invoked < first) continue;
    const bool missing = one_of(retrieve.error, {"not_found", "expired"});
    if (missing && may_be_gone(view, claims, *publish, retrieve)) continue;
    if (missing || one_of(retrieve.error, {"digest_mismatch", "internal", "internal_error"}))
      return Judgement::violated(
          "other_unreadable",
          fmt::format("m{} was left alone, and reading it after another was damaged gave {}.",
                      retrieve.message, retrieve.error),
          {publish->answer_index, retrieve.answer_index});
    if (!retrieve.ok()) continue;
    ++judged;
    const std::string value = text_of(publish->asked, "json");
    const bool same = value.empty()
                          ? text_of(retrieve.said, "digest") == text_of(publish->asked, "digest")
                          : text_of(retrieve.said, "json") == value;
    if (!same)
      return Judgement::violated(
          "other_altered",
          fmt::format("m{} was left alone, and reading it after another was damaged gave {} bytes "
                      "that are not those published.",
                      retrieve.message, number_of(retrieve.said, "size")),
          {publish->invoke_index, retrieve.answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_stays_up(const View& view, const contract::Claims&) {
  const auto reads = damage_read(view);
  if (reads.empty()) return Judgement::met(0);
  history::Time first = history::kNever;
  for (const Operation* read : reads) first = std::min(first, read->invoked);
  const history::Time last_answer = last_success(view);
  for (const Action action : {Action::retrieve, Action::call, Action::inspect, Action::publish}) {
    for (const Operation& asked : view.operations(action)) {
      const bool cut = asked.error == "disconnected" && asked.answered > first;
      if (!cut || last_answer > asked.answered) continue;
      const auto notes = view.notes();
      const auto ended = std::find_if(notes.begin(), notes.end(), [&](const Note& note) {
        return note.action == Action::disconnected && note.session == asked.session &&
               text_of(note.said, "by") == "bus";
      });
      if (ended == notes.end()) continue;
      return Judgement::violated("went_away",
                                 "The connection ended after damaged payloads had been asked for, "
                                 "and nothing was answered any more.",
                                 {reads.front()->invoke_index, asked.invoke_index, ended->index});
    }
  }
  return Judgement::met(static_cast<std::uint64_t>(
      std::count_if(reads.begin(), reads.end(), [&](const Operation* read) {
        return read->outcome != history::Phase::info && read->answered < last_answer;
      })));
}

Judgement judge_damage_status(const View& view, const contract::Claims& claims) {
  const auto settle = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    if (!found_damage(view, retrieve)) continue;
    const Operation* shown = nullptr;  // The first that must show it.
    for (const Operation& inspect : view.operations(Action::inspect)) {
      if (inspect.message != retrieve.message || !inspect.ok() || shown != nullptr) continue;
      const auto due =
          retrieve.answered + settle + own_delay(view, retrieve.answered, inspect.invoked);
      if (inspect.invoked >= due || text_of(inspect.said, "status") == "error") shown = &inspect;
    }
    if (shown == nullptr) continue;
    const std::string status = text_of(shown->said, "status");
    if (status == "expired") continue;
    ++judged;
    if (status != "error")
      return Judgement::violated(
          "status_not_error",
          fmt::format("Reading m{} gave digest_mismatch, and its status is {}.", retrieve.message,
                      status),
          {retrieve.answer_index, shown->answer_index});
    if (cause_in(shown->said).empty())
      return Judgement::violated(
          "no_cause",
          fmt::format("The status of the damaged m{} is error, and no cause is named.",
                      retrieve.message),
          {retrieve.answer_index, shown->answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_damage_counted(const View& view, const contract::Claims& claims) {
  const auto settle = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  const Operation* before = nullptr;
  const Operation* after = nullptr;
  for (const Operation& call : view.operations(Action::call)) {
    if (!corrupt_in(call)) continue;
    if (before == nullptr) before = &call;
    after = &call;
  }
  if (before == nullptr || after == before)
    return Judgement::inconclusive("bus/stats did not tell twice how many payloads are corrupt");
  std::set<std::uint32_t> found;
  std::vector<std::size_t> events{before->answer_index};
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    if (!found_damage(view, retrieve) || retrieve.invoked < before->answered) continue;
    const auto due =
        retrieve.answered + settle + own_delay(view, retrieve.answered, after->invoked);
    const bool first = after->invoked >= due && found.insert(retrieve.message).second;
    if (first) events.push_back(retrieve.answer_index);
  }
  const auto counted = *corrupt_in(*after) - *corrupt_in(*before);
  events.push_back(after->answer_index);
  if (counted < static_cast<std::int64_t>(found.size()))
    return Judgement::violated(
        "not_counted",
        fmt::format("{} damaged payloads were found, and bus/stats counts {} more than before.",
                    found.size(), counted),
        events);
  return Judgement::met(found.size());
}

Judgement judge_memory_bounded(const View& view, const contract::Claims&) {
  const auto marks = view.marks("memory");
  std::uint64_t judged = 0;
  for (std::size_t i = 1; i < marks.size(); ++i) {
    const Note& from = marks[i - 1];
    const Note& to = marks[i];
    std::int64_t declared = 0;
    std::uint64_t reads = 0;
    for (const Operation& retrieve : view.operations(Action::retrieve)) {
      const bool within = retrieve.invoked > from.at && retrieve.answered < to.at;
      if (!within || retrieve.invoked < damaged_at(view, retrieve.message)) continue;
      const Operation* publish = view.publish_of(retrieve.message);
      if (publish != nullptr) declared += number_of(publish->asked, "size");
      ++reads;
    }
    if (reads > 0 && to.amount - from.amount > declared + kBesides)
      return Judgement::violated(
          "unbounded",
          fmt::format("Reading {} damaged payloads of {} bytes in all took {} MiB more memory.",
                      reads, declared, (to.amount - from.amount) / kMegabyte),
          {from.index, to.index});
    judged += reads;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
