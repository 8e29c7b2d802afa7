#include "suites/checkers/unclaimed.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/contract/vocabulary.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

constexpr auto kMethods = std::to_array<MethodOf>({
    {"bus/publish_batch", "batch", R"({"items":[]})"},
    {"bus/correlated", "correlation", R"({"correlation_id":"nobody"})"},
    {"bus/audit", "audit", R"({"transaction_id":"no such id"})"},
    {"bus/upload_open", "upload", R"({"datasize":1})"},
    {"bus/upload_append", "upload", R"({"upload":"none","offset":0,"data_base64":"YQ=="})"},
    {"bus/upload_status", "upload", R"({"upload":"none"})"},
    {"bus/upload_commit", "upload",
     R"({"upload":"none","datadigest":"sha-256=:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=:"})"},
    {"bus/dead_letters", "dead_letter", R"({"destination":"nowhere"})"},
    {"bus/redrive", "redrive", R"({"destination":"nowhere"})"},
    {"bus/purge", "redrive dead_letter", R"({"destination":"nowhere"})"},
    {"bus/stats", "stats", R"({})"},
    {"bus/health", "health", R"({})"},
    {"bus/pending", "queue", R"({"destination":"nowhere"})"},
    {"bus/ack", "queue", R"({"delivery_id":"no such id"})"},
    {"bus/reject", "queue", R"({"delivery_id":"no such id","requeue":true})"},
    {"bus/extend", "queue", R"({"delivery_id":"no such id","lease_ms":1000})"},
    {"bus/retrieve", "store upload routing", R"({"transaction_id":"no such id"})"},
    {"bus/inspect", "store queue upload", R"({"transaction_id":"no such id"})"},
    {"bus/delete", "store queue upload", R"({"transaction_id":"no such id"})"},
});

constexpr auto kAttributes = std::to_array<AttributeOf>({
    {"fromagent", "agents", "somebody-else"},
    {"toagent", "agents", "nobody"},
    {"workspace", "agents", "not-ours"},
    {"sessionid", "tenancy", "another-session"},
    {"expirytime", "ttl", "2001-01-01T00:00:00Z"},
});

const json::object* params_of(const Operation& call) {
  const json::value* params = call.asked.if_contains("params");
  return params == nullptr ? nullptr : params->if_object();
}

/// The capability without which that request may not be served, or nothing. Where two are missing,
/// or the protocol names another error for the two together, nothing can be asked of the bus.
std::string_view unclaimed_param(const Claims& claims, const Operation& call) {
  const json::object* params = params_of(call);
  const std::string method = text_of(call.asked, "method");
  if (params == nullptr || (method != "bus/publish" && method != "bus/subscribe")) return {};
  const std::string mode = text_of(*params, "mode");
  if ((mode == "queue" || mode == "topic") && !claims.has(mode))
    return mode == "queue" ? "queue" : "topic";
  const auto lacks = [&](const char* name, const char* capability) {
    return params->contains(name) && !claims.has(capability);
  };
  if (method == "bus/publish" && lacks("ttl_ms", "ttl")) return "ttl";
  if (method == "bus/publish" && mode == "queue" && lacks("delay_ms", "delay")) return "delay";
  if (method == "bus/subscribe" && mode == "topic" && lacks("pattern", "patterns"))
    return "patterns";
  if (mode == "queue" && lacks("group", "groups") && text_of(*params, "group") != "default")
    return "groups";
  return {};
}

std::optional<Judgement> judge_refusal(const Operation& call, std::string_view what,
                                       std::uint64_t& judged) {
  const std::vector<std::size_t> events = {call.invoke_index, call.answer_index};
  if (call.ok())
    return Judgement::violated("unclaimed_served",
                               fmt::format("{} is not claimed and was served.", what), events);
  if (is_passing(call)) return std::nullopt;
  if (call.error != "not_supported" && call.error != "method_not_found")
    return Judgement::violated(
        "wrong_error",
        fmt::format("{} is not claimed and was refused with \"{}\".", what, call.error), events);
  ++judged;
  return std::nullopt;
}

/// The attributes of a publish that mean nothing to this bus, as they were sent.
json::object meaningless(const Claims& claims, const Operation& publish) {
  json::object found;
  const json::value* own = publish.asked.if_contains("attributes");
  if (own == nullptr || !own->is_object()) return found;
  for (const AttributeOf& one : kAttributes)
    if (const json::value* value = own->get_object().if_contains(one.attribute);
        value != nullptr && !claims.has(one.capability))
      found[one.attribute] = *value;
  return found;
}

/// The first of the attributes that the delivery does not carry as it was sent, or nothing.
std::string changed(const json::object& sent, const history::Delivery& delivery) {
  const json::value* came = delivery.said.if_contains("attributes");
  for (const auto& one : sent) {
    const json::value* value =
        came == nullptr || !came->is_object() ? nullptr : came->get_object().if_contains(one.key());
    if (value == nullptr || *value != one.value()) return std::string(one.key());
  }
  return "";
}

std::optional<Judgement> judge_travel(const View& view, const Claims& claims,
                                      const Operation& publish, const json::object& sent,
                                      std::uint64_t& judged) {
  if (publish.outcome == Phase::fail && !is_passing(publish))
    return Judgement::violated(
        "refused",
        fmt::format("An event with attributes that mean nothing here was refused: {}.",
                    publish.error),
        {publish.invoke_index, publish.answer_index});
  for (const history::Delivery& delivery : view.deliveries()) {
    if (delivery.message != publish.message) continue;
    if (const std::string attribute = changed(sent, delivery); !attribute.empty())
      return Judgement::violated("changed",
                                 fmt::format("Message m{} came without \"{}\" as it was sent.",
                                             publish.message, attribute),
                                 {publish.invoke_index, delivery.index});
    ++judged;
  }
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    const auto due = owed.due(publish);
    const Operation* fence =
        due && !came.contains(publish.message) ? owed.fence_behind(*due) : nullptr;
    if (fence != nullptr)
      return Judgement::violated(
          "lost",
          fmt::format("Message m{} carries attributes that mean nothing here, and never came.",
                      publish.message),
          {publish.invoke_index, publish.answer_index, fence->invoke_index});
  }
  return std::nullopt;
}

}  // namespace

std::span<const MethodOf> methods_of_capabilities() { return kMethods; }
std::span<const AttributeOf> attributes_of_capabilities() { return kAttributes; }

bool none_claimed(const Claims& claims, std::string_view capabilities) {
  const auto all = contract::words(capabilities);
  return std::none_of(all.begin(), all.end(),
                      [&](std::string_view capability) { return claims.has(capability); });
}

Judgement judge_unclaimed_methods(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& call : view.operations(Action::call))
    for (const MethodOf& one : kMethods)
      if (text_of(call.asked, "method") == one.method && none_claimed(claims, one.capabilities))
        if (auto wrong = judge_refusal(call, one.method, judged)) return *wrong;
  return Judgement::met(judged);
}

Judgement judge_unclaimed_params(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& call : view.operations(Action::call)) {
    const std::string_view capability = unclaimed_param(claims, call);
    if (capability.empty()) continue;
    if (auto wrong = judge_refusal(call, capability, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_unclaimed_attributes(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    const json::object sent = meaningless(claims, publish);
    if (sent.empty()) continue;
    if (auto wrong = judge_travel(view, claims, publish, sent, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
