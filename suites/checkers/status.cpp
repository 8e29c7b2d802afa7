#include "suites/checkers/status.hpp"

#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "suites/checkers/status_walk.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/contract/instant.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;
using models::Statuses;

constexpr std::array<std::pair<std::string_view, Statuses>, 4> kWords = {{
    {"pending", models::kPending},
    {"complete", models::kComplete},
    {"error", models::kError},
    {"expired", models::kExpired},
}};

Statuses bit_of(std::string_view word) {
  for (const auto& [name, bit] : kWords)
    if (name == word) return bit;
  return 0;
}

std::string words_of(Statuses statuses) {
  std::string words;
  for (const auto& [name, bit] : kWords)
    if ((statuses & bit) != 0) words += (words.empty() ? "" : " or ") + std::string(name);
  return words;
}

bool says_gone(const Operation& inspect) {
  return inspect.error == "not_found" || inspect.error == "expired";
}

/// What is wrong with one inspection, if anything is.
std::optional<Judgement> wrong(const Inspected& seen) {
  const Operation& inspect = *seen.inspect;
  if (says_gone(inspect) && !seen.may_be_gone)
    return Judgement::violated(
        "record_missing",
        fmt::format("Message m{} is {} and its record was said to be gone: {}.", inspect.message,
                    words_of(seen.allowed), inspect.error),
        {seen.publish->answer_index, inspect.answer_index});
  if (!inspect.ok()) return std::nullopt;
  const std::string status = text_of(inspect.said, "status");
  if ((bit_of(status) & seen.allowed) != 0) return std::nullopt;
  return Judgement::violated("wrong_status",
                             fmt::format("The status of m{} was given as \"{}\"; it is {}.",
                                         inspect.message, status, words_of(seen.allowed)),
                             {seen.publish->answer_index, inspect.answer_index});
}

/// Inspections of messages that `way` befell last; `target` is the status that it leads to in the
/// end, and only where that was due has the case been put to the test.
Judgement judge_way(const View& view, const contract::Claims& claims, Way way, Statuses target) {
  std::uint64_t judged = 0;
  for (const Inspected& seen : inspections(view, claims)) {
    if (seen.way != way) continue;
    if (auto found = wrong(seen)) return *found;
    const bool told = seen.inspect->ok() || (says_gone(*seen.inspect) && seen.may_be_gone);
    if (told && (seen.allowed & target) != 0 && (seen.allowed == target || way == Way::expired))
      ++judged;
  }
  return Judgement::met(judged);
}

/// The first field, the accessed time apart, that tells two inspections of one message apart.
std::string changed_field(const Operation& before, const Operation& after) {
  for (const char* name : {"route", "datadigest"})
    if (text_of(before.said, name) != text_of(after.said, name)) return name;
  if (number_of(before.said, "datasize", -1) != number_of(after.said, "datasize", -1))
    return "datasize";
  for (const char* name : {"created_at", "expires_at"}) {
    const auto first = contract::instant_from(text_of(before.said, name));
    const auto second = contract::instant_from(text_of(after.said, name));
    if (first && second && *first != *second) return name;
  }
  return {};
}

/// When the message was read for the first and the last time within (from, to); nothing where it
/// was not.
struct Reads {
  const Operation* last = nullptr;
  Time previous{};  ///< When the last read before that one was answered.
};

Reads reads_between(const View& view, std::uint32_t message, Time from, Time to) {
  Reads found;
  for (const Operation& read : view.on_message(Action::retrieve, message)) {
    if (!read.ok()) continue;
    if (read.invoked > from && read.answered < to) found.last = &read;
    if (read.answered <= from) found.previous = read.answered;
  }
  return found;
}

std::optional<Judgement> accessed_wrong(const contract::Claims& claims, const Operation& before,
                                        const Operation& after, const Reads& reads) {
  const auto first = contract::instant_from(text_of(before.said, "accessed_at"));
  const auto second = contract::instant_from(text_of(after.said, "accessed_at"));
  if (!first) return std::nullopt;
  const std::vector<std::size_t> events = {before.answer_index, reads.last->answer_index,
                                           after.answer_index};
  if (!second || *second < *first)
    return Judgement::violated(
        "accessed_backwards",
        fmt::format("The accessed time of m{} was {} and, after a read, \"{}\".", after.message,
                    text_of(before.said, "accessed_at"), text_of(after.said, "accessed_at")),
        events);
  // Times may be told in whole seconds.
  const Time apart = std::chrono::seconds(1) + granularity(claims);
  if (reads.previous > Time::zero() && reads.last->invoked > reads.previous + apart &&
      reads.last->invoked > before.answered && *second == *first)
    return Judgement::violated(
        "accessed_stuck",
        fmt::format("m{} was read again {:.0f} ms after the last time, and its accessed time "
                    "stayed {}.",
                    after.message, millis(reads.last->invoked - reads.previous),
                    text_of(after.said, "accessed_at")),
        events);
  return std::nullopt;
}

}  // namespace

Judgement judge_status_accepted(const View& view, const contract::Claims& claims) {
  return judge_way(view, claims, Way::accepted, models::kPending);
}
Judgement judge_status_settled(const View& view, const contract::Claims& claims) {
  return judge_way(view, claims, Way::settled, models::kComplete);
}
Judgement judge_status_dead(const View& view, const contract::Claims& claims) {
  return judge_way(view, claims, Way::dead, models::kError);
}
Judgement judge_status_redriven(const View& view, const contract::Claims& claims) {
  return judge_way(view, claims, Way::redriven, models::kPending);
}
Judgement judge_status_purged(const View& view, const contract::Claims& claims) {
  return judge_way(view, claims, Way::purged, models::kComplete);
}
Judgement judge_status_corrupt(const View& view, const contract::Claims& claims) {
  return judge_way(view, claims, Way::corrupt, models::kError);
}
Judgement judge_status_expired(const View& view, const contract::Claims& claims) {
  if (!claims.limit("ttl_grace_ms")) return Judgement::unverified("ttl_grace_ms is not declared");
  return judge_way(view, claims, Way::expired, models::kExpired);
}

Judgement judge_status(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Inspected& seen : inspections(view, claims)) {
    if (auto found = wrong(seen)) return *found;
    if (seen.inspect->ok()) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_reading(const View& view, const contract::Claims& claims) {
  std::map<std::uint32_t, Inspected> before;
  std::uint64_t judged = 0;
  for (const Inspected& seen : inspections(view, claims)) {
    const Operation& after = *seen.inspect;
    const auto last = before.find(after.message);
    const bool still = last != before.end() && last->second.quiet && seen.quiet &&
                       last->second.changes == seen.changes && last->second.way == seen.way &&
                       last->second.inspect->ok() && after.ok();
    if (still) {
      const Operation& first = *last->second.inspect;
      const Reads reads = reads_between(view, after.message, first.answered, after.invoked);
      if (reads.last != nullptr) {
        ++judged;
        const std::vector<std::size_t> events = {first.answer_index, reads.last->answer_index,
                                                 after.answer_index};
        if (text_of(first.said, "status") != text_of(after.said, "status"))
          return Judgement::violated(
              "reading_changed_status",
              fmt::format("m{} was {}, was read, and was {}.", after.message,
                          text_of(first.said, "status"), text_of(after.said, "status")),
              events);
        if (const std::string field = changed_field(first, after); !field.empty())
          return Judgement::violated(
              "reading_changed_record",
              fmt::format("Reading m{} changed its {}.", after.message, field), events);
        if (auto found = accessed_wrong(claims, first, after, reads)) return *found;
      }
    }
    before.insert_or_assign(after.message, seen);
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
