#include "suites/checkers/batch.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

using Batch = std::vector<const Operation*>;

/// The batches in order, and the items of each in theirs.
std::vector<Batch> batches(const View& view) {
  std::map<std::int64_t, Batch> by_number;
  for (const Operation& publish : view.operations(Action::publish))
    if (const std::int64_t number = number_of(publish.asked, "batch"); number != 0)
      by_number[number].push_back(&publish);
  std::vector<Batch> found;
  for (auto& [number, batch] : by_number) found.push_back(std::move(batch));
  return found;
}

/// Whether no bus may accept the item, whatever it claims.
bool is_bad(const Operation& item) {
  const boost::json::value* params = item.asked.if_contains("params");
  const boost::json::value* attributes = item.asked.if_contains("attributes");
  if (params != nullptr && params->is_object()) {
    const std::string mode = text_of(params->get_object(), "mode");
    if (!mode.empty() && mode != "queue" && mode != "topic" && mode != "both") return true;
  }
  if (attributes == nullptr || !attributes->is_object()) return false;
  const std::string version = text_of(attributes->get_object(), "specversion");
  const std::string encoded = text_of(attributes->get_object(), "data_base64");
  return (!version.empty() && version != "1.0") || encoded.find('!') != std::string::npos;
}

std::optional<Judgement> ids_apart(const Batch& batch,
                                   std::map<std::string, const Operation*>& by_id) {
  for (const Operation* item : batch) {
    const std::string id = text_of(item->said, "transaction_id");
    const auto [other, fresh] = by_id.emplace(id, item);
    if (fresh && !id.empty()) continue;
    return Judgement::violated(
        "shared_id",
        fmt::format("Message m{} of a batch was given {} as its transaction id.", item->message,
                    id.empty() ? "nothing" : "that of m" + std::to_string(other->second->message)),
        {item->answer_index, other->second->answer_index});
  }
  return std::nullopt;
}

std::optional<Judgement> delivered_once(const View& view, const Operation& item) {
  const std::string id = text_of(item.said, "transaction_id");
  for (const Delivery& delivery : view.deliveries())
    if (delivery.message == item.message && text_of(delivery.said, "tx") != id)
      return Judgement::violated(
          "wrong_id",
          fmt::format("Message m{} of a batch was told one transaction id and came under another.",
                      item.message),
          {item.answer_index, delivery.index});
  if (const Doubled twice = doubled(view, item.message, history::kNever))
    return Judgement::violated(
        "doubled", fmt::format("Message m{} of a batch came twice as the first.", item.message),
        {item.answer_index, twice.first->index, twice.second->index});
  return std::nullopt;
}

/// The first item of that batch which never came though its silence counts, and how many came.
std::optional<Judgement> all_came(const View& view, const contract::Claims& claims,
                                  const Batch& batch, std::uint64_t& came_at_all) {
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const Operation* item : batch) {
      const auto due = owed.due(*item);
      if (!due) continue;
      if (came.contains(item->message)) {
        ++came_at_all;
      } else if (const Operation* fence = owed.fence_behind(*due)) {
        return Judgement::violated(
            "lost",
            fmt::format("Message m{} of a batch was accepted and never delivered.", item->message),
            {item->invoke_index, item->answer_index, fence->invoke_index});
      }
    }
  }
  return std::nullopt;
}

std::optional<Judgement> refused_whole(const View& view, const Batch& batch, std::size_t bad,
                                       std::uint64_t& judged) {
  const Operation& item = *batch[bad];
  const std::vector<std::size_t> events = {item.invoke_index, item.answer_index};
  if (item.ok())
    return Judgement::violated("bad_item_accepted",
                               "A batch with an item that is no event was accepted.", events);
  for (const Delivery& delivery : view.deliveries())
    for (const Operation* part : batch)
      if (part->outcome == history::Phase::fail && delivery.message == part->message)
        return Judgement::violated(
            "part_delivered",
            fmt::format("Message m{} was of a batch that was refused, and came.", part->message),
            {part->invoke_index, part->answer_index, delivery.index});
  if (is_passing(item) || item.outcome != history::Phase::fail) return std::nullopt;
  if (number_of(item.said, "index", -1) != static_cast<std::int64_t>(bad))
    return Judgement::violated(
        "unnamed_item",
        fmt::format("Item {} of a batch was refused ({}), and the error names {}.", bad, item.error,
                    item.said.contains("index")
                        ? "item " + std::to_string(number_of(item.said, "index", -1))
                        : "none"),
        events);
  if (std::all_of(batch.begin(), batch.end(), [&](const Operation* part) {
        return watched(view, part->destination, part->answered);
      }))
    ++judged;
  return std::nullopt;
}

}  // namespace

Doubled doubled(const View& view, std::uint32_t message, history::Time until) {
  std::map<Group, const Delivery*> firsts;
  for (const Delivery& delivery : view.deliveries()) {
    const auto group = group_of(view, delivery.subscription);
    if (delivery.message != message || !group || delivery.at >= until) continue;
    const auto [first, fresh] = firsts.emplace(*group, &delivery);
    if (fresh) continue;
    const bool as_new = delivery.attempt == 1 && first->second->attempt == 1 &&
                        released_early(view, *first->second) > delivery.at;
    if (as_new || text_of(first->second->said, "tx") != text_of(delivery.said, "tx"))
      return {first->second, &delivery};
  }
  return {};
}

Judgement judge_batch_accepted(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  std::map<std::string, const Operation*> by_id;
  for (const Batch& batch : batches(view)) {
    if (!batch.front()->ok()) continue;
    if (auto wrong = ids_apart(batch, by_id)) return *wrong;
    for (const Operation* item : batch)
      if (auto wrong = delivered_once(view, *item)) return *wrong;
    if (auto wrong = all_came(view, claims, batch, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_batch_refused(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Batch& batch : batches(view)) {
    std::vector<std::size_t> bad;
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (is_bad(*batch[i])) bad.push_back(i);
    if (bad.size() != 1) continue;
    if (auto wrong = refused_whole(view, batch, bad.front(), judged)) return *wrong;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
