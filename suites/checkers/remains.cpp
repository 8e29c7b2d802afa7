#include "suites/checkers/remains.hpp"

#include <algorithm>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {

using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

Time grace_of(const contract::Claims& claims) {
  return declared(claims, "ttl_grace_ms").value_or(kGraceOtherwise);
}

Time settle_time(const contract::Claims& claims) {
  return std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
}

std::vector<const Operation*> queued_at(const View& view, history::Text destination, Time before) {
  std::vector<const Operation*> found;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.outcome != history::Phase::fail && publish.destination == destination &&
        text_of(publish.asked, "mode") != "topic" && publish.invoked < before)
      found.push_back(&publish);
  return found;
}

std::int64_t counted(const Operation& pending, const contract::Claims& claims) {
  const std::int64_t ready = number_of(pending.said, "ready");
  if (claims.trait("queue", "counts") == "ready") return ready;
  const bool drops = claims.trait("ttl", "on_expiry") == "drop";
  return ready + number_of(pending.said, "delayed") + (drops ? number_of(pending.said, "dead") : 0);
}

const Operation* counts_too_many(const View& view, const contract::Claims& claims,
                                 const Ended& ended, std::uint64_t& judged) {
  if (claims.trait("queue", "counts") == "none") return nullptr;
  for (const Operation& pending : view.operations(Action::pending)) {
    if (!pending.ok()) continue;
    std::int64_t over = 0, others = 0;
    for (const Operation* publish : queued_at(view, pending.destination, pending.answered))
      ++(ended(*publish, pending) ? over : others);
    if (over == 0) continue;
    if (counted(pending, claims) > others) return &pending;
    ++judged;
  }
  return nullptr;
}

namespace {

std::vector<std::uint32_t> listed_in(const Operation& call) {
  std::vector<std::uint32_t> found;
  const auto* listed = call.said.if_contains("messages");
  if (listed == nullptr || !listed->is_array()) return found;
  for (const auto& item : listed->get_array())
    if (item.is_object())
      found.push_back(static_cast<std::uint32_t>(number_of(item.get_object(), "message")));
  return found;
}

}  // namespace

const Operation* lists_ended(const View& view, std::string_view method, const Ended& ended,
                             std::uint64_t& judged) {
  const auto publishes = view.operations(Action::publish);
  for (const Operation& call : view.operations(Action::call)) {
    if (!call.ok() || text_of(call.asked, "method") != method) continue;
    for (const std::uint32_t message : listed_in(call)) {
      const Operation* publish = view.publish_of(message);
      if (publish != nullptr && ended(*publish, call)) return &call;
    }
    judged += std::any_of(publishes.begin(), publishes.end(),
                          [&](const Operation& publish) { return ended(publish, call); });
  }
  return nullptr;
}

}  // namespace busproof::checkers
