#include "suites/targets/answers.hpp"

#include <string>

#include "suites/contract/errors.hpp"
#include "suites/history/view.hpp"

namespace busproof::targets {
namespace {

namespace json = boost::json;
using contract::Result;
using history::Action;
using history::number_of;
using history::text_of;

/// What a history keeps of an error beside its kind; `malformed` says what is wrong with its form.
json::object error_detail(const json::object& error) {
  json::object said;
  if (const json::value* code = error.if_contains("code")) said["code"] = *code;
  if (const json::value* data = error.if_contains("data"); data != nullptr && data->is_object())
    for (const char* key : {"definite", "retryable", "index", "supported", "expected"})
      if (const json::value* value = data->get_object().if_contains(key)) said[key] = *value;
  if (const auto wrong = contract::malformed(error)) said["malformed"] = *wrong;
  return said;
}

}  // namespace

Result<json::object> read_answer(const json::object& message, json::object& said) {
  const json::value* error = message.if_contains("error");
  const json::value* result = message.if_contains("result");
  if (error != nullptr && error->is_object()) {
    said = error_detail(error->get_object());
    return tl::make_unexpected(contract::error_from(error->get_object()));
  }
  if (result != nullptr && result->is_object()) return result->get_object();
  return contract::in_doubt("malformed_answer", "an answer with neither a result nor an error");
}

json::object without_payloads(const json::object& from, const MessageOf& message_of) {
  json::object kept;
  for (const auto& member : from) {
    if (member.key() == "event" && member.value().is_object()) {
      const json::object& event = member.value().get_object();
      json::object detail = event_detail(event);
      if (json::object own = own_attributes(event); !own.empty()) detail["attributes"] = own;
      for (const char* key : {"id", "priority", "type"})
        if (const json::value* value = event.if_contains(key)) detail[key] = *value;
      if (const std::string id = text_of(event, "id"); !id.empty())
        kept["message"] = message_of(id);
      kept["event"] = std::move(detail);
    } else if (member.key() == "data_base64") {
      for (auto& part : event_detail(json::object{{"data_base64", member.value()}}))
        kept[part.key()] = part.value();
    } else if (member.value().is_object()) {
      kept[member.key()] = without_payloads(member.value().get_object(), message_of);
    } else if (member.value().is_array()) {
      json::array items;
      for (const json::value& item : member.value().get_array())
        items.push_back(item.is_object() ? without_payloads(item.get_object(), message_of) : item);
      kept[member.key()] = std::move(items);
    } else if (member.key() != "token") {
      kept[member.key()] = member.value();
    }
  }
  return kept;
}

json::object result_detail(Action action, const json::object& result, const MessageOf& message_of) {
  json::object detail;
  const auto keep = [&](std::initializer_list<const char*> keys) {
    for (const char* key : keys)
      if (const json::value* value = result.if_contains(key)) detail[key] = *value;
  };
  switch (action) {
    case Action::publish:
      keep({"transaction_id", "route", "receivers"});
      break;
    case Action::subscribe:
      keep({"subscription", "lease_ms"});
      break;
    case Action::inspect:
    case Action::pending:
    case Action::call:
    case Action::control:
      return without_payloads(result, message_of);
    default:
      break;
  }
  return detail;
}

Delivered read_delivery(const json::object& params) {
  Delivered got;
  got.delivery_id = text_of(params, "delivery_id");
  got.transaction_id = text_of(params, "transaction_id");
  got.route = text_of(params, "route");
  got.destination = text_of(params, "destination");
  got.attempt = static_cast<std::int32_t>(number_of(params, "attempt"));
  return got;
}

}  // namespace busproof::targets
