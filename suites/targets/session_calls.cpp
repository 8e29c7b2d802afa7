// The methods of the protocol, each as one call.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"
#include "suites/history/view.hpp"
#include "suites/targets/answers.hpp"
#include "suites/targets/session.hpp"

namespace busproof::targets {
namespace {

namespace json = boost::json;
using history::Action;
using history::Event;
using history::number_of;
using history::text_of;

constexpr std::string_view kSource = "busproof";

Event event_of(Action action) {
  Event event;
  event.action = action;
  return event;
}

Event settling(Action action, const Delivered& delivery, std::int64_t amount = 0) {
  Event event = event_of(action);
  event.delivery = delivery.number;
  event.message = delivery.message;
  event.subscription = delivery.subscription;
  event.amount = amount;
  return event;
}

void put_if(json::object& out, const char* key, const std::optional<std::int64_t>& value) {
  if (value) out[key] = *value;
}

Published published_from(std::uint32_t message, const json::object& result) {
  Published made{message, text_of(result, "transaction_id"), text_of(result, "route")};
  if (result.contains("receivers")) made.receivers = number_of(result, "receivers");
  return made;
}

}  // namespace

std::uint32_t Session::start_hello(const json::object& extra) {
  json::object params = extra, detail;
  if (const std::string token = shared_.bearer ? shared_.bearer(extra) : ""; !token.empty())
    params.emplace("token", token);
  for (const char* who : {"agent_id", "workspace_id", "session_id"})
    if (const auto* id = extra.if_contains(who)) detail[who] = *id;
  return greet(std::move(params), std::move(detail));
}

Result<contract::Claims> Session::hello(const json::object& extra) {
  return await_hello(start_hello(extra));
}

Result<contract::Claims> Session::hello_showing(std::string_view shown,
                                                const std::optional<std::string>& token) {
  json::object params;
  if (token) params["token"] = *token;
  return await_hello(greet(std::move(params), {{"shown", shown}}));
}

std::uint32_t Session::greet(json::object params, json::object detail) {
  params.emplace("protocol", json::array{"1.0"});
  params.emplace("client", json::object{{"name", "busproof"}, {"version", "1"}});
  Request request{event_of(Action::hello), "bus/hello", std::move(params)};
  request.detail = std::move(detail);
  return start(std::move(request));
}

Result<contract::Claims> Session::await_hello(std::uint32_t operation) {
  auto answer = await(operation);
  if (!answer) return tl::make_unexpected(answer.error());
  shared_.recorder.set_claims(json::serialize(*answer), over_ == contract::Transport::lines);
  auto claims = contract::Claims::parse(*answer, over_);
  if (!claims) return claims;
  shared_.answer_ms = claims->limit_or_default("answer_ms");
  const std::lock_guard lock(mutex_);
  message_bytes_max_ = claims->limit("message_bytes_max");
  return claims;
}

Session::Request Session::publish_request(const Publish& wanted) {
  Request request{event_of(Action::publish), "bus/publish", {}, wanted.destination};
  request.event.message = shared_.recorder.next_message();
  json::object event{{"specversion", "1.0"},
                     {"id", event_id(request.event.message)},
                     {"source", kSource},
                     {"type", kOrdinaryType}};
  put_payload(event, wanted.payload);
  put_if(event, "priority", wanted.priority);
  for (const auto& member : wanted.attributes) event[member.key()] = member.value();
  request.detail = payload_detail(wanted.payload);
  request.detail["mode"] = wanted.mode;
  put_if(request.detail, "priority", wanted.priority);
  put_if(request.detail, "ttl_ms", wanted.ttl_ms);
  put_if(request.detail, "delay_ms", wanted.delay_ms);
  if (!wanted.attributes.empty()) request.detail["attributes"] = wanted.attributes;
  if (const std::uint32_t first = message_of(text_of(wanted.attributes, "id")); first != 0)
    request.detail["repeats"] = first;
  if (!wanted.params.empty()) request.detail["params"] = wanted.params;
  request.params = {{"destination", wanted.destination}, {"mode", wanted.mode}};
  request.params["event"] = std::move(event);
  put_if(request.params, "ttl_ms", wanted.ttl_ms);
  put_if(request.params, "delay_ms", wanted.delay_ms);
  for (const auto& member : wanted.params) request.params[member.key()] = member.value();
  return request;
}

std::string Session::event_id(std::uint32_t message) const {
  return fmt::format("{}-{}", shared_.token, message);
}

std::uint32_t Session::message_under_way(std::uint32_t operation) {
  const std::lock_guard lock(mutex_);
  return pending_.at(operation).event.message;
}

std::uint32_t Session::start_publish(const Publish& wanted) {
  return start(publish_request(wanted));
}

Result<Published> Session::await_publish(std::uint32_t operation) {
  const std::uint32_t message = message_under_way(operation);
  auto answer = await(operation);
  if (!answer) return tl::make_unexpected(answer.error());
  return published_from(message, *answer);
}

Result<Published> Session::publish(const Publish& wanted) {
  auto published = await_publish(start_publish(wanted));
  if (published) published->is_json = wanted.payload.form == Payload::Form::json;
  return published;
}

Result<Subscribed> Session::subscribe(const Subscribe& wanted) {
  Request request{event_of(Action::subscribe), "bus/subscribe", {}, wanted.destination};
  request.event.subscription = shared_.recorder.next_subscription();
  request.event.amount = wanted.credit.value_or(-1);
  request.detail = {{"mode", wanted.mode}};
  const char* const name = wanted.pattern ? "pattern" : "destination";
  if (wanted.pattern) request.detail["pattern"] = wanted.destination;
  request.params = {{name, wanted.destination}, {"mode", wanted.mode}};
  if (!wanted.group.empty()) request.params["group"] = request.detail["group"] = wanted.group;
  put_if(request.params, "credit", wanted.credit);
  put_if(request.params, "lease_ms", wanted.lease_ms);
  put_if(request.detail, "lease_ms", wanted.lease_ms);
  const std::uint32_t number = request.event.subscription;
  auto answer = ask(std::move(request));
  if (!answer) return tl::make_unexpected(answer.error());
  return Subscribed{number, text_of(*answer, "subscription")};
}

Result<void> Session::unsubscribe(const Subscribed& subscription, bool forget) {
  Event event = event_of(Action::unsubscribe);
  event.subscription = subscription.number;
  json::object params{{"subscription", subscription.id}};
  Request request{event, "bus/unsubscribe", std::move(params)};
  if (forget) request.params["forget"] = request.detail["forget"] = true;
  return ask_nothing(std::move(request));
}

Result<void> Session::credit(const Subscribed& subscription, std::int64_t credit) {
  Event event = event_of(Action::credit);
  event.subscription = subscription.number;
  event.amount = credit;
  return ask_nothing(
      {event, "bus/credit", {{"subscription", subscription.id}, {"credit", credit}}});
}

std::uint32_t Session::start_ack(const Delivered& delivery) {
  return start(
      {settling(Action::ack, delivery), "bus/ack", {{"delivery_id", delivery.delivery_id}}});
}

Result<void> Session::await_ack(std::uint32_t operation) {
  auto answer = await(operation);
  if (!answer) return tl::make_unexpected(answer.error());
  return {};
}

Result<void> Session::ack(const Delivered& delivery) { return await_ack(start_ack(delivery)); }

std::uint32_t Session::start_reject(const Delivered& delivery, bool requeue,
                                    std::optional<std::int64_t> delay_ms, std::string_view reason) {
  Request request{settling(Action::reject, delivery, requeue ? 1 : 0),
                  "bus/reject",
                  {{"delivery_id", delivery.delivery_id}, {"requeue", requeue}}};
  put_if(request.params, "delay_ms", delay_ms);
  put_if(request.detail, "delay_ms", delay_ms);
  if (!reason.empty()) request.params["reason"] = request.detail["reason"] = reason;
  return start(std::move(request));
}

Result<void> Session::await_reject(std::uint32_t operation) { return await_ack(operation); }

Result<void> Session::reject(const Delivered& delivery, bool requeue,
                             std::optional<std::int64_t> delay_ms, std::string_view reason) {
  return await_reject(start_reject(delivery, requeue, delay_ms, reason));
}

Result<void> Session::extend(const Delivered& delivery, std::int64_t lease_ms) {
  return ask_nothing({settling(Action::extend, delivery, lease_ms),
                      "bus/extend",
                      {{"delivery_id", delivery.delivery_id}, {"lease_ms", lease_ms}}});
}

Result<std::string> Session::retrieve(const Published& message) {
  Request whole{event_of(Action::retrieve), "bus/retrieve", {}};
  whole.event.message = message.message;
  // A message that was never published in this history has no number.
  if (message.message == 0) whole.detail["tx"] = message.transaction_id;
  const std::uint32_t operation = expect(std::move(whole), "");
  std::string bytes;
  json::object last;
  std::optional<contract::Error> failure;
  for (bool more = true; more && !failure;) {
    json::object params{{"transaction_id", message.transaction_id}};
    if (!bytes.empty()) params["offset"] = bytes.size();
    auto part = await(
        start({event_of(Action::retrieve), "bus/retrieve", std::move(params), "", {}, false}));
    if (!part) {
      failure = part.error();
      break;
    }
    const auto decoded = contract::from_base64(text_of(*part, "data_base64"));
    more = number_of(*part, "more") == 1;
    if (!decoded || (more && decoded->empty()))
      failure = contract::Error::may_have_happened(
          "malformed_answer", "bus/retrieve: bad data_base64, or nothing before the end");
    else
      bytes += *decoded;
    last = *part;
  }
  json::object said;
  if (!failure) {
    said = {{"size", bytes.size()},
            {"digest", contract::sha256_digest(bytes)},
            {"datasize", number_of(last, "datasize", -1)},
            {"datadigest", text_of(last, "datadigest")}};
    if (message.is_json) said["json"] = json_fingerprint(bytes);
  }
  const std::lock_guard lock(mutex_);
  Result<json::object> outcome = last;
  if (failure) outcome = tl::make_unexpected(*failure);
  finish(pending_.at(operation), std::move(outcome), said, history::now());
  pending_.erase(operation);
  if (failure) return tl::make_unexpected(*failure);
  return bytes;
}

Session::Batch Session::start_batch(const std::vector<Publish>& wanted) {
  Batch batch;
  json::array items;
  for (const Publish& one : wanted) {
    Request request = publish_request(one);
    items.push_back(request.params);
    batch.messages.push_back(request.event.message);
    request.event.op = shared_.recorder.next_operation();
    request.detail["batch"] = batch.parts.empty() ? request.event.op : batch.parts.front();
    batch.parts.push_back(expect(std::move(request), ""));
  }
  batch.operation =
      start({event_of(Action::publish), "bus/publish_batch", {{"items", items}}, "", {}, false});
  return batch;
}

Result<std::vector<Published>> Session::await_batch(const Batch& batch) {
  json::object refusal;
  auto answer = await(batch.operation, &refusal);
  const json::value* results = answer ? answer->if_contains("results") : nullptr;
  if (answer && (results == nullptr || !results->is_array() ||
                 results->get_array().size() != batch.parts.size()))
    answer = contract::in_doubt("malformed_answer", "not one result for each item");
  std::vector<Published> accepted;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < batch.parts.size(); ++i) {
    Result<json::object> outcome = answer;
    json::object said = answer ? json::object() : refusal;
    if (answer) {
      const json::value& item = results->get_array()[i];
      said = item.is_object() ? item.get_object() : json::object();
      accepted.push_back(published_from(batch.messages[i], said));
    }
    finish(pending_.at(batch.parts[i]), std::move(outcome), said, history::now());
    pending_.erase(batch.parts[i]);
  }
  if (!answer) return tl::make_unexpected(answer.error());
  return accepted;
}

