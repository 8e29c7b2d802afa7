#include "suites/checkers/correlated.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

struct Entry {
  std::uint32_t message = 0;  ///< 0: nobody here published it.
  const Operation* page = nullptr;
};

struct Listing {
  std::string correlation;
  const Operation* first = nullptr;
  const Operation* last = nullptr;
  std::vector<Entry> entries;
  std::string next;  ///< The cursor of the page that is still to be asked for.
  [[nodiscard]] bool whole() const { return last->ok() && next.empty(); }
};

const json::object* params_of(const Operation& call) {
  const json::value* params = call.asked.if_contains("params");
  return params != nullptr && params->is_object() ? &params->get_object() : nullptr;
}

void add_page(Listing& listing, const Operation& page) {
  listing.last = &page;
  listing.next = text_of(page.said, "cursor");
  const json::value* messages = page.said.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return;
  for (const json::value& item : messages->get_array())
    if (item.is_object())
      listing.entries.push_back(
          {static_cast<std::uint32_t>(number_of(item.get_object(), "message")), &page});
}

std::vector<Listing> listings(const View& view) {
  std::vector<Listing> found;
  for (const Operation& call : view.operations(Action::call)) {
    const json::object* params = params_of(call);
    if (params == nullptr || text_of(call.asked, "method") != "bus/correlated") continue;
    const std::string correlation = text_of(*params, "correlation_id");
    const std::string cursor = text_of(*params, "cursor");
    if (cursor.empty()) {
      found.push_back({correlation, &call, &call, {}, {}});
      add_page(found.back(), call);
      continue;
    }
    for (auto at = found.rbegin(); at != found.rend(); ++at)
      if (at->correlation == correlation && at->next == cursor) {
        add_page(*at, call);
        break;
      }
  }
  return found;
}

std::string correlation_of(const Operation& publish) {
  const json::value* own = publish.asked.if_contains("attributes");
  return own != nullptr && own->is_object() ? text_of(own->get_object(), "correlationid") : "";
}

bool mortal(const Operation& publish) {
  const json::value* own = publish.asked.if_contains("attributes");
  return own != nullptr && own->is_object() && own->get_object().contains("expirytime");
}

/// Whether the message must be in that listing, whenever the bus looked.
bool is_due(const View& view, const contract::Claims& claims, const Operation& publish,
            const Listing& listing) {
  return publish.ok() && correlation_of(publish) == listing.correlation &&
         publish.answered < listing.first->invoked && !mortal(publish) &&
         !may_be_dropped(view, claims, publish) &&
         !may_be_gone(view, claims, publish, *listing.last);
}

bool settled_by(const View& view, Action action, std::uint32_t message, Time before) {
  for (const Operation& settle : view.on_message(action, message))
    if (settle.ok() && settle.answered < before && (action == Action::ack || settle.amount == 0))
      return true;
  return false;
}

/// Which messages a case is judged by.
using Counts = bool (*)(const View& view, const Operation& publish, const Listing& listing);

bool any_message(const View&, const Operation&, const Listing&) { return true; }

bool acked_before(const View& view, const Operation& publish, const Listing& listing) {
  return settled_by(view, Action::ack, publish.message, listing.first->invoked);
}

bool dead_before(const View& view, const Operation& publish, const Listing& listing) {
  return settled_by(view, Action::reject, publish.message, listing.first->invoked);
}

bool before_restart(const View& view, const Operation& publish, const Listing& listing) {
  const auto stops = view.marks("stop");
  const auto starts = view.marks("started");
  return !stops.empty() && !starts.empty() && publish.answered < stops.front().at &&
         listing.first->invoked > starts.front().at;
}

std::optional<Judgement> not_all(const View& view, const contract::Claims& claims,
                                 const Listing& listing, Counts counts, std::uint64_t& judged) {
  std::map<std::uint32_t, const Entry*> seen;
  for (const Entry& entry : listing.entries) {
    if (entry.message == 0) continue;
    const auto [other, fresh] = seen.try_emplace(entry.message, &entry);
    if (!fresh)
      return Judgement::violated(
          "listed_twice",
          fmt::format("m{} is listed twice for {:.60}.", entry.message, listing.correlation),
          {other->second->page->answer_index, entry.page->answer_index});
  }
  if (!listing.whole()) return std::nullopt;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!is_due(view, claims, publish, listing) || !counts(view, publish, listing)) continue;
    if (!seen.contains(publish.message))
      return Judgement::violated(
          "not_listed",
          fmt::format("m{} was accepted with the correlation id {:.60} and is not listed.",
                      publish.message, listing.correlation),
          {publish.answer_index, listing.last->answer_index});
    ++judged;
  }
  return std::nullopt;
}

