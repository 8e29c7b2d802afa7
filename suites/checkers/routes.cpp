#include "suites/checkers/routes.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/lease.hpp"
#include "suites/checkers/order.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/priority.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/checkers/ttl.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using contract::Verdict;
using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// Which way a payload must go by its size; nothing where the bus alone counts its bytes.
enum class Way : std::uint8_t { inlined, reference };

std::optional<Way> way_of(const Operation& publish, std::int64_t limit) {
  const std::int64_t size = number_of(publish.asked, "size", -1);
  if (size < 0) return std::nullopt;
  return size <= limit ? Way::inlined : Way::reference;
}

bool carries_payload(const Delivery& delivery) {
  return delivery.said.contains("digest") || delivery.said.contains("json") ||
         delivery.said.contains("unreadable");
}

Judgement undeclared() { return Judgement::unverified("inline_bytes_max is not declared"); }

/// Calls `each(publish, delivery)` for every delivery of a payload that must go that way, until it
/// gives a judgement.
template <typename Each>
Judgement for_each_delivery(const View& view, const Claims& claims, Way way, Each each) {
  const auto limit = claims.limit("inline_bytes_max");
  if (!limit) return undeclared();
  std::uint64_t judged = 0;
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr || way_of(*publish, *limit) != way) continue;
    ++judged;
    if (std::optional<Judgement> wrong = each(*publish, delivery)) return *wrong;
  }
  return Judgement::met(judged);
}

/// Certain answers that the payload cannot be had.
bool is_missing(const Operation& retrieve) {
  constexpr std::array<std::string_view, 4> kMissing = {"not_found", "expired", "digest_mismatch",
                                                        "invalid_argument"};
  return std::find(kMissing.begin(), kMissing.end(), retrieve.error) != kMissing.end();
}

/// What is wrong with that retrieve, or nothing; counts it where it shows the payload.
std::optional<Judgement> unretrievable(const View& view, const Claims& claims,
                                       const Operation& publish, const Operation& retrieve,
                                       std::uint64_t& judged) {
  if (is_missing(retrieve) && !may_be_gone(view, claims, publish, retrieve))
    return Judgement::violated(
        "missing",
        fmt::format("Message m{} of {} bytes was accepted and could not be retrieved: {}.",
                    publish.message, number_of(publish.asked, "size"), retrieve.error),
        {publish.answer_index, retrieve.answer_index});
  if (!retrieve.ok()) return std::nullopt;
  ++judged;
  if (text_of(retrieve.said, "digest") == text_of(publish.asked, "digest")) return std::nullopt;
  return Judgement::violated(
      "altered",
      fmt::format("Retrieving m{} gave other bytes than were published.", publish.message),
      {publish.invoke_index, retrieve.answer_index});
}

/// Judges the retrieves that `wanted` names, of accepted payloads that must go that way.
template <typename Wanted>
Judgement judge_retrieves(const View& view, const Claims& claims, Way way, Wanted wanted) {
  const auto limit = claims.limit("inline_bytes_max");
  if (!limit) return undeclared();
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !publish->ok() || way_of(*publish, *limit) != way ||
        !wanted(retrieve))
      continue;
    if (auto wrong = unretrievable(view, claims, *publish, retrieve, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

/// Whether payloads of both ways were accepted; without them nothing is said of a difference.
bool both_ways(const View& view) {
  std::set<std::string> ways;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok()) ways.insert(text_of(publish.said, "route"));
  return ways.contains("inline") && ways.contains("reference");
}

Judgement of_both_ways(const View& view, Judgement judgement) {
  if (judgement.verdict() == Verdict::met && !both_ways(view))
    return Judgement::inconclusive("not both ways occurred");
  return judgement;
}

/// The first that is violated; else the first that is not met; else both.
Judgement both(const Judgement& one, const Judgement& other) {
  for (const Judgement& judgement : {one, other})
    if (judgement.verdict() == Verdict::violated) return judgement;
  for (const Judgement& judgement : {one, other})
    if (judgement.verdict() != Verdict::met) return judgement;
  return Judgement::met(one.judged() + other.judged());
}

/// What a bus/dead_letters listed, by message; nothing where it was one page of several.
std::optional<std::set<std::uint32_t>> listed(const Operation& call) {
  if (!text_of(call.said, "cursor").empty()) return std::nullopt;
  std::set<std::uint32_t> messages;
  const auto* all = call.said.if_contains("messages");
  if (all == nullptr || !all->is_array()) return messages;
  for (const auto& item : all->get_array())
    if (item.is_object())
      messages.insert(static_cast<std::uint32_t>(number_of(item.get_object(), "message")));
  return messages;
}

/// Whether something may have taken the message off the dead letters, or out of the queue.
bool may_have_left(const View& view, const Operation& publish) {
  if (publish.asked.contains("ttl_ms")) return true;
  if (!view.on_message(Action::remove, publish.message).empty()) return true;
  for (const Operation& call : view.operations(Action::call))
    if (const auto method = text_of(call.asked, "method");
        method == "bus/redrive" || method == "bus/purge")
      return true;
  return false;
}

}  // namespace

