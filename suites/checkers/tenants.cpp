// What comes over from another tenant by itself, and dead letters.
#include "suites/checkers/tenants.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "suites/checkers/subscribers.hpp"
#include "suites/checkers/upload_calls.hpp"
#include "suites/checkers/whose.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

using Tenants = std::map<std::uint32_t, std::string>;

/// As a sentence has it.
std::string name_of(const std::string& tenant) {
  return tenant.empty() ? "the empty tenant" : fmt::format("tenant \"{}\"", tenant);
}

/// Whether these connections are known to be of different tenants.
bool are_apart(const Tenants& tenants, std::uint32_t one, std::uint32_t other) {
  const auto here = tenants.find(one), there = tenants.find(other);
  return here != tenants.end() && there != tenants.end() && here->second != there->second;
}

bool by_pattern(const Operation& subscribe) { return !text_of(subscribe.asked, "pattern").empty(); }

/// Whether a publish in that mode would reach a subscription in the other, were the names one.
bool fits(const Operation& publish, const Operation& subscribe) {
  const std::string sent = text_of(publish.asked, "mode"), heard = text_of(subscribe.asked, "mode");
  return sent == "both" || sent == heard;
}

/// Whether something came to that subscription that was published after that publish was answered:
/// what it brought over would have come, too.
bool came_later(const View& view, std::uint32_t subscription, const Operation& publish) {
  const auto all = view.deliveries();
  return std::any_of(all.begin(), all.end(), [&](const Delivery& delivery) {
    const Operation* later =
        delivery.subscription == subscription ? view.publish_of(delivery.message) : nullptr;
    return later != nullptr && later->invoked > publish.answered;
  });
}

/// Whether another publish gave its event the same id: then a delivery may be of either.
bool is_repeated(const View& view, std::uint32_t message) {
  const auto all = view.operations(Action::publish);
  return std::any_of(all.begin(), all.end(), [&](const Operation& publish) {
    return number_of(publish.asked, "repeats") == message;
  });
}

/// The first delivery of another tenant's message by name, or by pattern.
std::optional<Judgement> crossing(const View& view, const Tenants& tenants, bool patterns) {
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    const Operation* subscribe = view.subscribe_of(delivery.subscription);
    if (publish == nullptr || subscribe == nullptr || by_pattern(*subscribe) != patterns) continue;
    if (!are_apart(tenants, publish->session, delivery.session)) continue;
    if (is_repeated(view, publish->message)) continue;
    return Judgement::violated(
        patterns ? "came_by_pattern" : "crossed_over",
        fmt::format("m{}, published by {} to {}, came to {}.", publish->message,
                    name_of(tenants.at(publish->session)), destination_of(view, *publish),
                    name_of(tenants.at(delivery.session))),
        {subscribe->invoke_index, publish->invoke_index, delivery.index});
  }
  return std::nullopt;
}

bool stayed_away(const View& view, const Tenants& tenants, const Operation& subscribe,
                 const Operation& publish) {
  return publish.ok() && are_apart(tenants, publish.session, subscribe.session) &&
         fits(publish, subscribe) && subscribe.answered < publish.invoked &&
         came_later(view, subscribe.subscription, publish);
}

bool asks_about_letters(std::string_view method) {
  return method == "bus/dead_letters" || method == "bus/redrive" || method == "bus/purge";
}

/// The messages of a page of dead letters.
std::vector<std::uint32_t> listed(const Operation& page) {
  std::vector<std::uint32_t> found;
  const json::value* messages = page.said.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return found;
  for (const json::value& item : messages->get_array())
    if (item.is_object())
      if (const auto number = number_of(item.get_object(), "message"); number > 0)
        found.push_back(static_cast<std::uint32_t>(number));
  return found;
}

class Letters {
 public:
  explicit Letters(const View& view) : view_(view), tenants_(tenants_of(view)) {}

  Judgement judged(const contract::Claims& claims) {
    // Where messages expire soon they leave by themselves.
    constexpr std::int64_t kLongLived = 60'000;
    const bool stay = claims.limit("ttl_default_ms").value_or(kLongLived) >= kLongLived;
    std::uint64_t judged = 0;
    for (const Operation& call : view_.operations(Action::call)) {
      if (!asks_about_letters(text_of(call.asked, "method")) || !call.ok() ||
          !tenants_.contains(call.session))
        continue;
      if (auto wrong = foreign_letter(call)) return *wrong;
      if (auto wrong = foreign_count(call)) return *wrong;
      if (stay)
        if (auto wrong = touched(call)) return *wrong;
      if (others_were_there(call)) ++judged;
    }
    return Judgement::met(judged);
  }

 private:
  [[nodiscard]] std::string place(const Operation& call) const {
    return text_of(params_of(call), "destination") + '\n' + text_of(params_of(call), "group");
  }
  [[nodiscard]] bool is_list(const Operation& call) const {
    return text_of(call.asked, "method") == "bus/dead_letters";
  }
  [[nodiscard]] bool same_tenant(const Operation& one, const Operation& other) const {
    const auto here = tenants_.find(one.session), there = tenants_.find(other.session);
    return here != tenants_.end() && there != tenants_.end() && here->second == there->second;
  }

