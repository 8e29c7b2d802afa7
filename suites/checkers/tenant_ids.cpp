// What an id or an error's text tells one tenant of another: an id that is another's answers as
// one that was never made.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "suites/checkers/refusals.hpp"
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

using Tenants = std::map<std::uint32_t, std::string>;

/// Shorter than this a text may stand in another by chance.
constexpr std::size_t kTelling = 8;

/// What a call is about: an id of a message or an upload, or a correlation.
std::string named_in(const Operation& call) {
  const json::object& params = params_of(call);
  for (const char* name : {"transaction_id", "upload", "correlation_id"})
    if (auto text = text_of(params, name); !text.empty()) return text;
  const json::value* ids = params.if_contains("transaction_ids");
  if (ids == nullptr || !ids->is_array() || ids->get_array().empty()) return {};
  const json::value& first = ids->get_array().front();
  return first.is_string() ? std::string(first.get_string()) : std::string();
}

std::string without(std::string text, const std::string& id) {
  for (auto at = text.find(id); at != std::string::npos; at = text.find(id))
    text.replace(at, id.size(), "...");
  return text;
}

/// What was answered, the id that was asked for taken out.
std::string answer_of(const Operation& call) {
  return without(call.error + ' ' + json::serialize(call.said), named_in(call));
}

std::string kind_of(const Operation& call) { return call.ok() ? "a result" : call.error; }

std::string correlation_of(const Operation& publish) {
  const json::value* own = publish.asked.if_contains("attributes");
  return own != nullptr && own->is_object() ? text_of(own->get_object(), "correlationid") : "";
}

class Ids {
 public:
  explicit Ids(const View& view) : view_(view), tenants_(tenants_of(view)) {
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!tenants_.contains(publish.session)) continue;
      if (publish.ok()) own(text_of(publish.said, "transaction_id"), publish.session);
      own(correlation_of(publish), publish.session);
    }
    for (const Operation* open : calls_of(view, "bus/upload_open"))
      if (open->ok() && tenants_.contains(open->session))
        own(text_of(open->said, "upload"), open->session);
  }

  Judgement judged() {
    if (auto wrong = shared_identity()) return *wrong;
    for (const Operation& call : view_.operations(Action::call)) {
      if (!is_foreign(call) || !answered_for_itself(call)) continue;
      if (auto wrong = differs(call)) return *wrong;
      if (auto wrong = acted(call)) return *wrong;
    }
    return Judgement::met(judged_);
  }

 private:
  void own(const std::string& id, std::uint32_t session) {
    if (!id.empty()) owners_[id].insert(tenants_.at(session));
  }

  /// Whether it names what is another's and not the caller's.
  [[nodiscard]] bool is_foreign(const Operation& call) const {
    const auto who = tenants_.find(call.session);
    const auto owner = owners_.find(named_in(call));
    return who != tenants_.end() && owner != owners_.end() && !owner->second.contains(who->second);
  }

  /// The same method, asked by the same tenant for what was never made.
  [[nodiscard]] std::vector<const Operation*> unknown_ones(const Operation& call) const {
    std::vector<const Operation*> found;
    for (const Operation* other : calls_of(view_, text_of(call.asked, "method"))) {
      const std::string id = named_in(*other);
      const auto who = tenants_.find(other->session);
      if (!id.empty() && !owners_.contains(id) && answered_for_itself(*other) &&
          who != tenants_.end() && who->second == tenants_.at(call.session))
        found.push_back(other);
    }
    return found;
  }

  /// Word by word only where all that was never made is answered alike: a text may well hold a
  /// number of its own.
  std::optional<Judgement> differs(const Operation& call) {
    const auto unknown = unknown_ones(call);
    if (unknown.empty()) return std::nullopt;
    const bool alike = unknown.size() > 1 &&
                       std::all_of(unknown.begin(), unknown.end(), [&](const Operation* one) {
                         return answer_of(*one) == answer_of(*unknown.front());
                       });
    const bool same = std::any_of(unknown.begin(), unknown.end(), [&](const Operation* one) {
      return alike ? answer_of(*one) == answer_of(call) : kind_of(*one) == kind_of(call);
    });
    ++judged_;
    if (same) return std::nullopt;
    return Judgement::violated(
        "differs",
        fmt::format("{} of another tenant's {} is answered {}, of one never made {}.",
                    text_of(call.asked, "method"), named_in(call), answer_of(call),
                    answer_of(*unknown.front())),
        {call.invoke_index, call.answer_index, unknown.front()->invoke_index,
         unknown.front()->answer_index});
  }

  [[nodiscard]] const Operation* look_of_owner(const Operation& call, bool before) const {
    for (const Operation* look : calls_of(view_, "bus/inspect")) {
      if (named_in(*look) != named_in(call) || is_foreign(*look)) continue;
      const bool in_time =
          before ? look->answered < call.invoked && look->ok() : look->invoked > call.answered;
      if (in_time && answered_for_itself(*look)) return look;
    }
    return nullptr;
  }

  /// Whether its owner, or time, may have taken it away.
  [[nodiscard]] bool may_be_gone(const Operation& call) const {
    if (!view_.operations(Action::control).empty()) return true;
    for (const Operation* other : calls_of(view_, "bus/delete"))
      if (named_in(*other) == named_in(call) && !is_foreign(*other)) return true;
    return false;
  }

  [[nodiscard]] std::optional<Judgement> acted(const Operation& call) const {
    if (text_of(call.asked, "method") != "bus/delete" || may_be_gone(call)) return std::nullopt;
    const Operation* before = look_of_owner(call, true);
    const Operation* after = look_of_owner(call, false);
    if (before == nullptr || after == nullptr || after->error != "not_found") return std::nullopt;
    return Judgement::violated(
        "acted", fmt::format("{} is gone after another tenant asked to delete it.", named_in(call)),
        {before->answer_index, call.invoke_index, after->answer_index});
  }

  [[nodiscard]] std::optional<Judgement> shared_identity() const {
    for (const Operation& publish : view_.operations(Action::publish)) {
      const Operation* first =
          view_.publish_of(static_cast<std::uint32_t>(number_of(publish.asked, "repeats")));
      const auto who = tenants_.find(publish.session);
      if (first == nullptr || who == tenants_.end() || !tenants_.contains(first->session) ||
          tenants_.at(first->session) == who->second || repeats_itself(publish))
        continue;
      const std::string id = text_of(publish.said, "transaction_id");
      if (publish.error != "conflict" &&
          (id.empty() || id != text_of(first->said, "transaction_id")))
        continue;
      return Judgement::violated(
          "shared_identity",
          fmt::format("\"{}\" published an event of the same id as another tenant's m{}: {}.",
                      who->second, first->message,
                      publish.ok() ? "it was answered with that one's transaction id"
                                   : "it was refused with conflict"),
          {first->invoke_index, publish.invoke_index, publish.answer_index});
    }
    return std::nullopt;
  }

  /// Whether its own tenant had published an event of that id before.
  [[nodiscard]] bool repeats_itself(const Operation& publish) const {
    const auto all = view_.operations(Action::publish);
    return std::any_of(all.begin(), all.end(), [&](const Operation& other) {
      const auto who = tenants_.find(other.session);
      return &other != &publish && other.invoked < publish.invoked && who != tenants_.end() &&
             who->second == tenants_.at(publish.session) &&
             number_of(other.asked, "repeats") == number_of(publish.asked, "repeats");
    });
  }

  const View& view_;
  Tenants tenants_;
  std::map<std::string, std::set<std::string>> owners_;
  std::uint64_t judged_ = 0;
};