Judgement judge_inline_delivered(const View& view, const Claims& claims) {
  return for_each_delivery(
      view, claims, Way::inlined,
      [](const Operation& publish, const Delivery& delivery) -> std::optional<Judgement> {
        const std::string route = text_of(delivery.said, "route");
        if (route == "inline" && carries_payload(delivery)) return std::nullopt;
        return Judgement::violated(
            "wrong_route",
            fmt::format("A payload of {} bytes, not above the limit, came as \"{}\"{}.",
                        number_of(publish.asked, "size"), route,
                        carries_payload(delivery) ? "" : " without its bytes"),
            {publish.invoke_index, delivery.index});
      });
}

Judgement judge_inline_retrievable(const View& view, const Claims& claims) {
  return judge_retrieves(view, claims, Way::inlined, [&](const Operation& retrieve) {
    return first_delivery(view, retrieve.message, retrieve.invoked) != nullptr;
  });
}

Judgement judge_reference_retrievable(const View& view, const Claims& claims) {
  return judge_retrieves(view, claims, Way::reference, [&](const Operation& retrieve) {
    return first_delivery(view, retrieve.message, retrieve.invoked) != nullptr;
  });
}

Judgement judge_reference_stated(const View& view, const Claims& claims) {
  return for_each_delivery(
      view, claims, Way::reference,
      [](const Operation& publish, const Delivery& delivery) -> std::optional<Judgement> {
        const auto wrong = [&](std::string finding, const std::string& says) {
          return Judgement::violated(std::move(finding), says,
                                     {publish.invoke_index, delivery.index});
        };
        const std::string route = text_of(delivery.said, "route");
        if (route != "reference" || !delivery.said.contains("dataref"))
          return wrong("wrong_route",
                       fmt::format("A payload of {} bytes, above the limit, came as \"{}\"{}.",
                                   number_of(publish.asked, "size"), route,
                                   delivery.said.contains("dataref") ? "" : " without a dataref"));
        const std::string id = text_of(publish.said, "transaction_id");
        if (publish.ok() && text_of(delivery.said, "tx") != id)
          return wrong("wrong_id",
                       fmt::format("The delivery names \"{}\"; publish answered \"{}\".",
                                   text_of(delivery.said, "tx"), id));
        if (number_of(delivery.said, "datasize", -1) != number_of(publish.asked, "size"))
          return wrong("wrong_size", fmt::format("The delivery states {} bytes; there are {}.",
                                                 number_of(delivery.said, "datasize", -1),
                                                 number_of(publish.asked, "size")));
        if (text_of(delivery.said, "datadigest") != text_of(publish.asked, "digest"))
          return wrong(
              "wrong_digest",
              fmt::format("The delivery states the digest \"{}\"; it is {}.",
                          text_of(delivery.said, "datadigest"), text_of(publish.asked, "digest")));
        return std::nullopt;
      });
}

Judgement judge_reference_bare(const View& view, const Claims& claims) {
  return for_each_delivery(
      view, claims, Way::reference,
      [](const Operation& publish, const Delivery& delivery) -> std::optional<Judgement> {
        if (!carries_payload(delivery)) return std::nullopt;
        return Judgement::violated(
            "carries_payload",
            fmt::format("Message m{} of {} bytes came with data beside its reference.",
                        publish.message, number_of(publish.asked, "size")),
            {publish.invoke_index, delivery.index});
      });
}

const Delivery* first_delivery(const View& view, std::uint32_t message, Time until) {
  for (const Delivery& delivery : view.deliveries())
    if (delivery.message == message && delivery.at < until) return &delivery;
  return nullptr;
}

Judgement judge_reference_retrieves_of(
    const View& view, const Claims& claims,
    const std::function<bool(const Operation& retrieve)>& wanted) {
  return judge_retrieves(view, claims, Way::reference, wanted);
}

Judgement judge_retrievable_elsewhere(const View& view, const Claims& claims) {
  std::set<std::uint32_t> seen;
  return judge_retrieves(view, claims, Way::reference, [&](const Operation& retrieve) {
    if (!seen.insert(retrieve.message).second) return false;  // No longer the first.
    const Delivery* delivery = first_delivery(view, retrieve.message, retrieve.invoked);
    return delivery != nullptr && delivery->session != retrieve.session;
  });
}

