// Reading without changing anything. Source: STORE-6, STORE-10, QUE-13, COR-1, STA-1.
#include <map>

#include "reference/stores/redis/queue_store.hpp"
#include "reference/stores/redis/rows.hpp"

namespace reference::stores::redis {

using core::Result;
using core::View;

namespace {

const std::string kNobody;

core::MessageView view_of(const Reply& row) {
  core::MessageView view;
  if (row.items.size() < 18) return view;
  view.id = row.items[1].text;
  view.destination = row.items[2].text;
  view.event = row.items[3].text;
  view.body = {static_cast<core::BodyKind>(row.items[4].number()), row.items[5].text};
  view.route = static_cast<core::Route>(row.items[6].number());
  view.size = static_cast<std::uint64_t>(row.items[7].number());
  view.stored = static_cast<std::uint64_t>(row.items[8].number());
  view.codec = static_cast<core::Codec>(row.items[9].number());
  view.digest = digest_of(row.items[10].text);
  view.status = static_cast<core::Status>(row.items[11].number());
  view.created = row.items[12].number();
  view.expires = row.items[13].number();
  if (!row.items[14].text.empty()) view.error = row.items[14].text.substr(1);
  view.chunk = static_cast<std::uint64_t>(row.items[15].number());
  view.upload = row.items[16].number() != 0;
  if (!row.items[17].text.empty()) view.payload = row.items[17].text.substr(1);
  return view;
}

core::Counts counts_of(const Reply& row) {
  core::Counts counts;
  if (row.items.size() != 8) return counts;
  counts.accepted = row.items[0].number();
  counts.acked = row.items[1].number();
  counts.ready = row.items[2].number();
  counts.leased = row.items[3].number();
  counts.delayed = row.items[4].number();
  counts.dead = row.items[5].number();
  counts.expired = row.items[6].number();
  counts.deleted = row.items[7].number();
  return counts;
}

core::Totals totals_of(const Reply& row) {
  std::map<std::string, std::int64_t> by_name;
  for (std::size_t i = 0; i + 1 < row.items.size(); i += 2)
    by_name[row.items[i].text] += row.items[i + 1].number();
  return {.published = by_name["published"],
          .delivered = by_name["delivered"],
          .acked = by_name["acked"],
          .rejected = by_name["rejected"],
          .redelivered = by_name["redelivered"],
          .dead_lettered = by_name["dead_lettered"],
          .expired = by_name["expired"],
          .deleted = by_name["deleted"],
          .topic_published = by_name["topic_published"],
          .topic_delivered = by_name["topic_delivered"],
          .payload_count = by_name["payload_count"],
          .payload_bytes = by_name["payload_bytes"],
          .payload_corrupt = by_name["payload_corrupt"]};
}

// A page is its rows and where the next begins.
std::optional<std::int64_t> next_of(const Reply& page) {
  if (page.items.size() != 2 || page.items[1].text.empty()) return std::nullopt;
  return page.items[1].number();
}

const std::vector<Reply>& rows_of(const Reply& page) {
  static const std::vector<Reply> none;
  return page.items.empty() ? none : page.items.front().items;
}

}  // namespace

Result<View> RedisQueueStore::ask(const core::AskMessage& question, core::Shift shift) {
  auto command = begin(look_, shift);
  command.view("message").view(question.id).view(question.with_body ? "1" : "0");
  auto reply = look_.run(*connection_, std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  if (reply->items.empty()) return View(std::monostate());
  return View(view_of(*reply));
}

Result<View> RedisQueueStore::ask(const core::AskCounts& question, core::Shift shift) {
  auto command = begin(look_, shift);
  command.view("counts").view(question.destination).view(question.group);
  auto reply = look_.run(*connection_, std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  return View(counts_of(*reply));
}

Result<View> RedisQueueStore::ask(const core::AskDead& question, core::Shift shift) {
  auto command = begin(look_, shift);
  command.view("dead").view(question.destination).view(question.group);
  command.add(question.after).add(question.limit);
  auto reply = look_.run(*connection_, std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  core::DeadPage page;
  for (const auto& row : rows_of(*reply))
    page.letters.push_back(
        {view_of(row), static_cast<int>(row.items[18].number()), row.items[19].text});
  page.next = next_of(*reply);
  return View(std::move(page));
}

// Which of them may be shown only their destinations tell, so that one page may take several reads.
Result<View> RedisQueueStore::ask(const core::AskCorrelated& question, core::Shift shift) {
  core::CorrelatedPage page;
  std::int64_t last = question.after;
  std::optional<std::int64_t> next = question.after;
  while (next) {
    auto command = begin(look_, shift);
    command.view("correlated").view(question.correlation).add(*next).add(question.limit);
    auto reply = look_.run(*connection_, std::move(command));
    if (!reply) return tl::unexpected(reply.error());
    next = next_of(*reply);
    for (const auto& row : rows_of(*reply)) {
      auto message = view_of(row);
      if (question.shown && !question.shown(message.destination)) continue;
      if (static_cast<int>(page.messages.size()) == question.limit) {
        page.next = last;
        return View(std::move(page));
      }
      last = row.items[0].number();
      page.messages.push_back(std::move(message));
    }
    if (!question.shown) {
      page.next = next;
      break;
    }
  }
  return View(std::move(page));
}

Result<View> RedisQueueStore::ask(const core::AskAudit& question, core::Shift shift) {
  auto command = begin(look_, shift);
  command.view(question.id ? "audit" : "session");
  command.view(question.id ? *question.id : question.session);
  command.add(question.after).add(question.limit);
  auto reply = look_.run(*connection_, std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  core::AuditPage page;
  for (const auto& row : rows_of(*reply))
    page.records.push_back({.id = row.items[1].text,
                            .who = row.items[2].text,
                            .at = row.items[3].number(),
                            .size = static_cast<std::uint64_t>(row.items[4].number()),
                            .route = static_cast<core::Route>(row.items[5].number()),
                            .outcome = static_cast<core::Outcome>(row.items[6].number()),
                            .upload = row.items[7].number() != 0});
  page.next = next_of(*reply);
  return View(std::move(page));
}

Result<View> RedisQueueStore::ask(const core::AskStats& question, core::Shift shift) {
  core::StatsPage page;
  const bool one = question.destination.has_value();
  std::string after = one ? *question.destination : question.after;
  while (true) {
    auto command = begin(look_, shift);
    command.view("stats").view(after).add(question.limit + 1).view(one ? "1" : "0");
    command.view(question.tenant ? "1" : "0").view(question.tenant ? *question.tenant : kNobody);
    auto reply = look_.run(*connection_, std::move(command));
    if (!reply) return tl::unexpected(reply.error());
    if (reply->items.size() != 2) return View(std::move(page));
    page.totals = totals_of(reply->items[0]);
    const auto& rows = reply->items[1].items;
    for (const auto& row : rows) {
      after = row.items[0].text;
      if (question.shown && !question.shown(after)) continue;
      std::vector<std::pair<std::string, core::Counts>> groups;
      for (const auto& group : row.items[1].items)
        groups.emplace_back(group.items[0].text, counts_of(group.items[1]));
      if (groups.empty()) continue;
      if (!one && static_cast<int>(page.destinations.size()) == question.limit) {
        page.next = page.destinations.back().first;
        return View(std::move(page));
      }
      page.destinations.emplace_back(after, std::move(groups));
    }
    if (one || static_cast<int>(rows.size()) <= question.limit) return View(std::move(page));
  }
}

Result<View> RedisQueueStore::look(const core::Question& question, core::Shift shift) {
  return std::visit([&](const auto& one) { return ask(one, shift); }, question);
}

}  // namespace reference::stores::redis
