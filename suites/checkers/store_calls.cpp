#include "suites/checkers/store_calls.hpp"

namespace busproof::checkers {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

std::string backend_name(const Claims& claims, std::string_view what) {
  const json::value* capabilities = claims.hello().if_contains("capabilities");
  const json::object* all = capabilities == nullptr ? nullptr : capabilities->if_object();
  const json::value* hook = all == nullptr ? nullptr : all->if_contains("control.backend");
  return hook == nullptr || !hook->is_object() ? "" : text_of(hook->get_object(), what);
}

bool needs_store(const Operation& publish, const Claims& claims) {
  const auto limit = claims.limit("inline_bytes_max");
  return limit && number_of(publish.asked, "size") > *limit;
}

bool was_stored(const Operation& publish) {
  return publish.ok() && text_of(publish.said, "route") == "reference";
}

bool was_kept_away(const Operation& publish) {
  if (publish.ok()) return text_of(publish.said, "route") == "inline";
  return says_store_is_away(publish);
}

bool says_store_is_away(const Operation& request) {
  return request.error == "store_unavailable" || request.error == "breaker_open";
}

std::string told_payload_store(const Operation& control, const Claims& claims) {
  const json::value* params = control.asked.if_contains("params");
  if (text_of(control.asked, "method") != "ctl/backend" || params == nullptr ||
      !params->is_object() ||
      text_of(params->get_object(), "name") != backend_name(claims, "payloads"))
    return "";
  return text_of(params->get_object(), "action");
}

std::string payload_store_during(const View& view, const Claims& claims, const Operation& request) {
  std::string now = "up";
  for (const Operation& control : view.operations(Action::control)) {
    const std::string told = told_payload_store(control, claims);
    if (told.empty()) continue;
    if (control.invoked > request.invoked) return control.invoked < request.answered ? "" : now;
    now = control.ok() && control.answered <= request.invoked ? told : "";
  }
  return now;
}

}  // namespace busproof::checkers
