#include "suites/families/ailing.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "suites/checkers/store_calls.hpp"

namespace busproof::families {

namespace json = boost::json;
using contract::Verdict;
using stage::Abandoned;
using stage::milliseconds;
using stage::Stage;

Stores::Stores(Stage& stage) : stage_(stage) {
  stage.need_own_bus();
  try {
    servers_ = stage.links().all();
    return;
  } catch (const Abandoned&) {
    // No servers: the hook, then.
  }
  if (!stage.claims().has("control.backend"))
    throw Abandoned{Verdict::unverified, "there is no hold on the stores of the bus"};
  for (const char* const of : {"payloads", "queues"})
    if (const std::string name = checkers::backend_name(stage.claims(), of);
        !name.empty() && std::ranges::count(names_, name) == 0)
      names_.push_back(name);
}

Stores::~Stores() {
  try {
    heal();
  } catch (const Abandoned&) {
    // The bus is the scenario's alone, and ends with it.
  }
}

void Stores::tell(std::string_view action, milliseconds delay) {
  for (const std::string& name : names_) {
    json::object params{{"name", name}, {"action", action}};
    if (action == "slow") params["delay_ms"] = delay.count();
    auto told = stage_.control("ctl/backend", std::move(params));
    if (!told && told.error().kind() == "not_supported")
      throw Abandoned{Verdict::unverified, "the bus cannot do that to its store"};
    if (!told) stage_.give_up("ctl/backend", told.error());
  }
}

void Stores::ail(std::string_view is, milliseconds delay) {
  heal();
  well_ = false;
  if (names_.empty()) {
    // One way alone, so that a round trip takes no more than that.
    const proxy::Fault fault = delay.count() > 0
                                   ? proxy::Fault(proxy::Latency{delay, {}, proxy::Toward::server})
                                   : proxy::Fault(proxy::Refuse{});
    disturbed_ = std::make_unique<stage::Disturbed>(stage_.links().disturb(servers_, fault));
  } else {
    tell(delay.count() > 0 ? "slow" : "down", delay);
  }
  stage_.recorder().add({.action = history::Action::mark, .amount = delay.count()},
                        {.error = "ailing", .detail = json::serialize(json::object{{"is", is}})});
}

void Stores::delay(milliseconds time) { ail("delayed", time); }

void Stores::down() { ail("down", milliseconds(0)); }

void Stores::heal() {
  if (well_) return;
  stage_.recorder().mark("healing");
  disturbed_.reset();
  tell("up", {});
  well_ = true;
  stage_.recorder().mark("well");
}

}  // namespace busproof::families
