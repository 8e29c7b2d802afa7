#include "suites/checkers/agent_names.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/attributes.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/holders.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/whose.hpp"
#include "suites/models/patterns.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Verdict;
using history::Action;
using history::Operation;
using history::text_of;
using history::View;

const json::value* attribute(const json::object& detail, std::string_view name) {
  const json::value* all = detail.if_contains("attributes");
  return all != nullptr && all->is_object() ? all->get_object().if_contains(name) : nullptr;
}

bool is_known_type(const json::value& type) {
  constexpr std::array<std::string_view, 4> kTypes = {"request", "response", "notification",
                                                      "command"};
  return type.is_string() && std::find(kTypes.begin(), kTypes.end(),
                                       std::string_view(type.get_string())) != kTypes.end();
}

bool is_odd(const contract::Claims& claims, std::string_view id) {
  return id.find(':') != std::string_view::npos ||
         (claims.has("patterns") && id.find_first_of(models::pattern_signs(claims.trait(
                                        "patterns", "grammar"))) != std::string_view::npos);
}

std::vector<std::size_t> events_of(const Operation& operation) {
  return {operation.invoke_index, operation.answer_index};
}

/// An event came that says it is of somebody who did not send it.
std::optional<Judgement> spoke_as_another(const View& view, const Operation& publish,
                                          const Who& who, std::uint64_t& judged) {
  for (const history::Delivery& delivery : view.deliveries_of(publish.message)) {
    const json::value* came = attribute(delivery.said, "fromagent");
    const bool own = came != nullptr && came->is_string() && !who.agent.empty() &&
                     std::string_view(came->get_string()) == who.agent;
    if (came != nullptr && !own)
      return Judgement::violated(
          "spoke_as_another",
          fmt::format("Message m{} of \"{}\" came as another's.", publish.message, who.agent),
          {who.hello->invoke_index, publish.invoke_index, delivery.index});
    ++judged;
  }
  return std::nullopt;
}

/// A publish in another's name.
std::optional<Judgement> another(const View& view, const contract::Claims& claims,
                                 const Operation& publish, const Who& who, std::uint64_t& judged) {
  if (claims.trait("agents", "fromagent") == "refused")
    return not_refused(publish, "forbidden",
                       fmt::format("An event of \"{}\" in another's name", who.agent), judged);
  if (publish.outcome == history::Phase::fail && !is_passing(publish))
    return Judgement::violated(
        "refused",
        fmt::format("A name that the bus says it replaces was refused with {}.", publish.error),
        events_of(publish));
  return publish.ok() ? spoke_as_another(view, publish, who, judged) : std::nullopt;
}

/// Judges the publishes with a fromagent on connections that are or are not an agent's.
Judgement judge_names(const View& view, const contract::Claims& claims, bool agents) {
  if (claims.has("auth"))
    return Judgement::unverified("who an agent is the bus takes from a token");
  const auto all = everybody(view);
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    const json::value* name = attribute(publish.asked, "fromagent");
    const auto who = all.find(publish.session);
    if (name == nullptr || !name->is_string() || who == all.end() ||
        who->second.agent.empty() == agents)
      continue;
    if (agents && std::string_view(name->get_string()) == who->second.agent) {
      if (publish.error == "forbidden")
        return Judgement::violated("own_refused",
                                   fmt::format("\"{}\" may not name itself.", who->second.agent),
                                   events_of(publish));
      continue;
    }
    if (auto wrong = another(view, claims, publish, who->second, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

/// The queue subscriptions to an agent's own inbox, by it.
std::vector<const Operation*> own_subscriptions(const View& view) {
  const auto all = everybody(view);
  std::vector<const Operation*> found;
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    const auto who = all.find(subscribe.session);
    const auto owner = inbox_owner(view.history().text(subscribe.destination));
    if (who != all.end() && owner && *owner == who->second.agent &&
        text_of(subscribe.asked, "mode") == "queue")
      found.push_back(&subscribe);
  }
  return found;
}

}  // namespace

Judgement judge_message_type_kept(const View& view, const contract::Claims& claims) {
  for (const Operation& publish : view.operations(Action::publish)) {
    const json::value* type = attribute(publish.asked, "messagetype");
    if (type != nullptr && is_known_type(*type) && publish.outcome == history::Phase::fail &&
        !is_passing(publish))
      return Judgement::violated("refused",
                                 fmt::format("An event of type {} was refused with {}.",
                                             json::serialize(*type), publish.error),
                                 events_of(publish));
  }
  return judge_message_type_unchanged(view, claims);
}

Judgement judge_unknown_type(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    const json::value* type = attribute(publish.asked, "messagetype");
    if (type == nullptr || type->is_null() || is_known_type(*type)) continue;
    const std::string what = fmt::format("An event of type {}", json::serialize(*type));
    if (auto wrong = not_refused(publish, "invalid_argument", what, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_own_name(const View& view, const contract::Claims& claims) {
  return judge_names(view, claims, true);
}

Judgement judge_no_name(const View& view, const contract::Claims& claims) {
  return judge_names(view, claims, false);
}

Judgement judge_odd_ids(const View& view, const contract::Claims& claims) {
  if (claims.has("auth"))
    return Judgement::unverified("who an agent is the bus takes from a token");
  std::uint64_t judged = 0;
  for (const Operation& hello : view.operations(Action::hello)) {
    const std::string id = text_of(hello.asked, "agent_id");
    if (!is_odd(claims, id)) continue;
    const std::string what = fmt::format("A hello as \"{}\"", id);
    if (auto wrong = not_refused(hello, "invalid_argument", what, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_shared_inbox(const View& view, const contract::Claims& claims) {
  const auto all = own_subscriptions(view);
  for (const Operation* subscribe : all)
    if (subscribe->outcome == history::Phase::fail && !is_passing(*subscribe))
      return Judgement::violated(
          "refused",
          fmt::format("An agent may not subscribe to its own inbox: {}.", subscribe->error),
          events_of(*subscribe));
  const bool two = std::any_of(all.begin(), all.end(), [&](const Operation* one) {
    return std::any_of(all.begin(), all.end(), [&](const Operation* other) {
      return one->ok() && other->ok() && one->destination == other->destination &&
             one->session != other->session;
    });
  });
  if (!two) return Judgement::inconclusive("no agent was there on two connections");
  const Judgement held = judge_one_holder(view, claims);
  if (held.verdict() != Verdict::met) return held;
  const Judgement lost = judge_none_lost(view, claims);
  return lost.verdict() == Verdict::met ? held : lost;
}

}  // namespace busproof::checkers