constexpr std::array kActions = {Action::publish, Action::subscribe, Action::unsubscribe,
                                 Action::credit,  Action::ack,       Action::reject,
                                 Action::extend,  Action::retrieve,  Action::inspect,
                                 Action::remove,  Action::pending,   Action::call};

class Texts {
 public:
  explicit Texts(const View& view) : view_(view), tenants_(tenants_of(view)) {
    for (const auto& [session, tenant] : tenants_) known_[tenant].insert(tenant);
    for (const Action action : kActions)
      for (const Operation& one : view.operations(action)) learn(one);
  }

  Judgement judged() const {
    std::uint64_t judged = 0;
    for (const Action action : kActions)
      for (const Operation& one : view_.operations(action)) {
        const auto who = tenants_.find(one.session);
        const std::string says = text_of(one.said, "says");
        if (one.ok() || !was_answered(one) || says.empty() || who == tenants_.end()) continue;
        if (auto wrong = tells(one, says, who->second)) return *wrong;
        if (others_had_something(one, who->second)) ++judged;
      }
    return Judgement::met(judged);
  }

 private:
  /// Names, ids and attributes: the words of the protocol itself are nobody's.
  void learn(const Operation& one) {
    const auto who = tenants_.find(one.session);
    if (who == tenants_.end()) return;
    auto& texts = known_[who->second];
    texts.insert(destination_of(view_, one));
    texts.insert(text_of(params_of(one), "destination"));
    texts.insert(named_in(one));
    for (const char* id : {"transaction_id", "upload"}) texts.insert(text_of(one.said, id));
    const json::value* own = one.asked.if_contains("attributes");
    if (own == nullptr || !own->is_object()) return;
    for (const auto& attribute : own->get_object())
      if (attribute.value().is_string()) texts.insert(std::string(attribute.value().get_string()));
  }

  /// Whether the tenant has it from itself, or from what it was given.
  [[nodiscard]] bool knows(const std::string& tenant, const std::string& text) const {
    const auto& texts = known_.at(tenant);
    return std::any_of(texts.begin(), texts.end(),
                       [&](const std::string& own) { return own.find(text) != std::string::npos; });
  }

  [[nodiscard]] std::optional<Judgement> tells(const Operation& one, const std::string& says,
                                               const std::string& tenant) const {
    for (const auto& [other, texts] : known_) {
      if (other == tenant) continue;
      for (const std::string& text : texts)
        if (text.size() >= kTelling && says.find(text) != std::string::npos && !knows(tenant, text))
          return Judgement::violated(
              "tells",
              fmt::format("An error says to \"{}\": \"{}\", and {} is another tenant's.", tenant,
                          says, text),
              {one.invoke_index, one.answer_index});
    }
    return std::nullopt;
  }

  [[nodiscard]] bool others_had_something(const Operation& one, const std::string& tenant) const {
    const auto all = view_.operations(Action::publish);
    return std::any_of(all.begin(), all.end(), [&](const Operation& publish) {
      const auto who = tenants_.find(publish.session);
      return publish.ok() && publish.answered < one.invoked && who != tenants_.end() &&
             who->second != tenant;
    });
  }

  const View& view_;
  Tenants tenants_;
  std::map<std::string, std::set<std::string>> known_;  // by tenant: what it said or was given
};

}  // namespace

Judgement judge_ids_apart(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return tenant_from_token();
  return Ids(view).judged();
}

Judgement judge_errors_apart(const View& view, const contract::Claims& claims) {
  if (claims.has("auth")) return tenant_from_token();
  return Texts(view).judged();
}

}  // namespace busproof::checkers
