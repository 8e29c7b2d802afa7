#include "suites/contract/methods.hpp"

#include <algorithm>
#include <array>

namespace busproof::contract {
namespace {

constexpr auto kMethods = std::to_array<Method>({
    {"bus/hello", ""},
    {"bus/publish", ""},
    {"bus/publish_batch", "batch"},
    {"bus/subscribe", ""},
    {"bus/unsubscribe", ""},
    {"bus/deliver", "", Direction::notification},
    {"bus/closed", "", Direction::notification},
    {"bus/credit", "queue"},
    {"bus/ack", "queue"},
    {"bus/reject", "queue"},
    {"bus/extend", "queue"},
    {"bus/retrieve", "store"},
    {"bus/upload_open", "upload"},
    {"bus/upload_append", "upload"},
    {"bus/upload_status", "upload"},
    {"bus/upload_commit", "upload"},
    {"bus/inspect", "store"},
    {"bus/delete", "store"},
    {"bus/correlated", "correlation"},
    {"bus/audit", "audit"},
    {"bus/pending", "queue"},
    {"bus/dead_letters", "dead_letter"},
    {"bus/redrive", "redrive"},
    {"bus/purge", "redrive"},
    {"bus/stats", "stats"},
    {"bus/health", "health"},
    {"ctl/clock", "control.clock"},
    {"ctl/sweep", "control.sweep"},
    {"ctl/corrupt", "control.corrupt"},
    {"ctl/backend", "control.backend"},
    {"ctl/state", "control.state"},
    {"ctl/reset", "control.reset"},
});

constexpr auto kParams = std::to_array<Param>({
    {"bus/publish", "ttl_ms", "ttl"},
    {"bus/publish", "delay_ms", "delay"},
    {"bus/subscribe", "group", "groups"},
    {"bus/subscribe", "pattern", "patterns"},
    {"bus/reject", "delay_ms", "delay"},
});

}  // namespace

std::span<const Method> methods() { return kMethods; }
std::span<const Param> capability_params() { return kParams; }

const Method* find_method(std::string_view name) {
  const auto* found = std::ranges::find(kMethods, name, &Method::name);
  return found == kMethods.end() ? nullptr : found;
}

}  // namespace busproof::contract
