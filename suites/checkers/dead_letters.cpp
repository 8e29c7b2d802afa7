#include "suites/checkers/dead_letters.hpp"

#include <algorithm>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

const json::object* params_of(const Operation& call) {
  const json::value* params = call.asked.if_contains("params");
  return params == nullptr ? nullptr : params->if_object();
}

/// Whether the call is of that method and for that group.
bool is_for(const View& view, const Operation& call, std::string_view method, const Group& group) {
  const json::object* params = params_of(call);
  if (text_of(call.asked, "method") != method || params == nullptr) return false;
  const std::string name = text_of(*params, "group");
  return text_of(*params, "destination") == view.history().text(group.first) &&
         (name.empty() ? "default" : name) == group.second;
}

const json::value* cursor_of(const json::object& page) {
  const json::value* cursor = page.if_contains("cursor");
  return cursor != nullptr && cursor->is_null() ? nullptr : cursor;
}

void add_letters(const Operation& page, Listing& listing) {
  const json::value* messages = page.said.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return;
  for (const json::value& entry : messages->get_array()) {
    if (!entry.is_object()) continue;
    const json::object& said = entry.get_object();
    listing.letters.push_back({static_cast<std::uint32_t>(number_of(said, "message")),
                               text_of(said, "transaction_id"), said, page.answer_index});
  }
}

/// The page that goes on where `page` ended, or null.
const Operation* page_after(const View& view, const Group& group, const Operation& page) {
  const json::value* cursor = cursor_of(page.said);
  for (const Operation& next : view.operations(Action::call)) {
    if (next.session != page.session || next.invoked < page.answered || cursor == nullptr ||
        !is_for(view, next, "bus/dead_letters", group))
      continue;
    const json::value* from = cursor_of(*params_of(next));
    return from != nullptr && *from == *cursor && next.ok() ? &next : nullptr;
  }
  return nullptr;
}

/// The first of that kind that was done to the delivery, or null. A second one does nothing.
const Operation* first_settling(const View& view, Action action, const Delivery& delivery) {
  const auto all = view.on_delivery(action, delivery.delivery);
  return all.empty() ? nullptr : &all.front();
}

bool mortal(const View& view, std::uint32_t message) {
  const Operation* publish = view.publish_of(message);
  if (publish == nullptr || publish->asked.if_contains("ttl_ms") != nullptr) return true;
  return !view.on_message(Action::remove, message).empty();
}

/// Whether the delivery, the `times`th of its message, certainly was the last attempt allowed.
bool last_attempt(const View& view, const contract::Claims& claims, const Delivery& delivery,
                  std::size_t times) {
  const auto most = claims.limit("attempts_max");
  if (!most) return false;
  if (claims.trait("queue", "attempts") == "exact") return delivery.attempt >= *most;
  if (claims.trait("queue", "release_counts") == "false" ||
      redriven(view, Time::zero(), delivery.at))
    return false;  // How many it counts cannot be told from outside.
  return static_cast<std::int64_t>(times) >= *most;
}

/// The failure of that delivery, if it certainly was one that ends a message.
std::optional<Death> death_by(const View& view, const contract::Claims& claims,
                              const Delivery& delivery, std::size_t times) {
  const Operation* reject = first_settling(view, Action::reject, delivery);
  if (first_settling(view, Action::ack, delivery) != nullptr) return std::nullopt;
  const bool last = last_attempt(view, claims, delivery, times);
  if (reject != nullptr) {
    if (!reject->ok() || (reject->amount == 1 && !last)) return std::nullopt;
    return Death{&delivery, reject, reject->amount == 0, reject->invoked, reject->answered};
  }
  const auto lease = lease_of(view, claims, delivery.subscription);
  if (!last || !lease || first_settling(view, Action::extend, delivery) != nullptr ||
      released_early(view, delivery) != history::kNever)
    return std::nullopt;
  const Time start = earliest_lease_starts(view, claims, {delivery}).front();
  const Time grace = declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise);
  return Death{&delivery, nullptr, false, earliest_end(view, claims, delivery, start),
               delivery.at + *lease + grace + granularity(claims)};
}

