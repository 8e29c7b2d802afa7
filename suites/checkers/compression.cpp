#include "suites/checkers/compression.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

constexpr std::int64_t kKilobyte = 1024;

bool marked(const View& view, const char* name, std::uint32_t message) {
  const auto marks = view.marks(name);
  return std::any_of(marks.begin(), marks.end(),
                     [&](const Note& mark) { return mark.message == message; });
}

/// A stored payload that could not be had again, or not as it was; nothing where it could, or where
/// the answer says nothing of it.
std::optional<Judgement> not_returned(const View& view, const contract::Claims& claims,
                                      const Operation& publish, const Operation& retrieve,
                                      std::uint64_t& judged) {
  const bool gone = retrieve.error == "not_found" || retrieve.error == "expired";
  const bool broken = retrieve.error == "digest_mismatch" || retrieve.error == "internal" ||
                      retrieve.error == "internal_error" || retrieve.error == "not_supported";
  if (broken || (gone && !may_be_gone(view, claims, publish, retrieve)))
    return Judgement::violated(
        "unreadable",
        fmt::format("m{} was accepted, and reading it gave {}.", publish.message, retrieve.error),
        {publish.answer_index, retrieve.answer_index});
  if (!retrieve.ok()) return std::nullopt;
  ++judged;
  const std::string value = text_of(publish.asked, "json");
  const bool same = value.empty()
                        ? text_of(retrieve.said, "digest") == text_of(publish.asked, "digest")
                        : text_of(retrieve.said, "json") == value;
  if (same) return std::nullopt;
  return Judgement::violated("altered",
                             fmt::format("Reading m{} gave {} bytes that are not those published.",
                                         publish.message, number_of(retrieve.said, "size")),
                             {publish.invoke_index, retrieve.answer_index});
}

Judgement round_trip(const View& view, const contract::Claims& claims, std::string_view algorithm) {
  std::uint64_t judged = 0;
  for (const Operation& inspect : view.operations(Action::inspect)) {
    const Operation* publish = view.publish_of(inspect.message);
    if (publish == nullptr || !inspect.ok() || !publish->ok()) continue;
    if (text_of(inspect.said, "compression") != algorithm) continue;
    for (const Operation& retrieve : view.on_message(Action::retrieve, inspect.message)) {
      if (auto wrong = not_returned(view, claims, *publish, retrieve, judged)) return *wrong;
    }
  }
  return Judgement::met(judged);
}

/// Inline payloads are the queue's, and need not be compressed.
bool goes_to_the_store(const contract::Claims& claims, const Operation& publish) {
  return !claims.has("routing") || text_of(publish.said, "route") == "reference";
}

}  // namespace

Judgement judge_gzip_round_trip(const View& view, const contract::Claims& claims) {
  return round_trip(view, claims, "gzip");
}

Judgement judge_zstd_round_trip(const View& view, const contract::Claims& claims) {
  return round_trip(view, claims, "zstd");
}

Judgement judge_compression_pays(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& inspect : view.operations(Action::inspect)) {
    const Operation* publish = view.publish_of(inspect.message);
    if (publish == nullptr || !inspect.ok() || !inspect.said.contains("stored_bytes")) continue;
    if (!marked(view, "compressible", inspect.message) || !goes_to_the_store(claims, *publish))
      continue;
    const std::int64_t size = number_of(publish->asked, "size");
    const std::int64_t stored = number_of(inspect.said, "stored_bytes");
    ++judged;
    if (stored >= size)
      return Judgement::violated(
          "saves_nothing",
          fmt::format("m{} has {} compressible bytes and takes {}.", inspect.message, size, stored),
          {publish->invoke_index, inspect.answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_compression_is_cheap(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& inspect : view.operations(Action::inspect)) {
    const Operation* publish = view.publish_of(inspect.message);
    if (publish == nullptr || !inspect.ok() || !inspect.said.contains("stored_bytes")) continue;
    if (!marked(view, "incompressible", inspect.message)) continue;
    const std::int64_t size = number_of(publish->asked, "size");
    const std::int64_t stored = number_of(inspect.said, "stored_bytes");
    const std::int64_t chunks = std::max<std::int64_t>(1, number_of(inspect.said, "chunks", 1));
    ++judged;
    if (stored > size + size / 100 + kKilobyte * chunks)
      return Judgement::violated(
          "costs_too_much",
          fmt::format("m{} has {} incompressible bytes and takes {} in {} chunks.", inspect.message,
                      size, stored, chunks),
          {publish->invoke_index, inspect.answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_readable_under_another(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto starts = view.marks("started");
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok()) continue;
    const bool other = std::any_of(starts.begin(), starts.end(), [&](const Note& start) {
      return publish->answered < start.at && start.at < retrieve.invoked &&
             !text_of(start.said, "variant").empty();
    });
    if (!other) continue;
    if (auto wrong = not_returned(view, claims, *publish, retrieve, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_stored_size(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& inspect : view.operations(Action::inspect)) {
    const Operation* publish = view.publish_of(inspect.message);
    if (publish == nullptr || !inspect.ok() || !marked(view, "incompressible", inspect.message))
      continue;
    const auto* stored = inspect.said.if_contains("stored_bytes");
    if (stored == nullptr || !stored->is_number())
      return Judgement::violated(
          "not_stated", fmt::format("bus/inspect does not say what m{} takes.", inspect.message),
          {publish->invoke_index, inspect.answer_index});
    const std::int64_t size = number_of(publish->asked, "size");
    const std::int64_t said = number_of(inspect.said, "stored_bytes");
    ++judged;
    // Random bytes can be written in no fewer; 1 % is for chance.
    if (said < size - size / 100)
      return Judgement::violated(
          "too_small",
          fmt::format("m{} has {} random bytes and is said to take {}: nothing could write them "
                      "in so few.",
                      inspect.message, size, said),
          {publish->invoke_index, inspect.answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_gzip_instead(const View& view, const contract::Claims&) {
  const auto starts = view.marks("started");
  std::uint64_t judged = 0;
  for (const Operation& inspect : view.operations(Action::inspect)) {
    const Operation* publish = view.publish_of(inspect.message);
    if (publish == nullptr || !inspect.ok() || !marked(view, "compressible", inspect.message))
      continue;
    const bool without = std::any_of(starts.begin(), starts.end(), [&](const Note& start) {
      return start.at < publish->invoked &&
             text_of(start.said, "variant") == "compression.without_zstd";
    });
    if (!without) continue;
    ++judged;
    const std::string shown = text_of(inspect.said, "compression");
    if (shown != "gzip")
      return Judgement::violated(
          "not_gzip",
          fmt::format("Without zstd m{} is shown as stored with \"{}\".", inspect.message, shown),
          {publish->answer_index, inspect.answer_index});
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
