#include "suites/checkers/strangers.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "suites/checkers/refusals.hpp"
#include "suites/checkers/subscribers.hpp"
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

bool is_foreign(const Who& who, std::string_view destination) {
  return is_foreign_inbox(who, destination) || is_foreign_workspace(who, destination);
}

/// The last delivery to that subscription of what was published after that publish was answered.
bool came_later(const View& view, std::uint32_t subscription, const Operation& publish) {
  const auto all = view.deliveries();
  return std::any_of(all.begin(), all.end(), [&](const Delivery& delivery) {
    const Operation* later =
        delivery.subscription == subscription ? view.publish_of(delivery.message) : nullptr;
    return later != nullptr && later->invoked > publish.answered;
  });
}

Judgement judge_patterns(const View& view, const contract::Claims& claims, Foreign foreign) {
  if (claims.has("auth")) return from_token();
  const auto all = everybody(view);
  std::uint64_t judged = 0;
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    const auto who = all.find(subscriber.session());
    if (!subscriber.pattern || who == all.end()) continue;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!is_to_topics(publish) || !foreign(who->second, destination_of(view, publish))) continue;
      for (const Delivery& delivery : view.deliveries_of(publish.message))
        if (delivery.subscription == subscriber.number())
          return Judgement::violated(
              "came_by_pattern",
              fmt::format("Message m{} to {} came to \"{}\" by the pattern \"{}\".",
                          publish.message, destination_of(view, publish), who->second.agent,
                          text_of(subscriber.subscribe->asked, "pattern")),
              {who->second.hello->invoke_index, subscriber.subscribe->invoke_index,
               publish.invoke_index, delivery.index});
      if (publish.ok() && subscriber.certain_from < publish.invoked &&
          subscriber.certain_to > publish.answered &&
          asks_for(view, claims, subscriber, publish.destination) == true &&
          came_later(view, subscriber.number(), publish))
        ++judged;
    }
  }
  return Judgement::met(judged);
}

const json::object* params_of(const Operation& call) {
  const json::value* params = call.asked.if_contains("params");
  return params != nullptr && params->is_object() ? &params->get_object() : nullptr;
}

bool asks_about_one(std::string_view method) {
  constexpr std::array<std::string_view, 4> kMethods = {"bus/pending", "bus/dead_letters",
                                                        "bus/redrive", "bus/purge"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

/// Whether there is a number above zero anywhere in it.
bool tells_something(const json::value& value) {
  if (value.is_number()) return value.to_number<double>() != 0;
  if (value.is_array())
    return std::any_of(value.get_array().begin(), value.get_array().end(), tells_something);
  return value.is_object() &&
         std::any_of(value.get_object().begin(), value.get_object().end(),
                     [](const auto& member) { return tells_something(member.value()); });
}

/// A destination of another's in statistics; `looked` where there were some.
std::optional<Judgement> counted(const Operation& stats, const Who& who, bool& looked) {
  const json::value* all = stats.said.if_contains("destinations");
  if (!stats.ok() || all == nullptr || !all->is_object()) return std::nullopt;
  for (const auto& entry : all->get_object())
    if (is_foreign(who, entry.key()) && tells_something(entry.value()))
      return Judgement::violated(
          "counted",
          fmt::format("Statistics tell \"{}\" of {}.", who.agent, std::string_view(entry.key())),
          {who.hello->invoke_index, stats.invoke_index, stats.answer_index});
  looked = true;
  return std::nullopt;
}

struct Listed {
  std::size_t own = 0;
  const Operation* foreign = nullptr;
};

/// What a page shows the caller of its own, and the first message of another's.
Listed listed(const View& view, const Operation& page, const Who& who, Foreign foreign) {
  Listed found;
  const json::value* messages = page.said.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return found;
  for (const json::value& item : messages->get_array()) {
    if (!item.is_object()) continue;
    const Operation* publish =
        view.publish_of(static_cast<std::uint32_t>(number_of(item.get_object(), "message")));
    if (publish == nullptr) continue;
    if (!foreign(who, destination_of(view, *publish)))
      ++found.own;
    else if (found.foreign == nullptr)
      found.foreign = publish;
  }
  return found;
}

std::string correlation_of(const Operation& publish) {
  const json::value* own = publish.asked.if_contains("attributes");
  return own != nullptr && own->is_object() ? text_of(own->get_object(), "correlationid") : "";
}

/// How many messages of that id are another's and were accepted before the page was asked for.
std::uint64_t left_out(const View& view, const Operation& page, const Who& who, Foreign foreign) {
  const std::string id = text_of(*params_of(page), "correlation_id");
  const auto all = view.operations(Action::publish);
  return static_cast<std::uint64_t>(
      std::count_if(all.begin(), all.end(), [&](const Operation& publish) {
        return publish.ok() && publish.answered < page.invoked && correlation_of(publish) == id &&
               foreign(who, destination_of(view, publish));
      }));
}

Judgement judge_unlisted(const View& view, const contract::Claims& claims, Foreign foreign) {
  if (claims.has("auth")) return from_token();
  const auto all = everybody(view);
  std::uint64_t judged = 0;
  for (const Operation& page : view.operations(Action::call)) {
    const auto who = all.find(page.session);
    if (text_of(page.asked, "method") != "bus/correlated" || who == all.end() || !page.ok() ||
        params_of(page) == nullptr)
      continue;
    const Listed found = listed(view, page, who->second, foreign);
    if (found.foreign != nullptr)
      return Judgement::violated(
          "foreign_listed",
          fmt::format("m{}, sent to {}, is listed for \"{}\".", found.foreign->message,
                      destination_of(view, *found.foreign), who->second.agent),
          {who->second.hello->invoke_index, found.foreign->invoke_index, page.answer_index});
    // Who is shown nothing at all may have been shown nothing for another reason.
    if (found.own > 0) judged += left_out(view, page, who->second, foreign);
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_pattern_and_inbox(const View& view, const contract::Claims& claims) {
  return judge_patterns(view, claims, is_foreign_inbox);
}

Judgement judge_pattern_and_workspace(const View& view, const contract::Claims& claims) {
  return judge_patterns(view, claims, is_foreign_workspace);
}

Judgement judge_counts_closed(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return from_token();
  const auto all = everybody(view);
  std::uint64_t judged = 0;
  for (const Operation& call : view.operations(Action::call)) {
    const auto who = all.find(call.session);
    const json::object* params = params_of(call);
    const std::string method = text_of(call.asked, "method");
    if (who == all.end() || params == nullptr) continue;
    const std::string destination = text_of(*params, "destination");
    bool looked = false;
    if (method == "bus/stats")
      if (auto wrong = counted(call, who->second, looked)) return *wrong;
    if (looked && is_foreign(who->second, destination)) ++judged;
    if (!asks_about_one(method)) continue;
    const std::string what =
        fmt::format("{} of {} by \"{}\"", method, destination, who->second.agent);
    if (is_foreign(who->second, destination)) {
      if (auto wrong = not_refused(call, "forbidden", what, judged)) return *wrong;
    } else if (call.error == "forbidden") {
      return Judgement::violated("own_refused", fmt::format("{} was refused.", what),
                                 {who->second.hello->invoke_index, call.answer_index});
    }
  }
  return Judgement::met(judged);
}

Judgement judge_inbox_unlisted(const View& view, const contract::Claims& claims) {
  return judge_unlisted(view, claims, is_foreign_inbox);
}

Judgement judge_foreign_unlisted(const View& view, const contract::Claims& claims) {
  return judge_unlisted(view, claims, is_foreign);
}

}  // namespace busproof::checkers