Result<std::vector<Published>> Session::publish_batch(const std::vector<Publish>& wanted) {
  return await_batch(start_batch(wanted));
}

Result<json::object> Session::inspect(const Published& message) {
  Event event = event_of(Action::inspect);
  event.message = message.message;
  return ask({event, "bus/inspect", {{"transaction_id", message.transaction_id}}});
}

Result<void> Session::remove(const Published& message) {
  Event event = event_of(Action::remove);
  event.message = message.message;
  return ask_nothing({event, "bus/delete", {{"transaction_id", message.transaction_id}}});
}

Result<json::object> Session::pending(const std::string& destination, const std::string& group) {
  Request request{
      event_of(Action::pending), "bus/pending", {{"destination", destination}}, destination};
  if (!group.empty()) request.params["group"] = request.detail["group"] = group;
  return ask(std::move(request));
}

std::uint32_t Session::start_call(std::string_view method, json::object params) {
  Request request{event_of(method.starts_with("ctl/") ? Action::control : Action::call),
                  std::string(method), std::move(params)};
  request.detail = {{"method", method},
                    {"params", without_payloads(request.params, [this](std::string_view id) {
                       return message_of(id);
                     })}};
  return start(std::move(request));
}

Result<json::object> Session::await_call(std::uint32_t operation) { return await(operation); }

Result<json::object> Session::call(std::string_view method, json::object params) {
  return await(start_call(method, std::move(params)));
}

std::uint32_t Session::start_raw(std::string text, const std::string& answer_id,
                                 const std::string& what) {
  Request request{event_of(Action::call), "", {}};
  request.detail = {{"raw", what}, {"id", answer_id}};
  const std::uint32_t operation = expect(std::move(request), answer_id);
  shared_.recorder.wire(number_, true, text);
  transport_->send(std::move(text));
  return operation;
}

Result<json::object> Session::raw(std::string text, const std::string& answer_id,
                                  const std::string& what) {
  return await(start_raw(std::move(text), answer_id, what));
}

}  // namespace busproof::targets
