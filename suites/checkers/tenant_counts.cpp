// What statistics tell one tenant of another: no name, and no number beyond what it did itself.
//
// Nothing here knows when a bus counts: what a tenant has asked for is the most that can have been
// counted for it, so only what lies above that is another's.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/tenants.hpp"
#include "suites/checkers/upload_calls.hpp"
#include "suites/checkers/whose.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

const json::object* member(const json::object* of, std::string_view name) {
  const json::value* value = of == nullptr ? nullptr : of->if_contains(name);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

class Counts {
 public:
  explicit Counts(const View& view) : view_(view), tenants_(tenants_of(view)) {}

  Judgement judged() const {
    std::uint64_t judged = 0;
    for (const Operation& call : view_.operations(Action::call)) {
      const auto found = tenants_.find(call.session);
      if (text_of(call.asked, "method") != "bus/stats" || !call.ok() || found == tenants_.end())
        continue;
      if (auto wrong = judge_totals(call, found->second)) return *wrong;
      if (auto wrong = judge_destinations(call, found->second)) return *wrong;
      if (others_are_counted(call, found->second)) ++judged;
    }
    for (const Operation& pending : view_.operations(Action::pending))
      if (const auto found = tenants_.find(pending.session); found != tenants_.end())
        if (auto wrong = judge_pending(pending, found->second)) return *wrong;
    return Judgement::met(judged);
  }

 private:
  [[nodiscard]] bool is_of(const Operation& operation, const std::string& tenant) const {
    const auto found = tenants_.find(operation.session);
    return found != tenants_.end() && found->second == tenant;
  }

  /// What may have happened of that kind by the time of the answer.
  template <typename Counted>
  [[nodiscard]] std::int64_t at_most(Action action, const Operation& answer,
                                     const std::string& tenant, Counted counted) const {
    const auto all = view_.operations(action);
    return std::count_if(all.begin(), all.end(), [&](const Operation& one) {
      return one.invoked < answer.answered && one.outcome != history::Phase::fail &&
             is_of(one, tenant) && counted(one);
    });
  }

  [[nodiscard]] static Judgement too_many(const Operation& call, const std::string& tenant,
                                          std::string_view what, std::int64_t told,
                                          std::int64_t most) {
    return Judgement::violated("foreign_counts",
                               fmt::format("\"{}\" is told {} {}, and can have no more than {}.",
                                           tenant, told, what, most),
                               {call.invoke_index, call.answer_index});
  }

  /// A tenant of a name of its own has done nothing before this history; the empty one may have.
  [[nodiscard]] std::optional<Judgement> judge_totals(const Operation& call,
                                                      const std::string& tenant) const {
    if (tenant.empty()) return std::nullopt;
    const auto any = [](const Operation&) { return true; };
    const auto to_topics = [](const Operation& publish) {
      return text_of(publish.asked, "mode") != "queue";
    };
    const auto published = at_most(Action::publish, call, tenant, any);
    const auto uploads = at_most(Action::call, call, tenant, [](const Operation& one) {
      return text_of(one.asked, "method").starts_with("bus/upload_");
    });
    const auto topics = at_most(Action::publish, call, tenant, to_topics);
    const auto acks = at_most(Action::ack, call, tenant, any);
    const json::object* totals = member(&call.said, "totals");
    const json::object* payloads = member(&call.said, "payloads");
    const auto told = [](const json::object* of, std::string_view name) {
      return of == nullptr ? 0 : number_of(*of, name);
    };
    const struct {
      std::string_view what;
      std::int64_t told, most;
    } numbers[] = {{"messages published", told(totals, "published"), published},
                   {"messages published to topics", told(totals, "topic_published"), topics},
                   {"messages acked", told(totals, "acked"), acks},
                   {"payloads", told(payloads, "count"), published + uploads}};
    for (const auto& number : numbers)
      if (number.told > number.most)
        return too_many(call, tenant, number.what, number.told, number.most);
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Judgement> judge_destinations(const Operation& call,
                                                            const std::string& tenant) const {
    const json::object* destinations = member(&call.said, "destinations");
    if (destinations == nullptr) return std::nullopt;
    const auto own = names_of(call, tenant, true), others = names_of(call, tenant, false);
    for (const auto& entry : *destinations) {
      const std::string name(entry.key());
      if (others.contains(name) && !own.contains(name))
        return Judgement::violated(
            "foreign_destination",
            fmt::format("Statistics tell \"{}\" of {}, which another tenant has named.", tenant,
                        name),
            {call.invoke_index, call.answer_index});
      if (!own.contains(name) || !entry.value().is_object()) continue;
      if (auto wrong = judge_destination(call, tenant, name, entry.value().get_object()))
        return wrong;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Judgement> judge_destination(const Operation& call,
                                                           const std::string& tenant,
                                                           const std::string& name,
                                                           const json::object& told) const {
    const auto here = [&](const Operation& one) { return destination_of(view_, one) == name; };
    const auto subscribers = at_most(Action::subscribe, call, tenant, here);
    if (number_of(told, "subscribers") > subscribers)
      return too_many(call, tenant, "subscribers of " + name, number_of(told, "subscribers"),
                      subscribers);
    const auto published = at_most(Action::publish, call, tenant, here);
    const json::object* groups = member(&told, "groups");
    if (groups == nullptr) return std::nullopt;
    for (const auto& group : *groups)
      if (const auto* counts = group.value().if_object();
          counts != nullptr && number_of(*counts, "accepted") > published)
        return too_many(call, tenant, "messages accepted at " + name,
                        number_of(*counts, "accepted"), published);
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Judgement> judge_pending(const Operation& call,
                                                       const std::string& tenant) const {
    if (!call.ok()) return std::nullopt;
    const auto published = at_most(Action::publish, call, tenant, [&](const Operation& one) {
      return one.destination == call.destination;
    });
    std::int64_t told = 0;
    for (const char* state : {"ready", "leased", "delayed", "dead"})
      told += number_of(call.said, state);
    if (told <= published) return std::nullopt;
    return too_many(call, tenant, "messages pending at " + destination_of(view_, call), told,
                    published);
  }

  /// The names that a tenant has named, or that all others have, when `call` was answered.
  [[nodiscard]] std::set<std::string> names_of(const Operation& call, const std::string& tenant,
                                               bool own) const {
    std::set<std::string> names;
    for (const Action action : {Action::publish, Action::subscribe, Action::pending, Action::call})
      for (const Operation& one : view_.operations(action)) {
        if (!tenants_.contains(one.session) || one.invoked > call.answered) continue;
        if (is_of(one, tenant) != own) continue;
        names.insert(action == Action::call ? text_of(params_of(one), "destination")
                                            : destination_of(view_, one));
      }
    names.erase("");
    return names;
  }

  /// Whether another tenant had a message accepted, and is told of some itself.
  [[nodiscard]] bool others_are_counted(const Operation& call, const std::string& tenant) const {
    for (const Operation* other : calls_of(view_, "bus/stats")) {
      if (!other->ok() || !tenants_.contains(other->session) || is_of(*other, tenant)) continue;
      const json::object* totals = member(&other->said, "totals");
      if (totals == nullptr || number_of(*totals, "published") == 0) continue;
      const auto all = view_.operations(Action::publish);
      if (std::any_of(all.begin(), all.end(), [&](const Operation& publish) {
            return publish.ok() && publish.answered < call.invoked &&
                   is_of(publish, tenants_.at(other->session));
          }))
        return true;
    }
    return false;
  }

  const View& view_;
  std::map<std::uint32_t, std::string> tenants_;
};

}  // namespace

Judgement judge_statistics_apart(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return tenant_from_token();
  return Counts(view).judged();
}

}  // namespace busproof::checkers