std::optional<Judgement> not_only(const View& view, const Listing& listing, std::uint64_t& judged) {
  for (const Entry& entry : listing.entries) {
    const Operation* publish = view.publish_of(entry.message);
    if (publish == nullptr || correlation_of(*publish) != listing.correlation)
      return Judgement::violated(
          "stranger_listed",
          fmt::format(
              "{} is listed for {:.60} and has another correlation id.",
              publish == nullptr ? "A message of somebody else" : fmt::format("m{}", entry.message),
              listing.correlation),
          {entry.page->invoke_index, entry.page->answer_index});
    ++judged;
  }
  return std::nullopt;
}

std::optional<Judgement> not_in_order(const View& view, const Listing& listing,
                                      std::uint64_t& judged) {
  const Operation* latest = nullptr;
  for (const Entry& entry : listing.entries) {
    const Operation* publish = view.publish_of(entry.message);
    if (publish == nullptr) continue;
    if (latest != nullptr && publish->answered < latest->invoked)
      return Judgement::violated(
          "out_of_order",
          fmt::format("m{} is listed behind m{}, which was published after it.", publish->message,
                      latest->message),
          {publish->answer_index, latest->invoke_index, entry.page->answer_index});
    if (latest != nullptr) ++judged;
    if (latest == nullptr || publish->invoked > latest->invoked) latest = publish;
  }
  return std::nullopt;
}

Judgement judge_all(const View& view, const contract::Claims& claims, Counts counts) {
  std::uint64_t judged = 0;
  for (const Listing& listing : listings(view))
    if (auto found = not_all(view, claims, listing, counts, judged)) return *found;
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_all_listed(const View& view, const contract::Claims& claims) {
  return judge_all(view, claims, any_message);
}

Judgement judge_settled_listed(const View& view, const contract::Claims& claims) {
  return judge_all(view, claims, acked_before);
}

Judgement judge_dead_listed(const View& view, const contract::Claims& claims) {
  return judge_all(view, claims, dead_before);
}

Judgement judge_only_listed(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Listing& listing : listings(view))
    if (auto found = not_only(view, listing, judged)) return *found;
  return Judgement::met(judged);
}

Judgement judge_listed_in_order(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Listing& listing : listings(view))
    if (auto found = not_in_order(view, listing, judged)) return *found;
  return Judgement::met(judged);
}

Judgement judge_unknown_correlation(const View& view, const contract::Claims&) {
  std::set<std::string> used;
  for (const Operation& publish : view.operations(Action::publish))
    used.insert(correlation_of(publish));
  std::uint64_t judged = 0;
  for (const Listing& listing : listings(view)) {
    if (used.contains(listing.correlation) || is_momentary(*listing.first)) continue;
    const std::vector<std::size_t> events = {listing.first->invoke_index,
                                             listing.first->answer_index};
    if (!listing.first->ok())
      return Judgement::violated(
          "unknown_refused",
          fmt::format("A correlation id that nobody used was refused: {}.", listing.first->error),
          events);
    if (!listing.entries.empty())
      return Judgement::violated("stranger_listed",
                                 fmt::format("{} messages are listed for a correlation id that "
                                             "nobody used.",
                                             listing.entries.size()),
                                 events);
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_expired_unlisted(const View& view, const contract::Claims& claims) {
  const auto grace = declared(claims, "ttl_grace_ms");
  if (!grace) return Judgement::unverified("ttl_grace_ms is not declared");
  std::uint64_t judged = 0;
  for (const Listing& listing : listings(view))
    for (const Operation& publish : view.operations(Action::publish)) {
      const std::int64_t ttl = number_of(publish.asked, "ttl_ms");
      const Time over =
          publish.answered + std::chrono::milliseconds(ttl) + *grace + granularity(claims);
      if (ttl <= 0 || !publish.ok() || correlation_of(publish) != listing.correlation) continue;
      for (const Entry& entry : listing.entries)
        if (entry.message == publish.message && entry.page->invoked > over)
          return Judgement::violated(
              "listed_expired",
              fmt::format("m{} is listed {:.0f} ms after its {} ms and the grace were over.",
                          entry.message, millis(entry.page->invoked - over), ttl),
              {publish.answer_index, entry.page->answer_index});
      if (listing.first->invoked > over && listing.whole()) ++judged;
    }
  return Judgement::met(judged);
}

Judgement judge_listed_after_restart(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0, passed = 0;
  for (const Listing& listing : listings(view)) {
    const auto starts = view.marks("started");
    if (starts.empty() || listing.first->invoked < starts.front().at) continue;
    if (auto found = not_all(view, claims, listing, before_restart, judged)) return *found;
    if (auto found = not_only(view, listing, passed)) return *found;
    if (auto found = not_in_order(view, listing, passed)) return *found;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