Judgement judge_same_way(const View& view, const Claims&) {
  std::map<std::int64_t, const Operation*> first;
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    const std::int64_t size = number_of(publish.asked, "size", -1);
    const std::string route = text_of(publish.said, "route");
    if (!publish.ok() || size < 0) continue;
    const auto [other, fresh] = first.try_emplace(size, &publish);
    if (fresh) continue;
    ++judged;
    if (route != text_of(other->second->said, "route"))
      return Judgement::violated("different_ways",
                                 fmt::format("Two payloads of {} bytes went \"{}\" and \"{}\".",
                                             size, text_of(other->second->said, "route"), route),
                                 {other->second->invoke_index, other->second->answer_index,
                                  publish.invoke_index, publish.answer_index});
  }
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr || !publish->ok() || !publish->asked.contains("size")) continue;
    const std::string stated = text_of(publish->said, "route");
    const std::string taken = carries_payload(delivery) ? "inline" : "reference";
    if (taken != stated)
      return Judgement::violated("different_ways",
                                 fmt::format("Message m{} was said to go \"{}\" and came \"{}\".",
                                             publish->message, stated, taken),
                                 {publish->answer_index, delivery.index});
  }
  return Judgement::met(judged);
}

Judgement judge_mixed_order(const View& view, const Claims& claims) {
  if (claims.ordering() == "per_destination") {
    Judgement across = judge_order_of_destination(view, claims);
    if (across.verdict() == Verdict::violated) return across;
  }
  return of_both_ways(view, judge_order_of_publisher(view, claims));
}

Judgement judge_mixed_priority(const View& view, const Claims& claims) {
  return of_both_ways(view, judge_higher_first(view, claims));
}

Judgement judge_mixed_lease(const View& view, const Claims& claims) {
  return of_both_ways(view, both(judge_not_early(view, claims), judge_not_late(view, claims)));
}

Judgement judge_mixed_expiry(const View& view, const Claims& claims) {
  return of_both_ways(view, judge_not_readable_late(view, claims));
}

Judgement judge_mixed_dead_letters(const View& view, const Claims& claims) {
  const Time settles = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  std::uint64_t judged = 0;
  for (const Operation& reject : view.operations(Action::reject)) {
    const Operation* publish = view.publish_of(reject.message);
    if (!reject.ok() || reject.amount != 0 || publish == nullptr || may_have_left(view, *publish))
      continue;
    for (const Operation& call : view.operations(Action::call)) {
      if (!call.ok() || text_of(call.asked, "method") != "bus/dead_letters" ||
          call.destination != 0 || call.invoked < reject.answered)
        continue;
      const auto* params = call.asked.if_contains("params");
      if (params == nullptr || !params->is_object() ||
          text_of(params->get_object(), "destination") !=
              view.history().text(publish->destination) ||
          params->get_object().contains("cursor"))
        continue;
      const auto messages = listed(call);
      if (!messages) continue;
      if (messages->contains(publish->message)) {
        ++judged;
      } else if (call.invoked >
                 reject.answered + settles + own_delay(view, reject.answered, call.answered)) {
        return Judgement::violated(
            "not_listed",
            fmt::format("Message m{} went \"{}\", was rejected for good and is no dead letter.",
                        publish->message, text_of(publish->said, "route")),
            {publish->answer_index, reject.answer_index, call.answer_index});
      }
    }
  }
  return of_both_ways(view, Judgement::met(judged));
}

Judgement judge_mixed_counts(const View& view, const Claims& claims) {
  const Time settles = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  std::uint64_t judged = 0;
  for (const Operation& pending : view.operations(Action::pending)) {
    if (!pending.ok()) continue;
    std::int64_t accepted = 0;
    Time last{};
    bool sure = true;
    const Operation* newest = nullptr;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (publish.destination != pending.destination || publish.outcome == Phase::fail) continue;
      sure = sure && publish.ok() && publish.answered < pending.invoked &&
             !may_have_left(view, publish);
      ++accepted;
      last = std::max(last, publish.answered);
      newest = &publish;
    }
    const auto all = view.operations(Action::subscribe);
    const bool taken = std::any_of(all.begin(), all.end(), [&](const Operation& subscribe) {
      return subscribe.destination == pending.destination && subscribe.invoked < pending.answered;
    });
    if (!sure || taken || newest == nullptr) continue;
    const std::int64_t ready = number_of(pending.said, "ready", -1);
    if (ready == accepted) ++judged;
    if (ready != accepted &&
        pending.invoked > last + settles + own_delay(view, last, pending.answered))
      return Judgement::violated(
          "wrong_count",
          fmt::format("{} messages wait, of both ways; bus/pending counts {} as ready.", accepted,
                      ready),
          {newest->answer_index, pending.invoke_index, pending.answer_index});
  }
  return of_both_ways(view, Judgement::met(judged));
}

}  // namespace busproof::checkers
