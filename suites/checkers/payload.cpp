#include "suites/checkers/payload.hpp"

#include <fmt/format.h>

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::View;
using history::number_of;
using history::text_of;

Judgement wrong_route(const Operation& publish, const std::string& expected,
                      const std::string& stated, std::size_t where) {
  return Judgement::violated(
      "wrong_route",
      fmt::format("A payload of {} bytes went \"{}\" and should have gone \"{}\".",
                  number_of(publish.asked, "size"), stated, expected),
      {publish.invoke_index, where});
}

/// Whether what came back differs from what was published; by value for JSON.
bool differs(const Operation& publish, const boost::json::object& came) {
  const std::string value = text_of(publish.asked, "json");
  if (!value.empty()) return text_of(came, "json") != value;
  return text_of(came, "digest") != text_of(publish.asked, "digest");
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
    return Judgement::violated(
        "wrong_size",
        fmt::format("The bus states {} bytes for m{}; the payload has {}.", size, publish.message,
                    number_of(truth, "size")),
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
    if (publish.ok() && stated != expected(publish))
      return wrong_route(publish, expected(publish), stated, publish.answer_index);
  }
  std::uint64_t judged = 0;
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr) continue;
    ++judged;
    const std::string route = text_of(delivery.said, "route");
    const bool carries = delivery.said.if_contains("digest") != nullptr;
    const std::string seen = carries && route == "reference" ? "inline, said to be reference"
                             : !carries && route == "inline" ? "without payload, said to be inline"
                                                             : route;
    if (seen != expected(*publish))
      return wrong_route(*publish, expected(*publish), seen, delivery.index);
  }
  return Judgement::met(judged);
}

Judgement judge_retrieved_same(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok()) continue;
    if (retrieve.error == "not_found" || retrieve.error == "expired")
      return Judgement::violated(
          "missing",
          fmt::format("Message m{} was accepted and could not be retrieved: {}.",
                      retrieve.message, retrieve.error),
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

Judgement judge_corruption_found(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const history::Note& mark : view.marks("corrupted")) {
    const Operation* publish = view.publish_of(mark.message);
    if (publish == nullptr) continue;
    for (const Operation& retrieve : view.operations(Action::retrieve)) {
      if (retrieve.message != mark.message || retrieve.invoked < mark.at) continue;
      const bool refused = !retrieve.error.empty() && retrieve.error != "no_answer" &&
                           retrieve.error != "disconnected";
      if (retrieve.ok() && differs(*publish, retrieve.said))
        return Judgement::violated(
            "wrong_bytes",
            fmt::format("Message m{} was damaged in its store and read as good.", mark.message),
            {mark.index, retrieve.answer_index});
      if (retrieve.error == "not_found")
        return Judgement::violated(
            "damage_hidden",
            fmt::format("Message m{} was damaged in its store and then called unknown.",
                        mark.message),
            {mark.index, retrieve.answer_index});
      if (retrieve.ok() || refused) ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
