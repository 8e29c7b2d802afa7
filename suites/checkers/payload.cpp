#include "suites/checkers/payload.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/retrieved.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

Judgement wrong_route(const Operation& publish, const std::string& expected,
                      const std::string& stated, std::size_t where) {
  return Judgement::violated(
      "wrong_route",
      fmt::format("A payload of {} bytes went \"{}\" and should have gone \"{}\".",
                  number_of(publish.asked, "size"), stated, expected),
      {publish.invoke_index, where});
}

/// The size of a JSON value is the bus' own: it routes by bytes that nobody else has counted.
bool has_size(const Operation& publish) { return publish.asked.contains("size"); }

bool was_corrupted(const View& view, const Operation& retrieve) {
  const auto marks = view.marks("corrupted");
  return std::any_of(marks.begin(), marks.end(), [&](const history::Note& mark) {
    return mark.message == retrieve.message && mark.at <= retrieve.answered;
  });
}

/// Answers that own up to damage: the digest's, or the store's own error on reading.
bool names_damage(const Operation& retrieve) {
  return retrieve.error == "digest_mismatch" || retrieve.error == "store_unavailable" ||
         retrieve.error == "internal" || retrieve.error == "internal_error";
}

/// A digest or a size that the bus states and that is not the payload's.
std::optional<Judgement> misstated(const Operation& publish, const boost::json::object& came,
                                   std::size_t where, std::uint64_t& judged) {
  // The bytes of a JSON value are the bus' own: only those that it hands out can be compared.
  const bool by_value = !text_of(publish.asked, "json").empty();
  const boost::json::object& truth = by_value ? came : publish.asked;
  const std::string digest = text_of(truth, "digest");
  const std::string stated = text_of(came, "datadigest");
  if (digest.empty()) return std::nullopt;
  if (!stated.empty()) {
    ++judged;
    if (stated != digest)
      return Judgement::violated(
          "wrong_digest",
          fmt::format("The bus states {} for m{}; SHA-256 of the payload is {}.", stated,
                      publish.message, digest),
          {publish.invoke_index, where});
  }
  const std::int64_t size = number_of(came, "datasize", -1);
  if (size >= 0 && size != number_of(truth, "size"))
    return Judgement::violated("wrong_size",
                               fmt::format("The bus states {} bytes for m{}; the payload has {}.",
                                           size, publish.message, number_of(truth, "size")),
                               {publish.invoke_index, where});
  return std::nullopt;
}

}  // namespace

Judgement judge_routes(const View& view, const contract::Claims& claims) {
  const auto limit = claims.limit("inline_bytes_max");
  if (!limit) return Judgement::unverified("inline_bytes_max is not declared");
  const auto expected = [&](const Operation& publish) {
    return std::string(number_of(publish.asked, "size") <= *limit ? "inline" : "reference");
  };
  for (const Operation& publish : view.operations(Action::publish)) {
    const std::string stated = text_of(publish.said, "route");
    if (publish.ok() && has_size(publish) && stated != expected(publish))
      return wrong_route(publish, expected(publish), stated, publish.answer_index);
  }
  std::uint64_t judged = 0;
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr || !has_size(*publish)) continue;
    ++judged;
    const std::string route = text_of(delivery.said, "route");
    const bool carries = delivery.said.contains("digest") || delivery.said.contains("json") ||
                         delivery.said.contains("unreadable");
    const std::string seen = carries && route == "reference" ? "inline, said to be reference"
                             : !carries && route == "inline" ? "without payload, said to be inline"
                                                             : route;
    if (seen != expected(*publish))
      return wrong_route(*publish, expected(*publish), seen, delivery.index);
  }
  return Judgement::met(judged);
}

Judgement judge_retrieved_same(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok() || was_corrupted(view, retrieve)) continue;
    if (is_missing(retrieve) && !may_be_gone(view, claims, *publish, retrieve))
      return Judgement::violated(
          "missing",
          fmt::format("Message m{} was accepted and could not be retrieved: {}.", retrieve.message,
                      retrieve.error),
          {publish->answer_index, retrieve.answer_index});
    if (!retrieve.ok()) continue;
    ++judged;
    if (differs(*publish, retrieve.said))
      return Judgement::violated(
          "altered",
          fmt::format("Retrieving m{} gave {} bytes that are not those published.",
                      retrieve.message, number_of(retrieve.said, "size")),
          {publish->invoke_index, retrieve.answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_stated_digests(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !retrieve.ok()) continue;
    if (auto wrong = misstated(*publish, retrieve.said, retrieve.answer_index, judged))
      return *wrong;
  }
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr) continue;
    if (auto wrong = misstated(*publish, delivery.said, delivery.index, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_corruption_found(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const history::Note& mark : view.marks("corrupted")) {
    const Operation* publish = view.publish_of(mark.message);
    if (publish == nullptr) continue;
    for (const Operation& retrieve : view.on_message(Action::retrieve, mark.message)) {
      if (retrieve.invoked < mark.at) continue;
      if (retrieve.ok() && differs(*publish, retrieve.said))
        return Judgement::violated(
            "wrong_bytes",
            fmt::format("Message m{} was damaged in its store and read as good.", mark.message),
            {mark.index, retrieve.answer_index});
      const bool hidden = retrieve.error == "not_found" || retrieve.error == "expired";
      if (hidden && !may_be_gone(view, claims, *publish, retrieve))
        return Judgement::violated(
            "damage_hidden",
            fmt::format("Message m{} was damaged in its store and then called {}.", mark.message,
                        retrieve.error),
            {mark.index, retrieve.answer_index});
      if (retrieve.ok() || names_damage(retrieve)) ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
