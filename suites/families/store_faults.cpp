#include "suites/families/store_faults.hpp"

#include <boost/json/serialize.hpp>

#include "suites/checkers/store_calls.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using contract::Verdict;
using stage::Abandoned;

}  // namespace

PayloadStore::PayloadStore(stage::Stage& stage) : stage_(stage) {
  stage.need_own_bus();
  if (!stage.claims().has("control.backend"))
    throw Abandoned{Verdict::unverified, "there is no hold on the store of the bus"};
  name_ = checkers::backend_name(stage.claims(), "payloads");
  if (name_.empty())
    throw Abandoned{Verdict::unverified, "control.backend does not name the payload store"};
  if (name_ == checkers::backend_name(stage.claims(), "queues"))
    throw Abandoned{Verdict::unverified, "one store: payloads and queues fail together"};
}

PayloadStore::~PayloadStore() {
  try {
    if (!well_) up();
  } catch (const Abandoned&) {
    // The bus is the scenario's alone, and ends with it.
  }
}

void PayloadStore::hang() { tell("hang"); }

void PayloadStore::refuse_writes() {
  const auto detail = json::serialize(json::object{{"backend", name_}, {"how", "read-only"}});
  stage_.recorder().add({.action = history::Action::mark}, {.error = "refusing", .detail = detail});
  tell("readonly");
}

void PayloadStore::take_writes() {
  tell("up");
  const auto detail = json::serialize(json::object{{"backend", name_}, {"how", "read-only"}});
  stage_.recorder().add({.action = history::Action::mark},
                        {.error = "refusing_over", .detail = detail});
}

void PayloadStore::slow(stage::milliseconds delay) { tell("slow", delay.count()); }

void PayloadStore::tell(std::string_view action, std::optional<std::int64_t> delay_ms) {
  json::object params{{"name", name_}, {"action", action}};
  if (delay_ms) params["delay_ms"] = *delay_ms;
  well_ = action == "up";
  auto told = stage_.control("ctl/backend", std::move(params));
  if (!told && told.error().kind() == "not_supported")
    throw Abandoned{Verdict::unverified, "the bus cannot do that to its store"};
  if (!told) stage_.give_up("ctl/backend", told.error());
}

}  // namespace busproof::families