  [[nodiscard]] std::optional<Judgement> foreign_letter(const Operation& call) const {
    if (!is_list(call)) return std::nullopt;
    for (const std::uint32_t message : listed(call)) {
      const Operation* publish = view_.publish_of(message);
      if (publish == nullptr || !are_apart(tenants_, publish->session, call.session) ||
          is_repeated(view_, message))
        continue;
      return Judgement::violated(
          "foreign_letter",
          fmt::format("m{} of {} is among the dead letters of {}.", message,
                      name_of(tenants_.at(publish->session)), name_of(tenants_.at(call.session))),
          {publish->invoke_index, call.invoke_index, call.answer_index});
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Judgement> foreign_count(const Operation& call) const {
    if (is_list(call)) return std::nullopt;
    const auto all = view_.operations(Action::publish);
    const std::string destination = text_of(params_of(call), "destination");
    const auto own = std::count_if(all.begin(), all.end(), [&](const Operation& publish) {
      return same_tenant(publish, call) && destination_of(view_, publish) == destination &&
             publish.invoked < call.answered && publish.outcome != history::Phase::fail;
    });
    const auto count = number_of(call.said, "count");
    if (count <= own) return std::nullopt;
    return Judgement::violated(
        "foreign_count",
        fmt::format("{} at {} counted {} dead letters for {}, who had published {} messages there.",
                    text_of(call.asked, "method"), destination, count,
                    name_of(tenants_.at(call.session)), own),
        {call.invoke_index, call.answer_index});
  }

  /// A letter that its tenant saw before and no more after the call, with nothing of its own doing
  /// in between.
  [[nodiscard]] std::optional<Judgement> touched(const Operation& call) const {
    if (is_list(call)) return std::nullopt;
    for (const Operation* before : lists_of_others(call)) {
      if (before->answered > call.invoked) continue;
      for (const Operation* after : lists_of_others(call)) {
        if (after->invoked < call.answered || !same_tenant(*before, *after) ||
            after->said.contains("cursor") || params_of(*after).contains("cursor") ||
            did_itself(*before, *after))
          continue;
        const auto left = listed(*after);
        for (const std::uint32_t message : listed(*before))
          if (std::find(left.begin(), left.end(), message) == left.end())
            return Judgement::violated(
                "foreign_touched",
                fmt::format("m{} was a dead letter of {} until {} asked for {}.", message,
                            name_of(tenants_.at(before->session)),
                            name_of(tenants_.at(call.session)), text_of(call.asked, "method")),
                {before->answer_index, call.invoke_index, after->answer_index});
      }
    }
    return std::nullopt;
  }

  /// Lists of the same place by other tenants.
  [[nodiscard]] std::vector<const Operation*> lists_of_others(const Operation& call) const {
    std::vector<const Operation*> found;
    for (const Operation* list : calls_of(view_, "bus/dead_letters"))
      if (list->ok() && are_apart(tenants_, list->session, call.session) &&
          place(*list) == place(call))
        found.push_back(list);
    return found;
  }

  /// Whether the tenant, or the harness, may have taken letters away between these lists.
  [[nodiscard]] bool did_itself(const Operation& before, const Operation& after) const {
    const auto between = [&](const Operation& one) {
      return one.invoked < after.answered && one.answered > before.invoked;
    };
    for (const Operation& control : view_.operations(Action::control))
      if (between(control)) return true;
    for (const Operation& remove : view_.operations(Action::remove))
      if (between(remove) && same_tenant(remove, before)) return true;
    for (const char* method : {"bus/redrive", "bus/purge", "bus/delete"})
      for (const Operation* call : calls_of(view_, method))
        if (between(*call) && same_tenant(*call, before)) return true;
    return false;
  }

  [[nodiscard]] bool others_were_there(const Operation& call) const {
    const auto lists = lists_of_others(call);
    return std::any_of(lists.begin(), lists.end(), [&](const Operation* list) {
      return list->answered < call.invoked && !listed(*list).empty();
    });
  }

  const View& view_;
  Tenants tenants_;
};

}  // namespace

Tenants tenants_of(const View& view) {
  Tenants all;
  for (const Operation& hello : view.operations(Action::hello))
    if (hello.ok()) all.try_emplace(hello.session, text_of(hello.asked, "session_id"));
  return all;
}

Judgement tenant_from_token() {
  return Judgement::unverified("which tenant a connection is of the bus takes from a token");
}

Judgement judge_destinations_apart(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return tenant_from_token();
  const auto tenants = tenants_of(view);
  if (auto wrong = crossing(view, tenants, false)) return *wrong;
  std::uint64_t judged = 0;
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    if (!subscribe.ok() || by_pattern(subscribe)) continue;
    for (const Operation& publish : view.operations(Action::publish))
      if (publish.destination == subscribe.destination &&
          stayed_away(view, tenants, subscribe, publish))
        ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_patterns_apart(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return tenant_from_token();
  const auto tenants = tenants_of(view);
  if (auto wrong = crossing(view, tenants, true)) return *wrong;
  std::uint64_t judged = 0;
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    if (!subscriber.pattern || !subscriber.subscribe->ok()) continue;
    for (const Operation& publish : view.operations(Action::publish))
      if (stayed_away(view, tenants, *subscriber.subscribe, publish) &&
          asks_for(view, claims, subscriber, publish.destination) == true)
        ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_letters_apart(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return tenant_from_token();
  return Letters(view).judged(claims);
}

}  // namespace busproof::checkers