/// Whether a member of the group has gone by then: it may have held what nobody ever saw.
bool member_gone(const View& view, const Group& group, Time until) {
  for (const Delivery& delivery : view.deliveries())
    if (group_of(view, delivery.subscription) == group && released_early(view, delivery) <= until)
      return true;
  const auto all = view.operations(Action::subscribe);
  return std::any_of(all.begin(), all.end(), [&](const Operation& subscribe) {
    if (group_of(view, subscribe.subscription) != group) return false;
    Delivery any;
    any.session = subscribe.session;
    any.subscription = subscribe.subscription;
    return released_early(view, any) <= until;
  });
}

}  // namespace

const Letter* Listing::letter_of(std::uint32_t message) const {
  const auto found = std::find_if(letters.begin(), letters.end(),
                                  [&](const Letter& letter) { return letter.message == message; });
  return found == letters.end() ? nullptr : &*found;
}

std::vector<Listing> listings(const View& view, const Group& group) {
  std::vector<Listing> found;
  for (const Operation& first : view.operations(Action::call)) {
    if (!is_for(view, first, "bus/dead_letters", group) || !first.ok() ||
        cursor_of(*params_of(first)) != nullptr)
      continue;
    Listing listing;
    listing.from = first.invoked;
    const Operation* page = &first;
    while (page != nullptr) {
      add_letters(*page, listing);
      listing.to = page->answered;
      listing.index = page->answer_index;
      if (cursor_of(page->said) == nullptr) {
        found.push_back(std::move(listing));
        break;
      }
      page = page_after(view, group, *page);
    }
  }
  return found;
}

std::vector<Death> deaths(const View& view, const contract::Claims& claims, const Group&,
                          const ByMessage& came) {
  std::vector<Death> found;
  for (const auto& [message, all] : came) {
    if (message == 0 || mortal(view, message)) continue;
    for (std::size_t i = all.size(); i-- > 0;) {
      const auto death = death_by(view, claims, all[i], i + 1);
      if (!death) continue;
      found.push_back(*death);
      break;
    }
  }
  return found;
}

bool concerns(const View& view, const Operation& call, std::string_view method, const Group& group,
              std::uint32_t message) {
  if (!is_for(view, call, method, group)) return false;
  const json::value* ids = params_of(call)->if_contains("transaction_ids");
  if (ids == nullptr || !ids->is_array()) return true;
  const Operation* publish = view.publish_of(message);
  const json::array& all = ids->get_array();
  return publish != nullptr && std::any_of(all.begin(), all.end(), [&](const json::value& id) {
           return id.is_string() && id.get_string() == text_of(publish->said, "transaction_id");
         });
}

bool may_be_gone(const View& view, const Group& group, const Death& death, Time until) {
  const auto all = view.operations(Action::call);
  return std::any_of(all.begin(), all.end(), [&](const Operation& call) {
    return call.invoked < until && call.answered > death.earliest &&
           (concerns(view, call, "bus/redrive", group, death.last->message) ||
            concerns(view, call, "bus/purge", group, death.last->message));
  });
}

bool must_be_listed(const View& view, const contract::Claims& claims, const Group& group,
                    const Death& death, const Listing& listing) {
  const Time settles = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  return listing.from > death.by + settles + own_delay(view, death.earliest, listing.from) &&
         !may_be_gone(view, group, death, listing.to);
}

bool may_have_died(const View& view, const contract::Claims& claims, const Group& group,
                   const ByMessage& came, std::uint32_t message, Time until) {
  const Operation* publish = view.publish_of(message);
  if (publish == nullptr || publish->destination != group.first) return false;
  if (publish->asked.if_contains("ttl_ms") != nullptr || member_gone(view, group, until))
    return true;
  const auto mine = came.find(message);
  const auto most = claims.limit("attempts_max");
  if (!most) return true;
  if (mine == came.end()) return false;
  std::int64_t times = 0;
  const auto starts = earliest_lease_starts(view, claims, mine->second);
  for (std::size_t i = 0; i < mine->second.size(); ++i) {
    const Delivery& delivery = mine->second[i];
    // One that was long under way may have failed before it was read.
    if (delivery.at > until && earliest_end(view, claims, delivery, starts[i]) > until) continue;
    ++times;
    const Operation* reject = first_settling(view, Action::reject, delivery);
    const bool for_good = reject != nullptr && reject->amount == 0 && reject->invoked < until;
    if (for_good || std::max<std::int64_t>(times, delivery.attempt) >= *most) return true;
  }
  return false;
}

}  // namespace busproof::checkers
