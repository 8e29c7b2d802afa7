// What a stage does to stored bytes and reads of the bus' memory.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/stage/stage.hpp"
#include "suites/targets/outside.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Verdict;

void record(history::Recorder& recorder, const targets::Published& message,
            const Stage::Damage& damage, std::string_view by) {
  json::object detail{{"part", damage.part}, {"op", damage.op}, {"at", damage.at}, {"by", by}};
  if (damage.chunk) detail["chunk"] = *damage.chunk;
  if (damage.with_chunk) detail["with"] = *damage.with_chunk;
  if (!damage.with_id.empty()) detail["with"] = damage.with_id;
  recorder.add({.action = history::Action::mark, .message = message.message},
               {.error = "corrupted", .detail = json::serialize(detail)});
}

}  // namespace

void Stage::watch_memory() {
  setting_.target.forget_peak_memory();
  mark_memory();
}

void Stage::mark_memory() {
  const auto bytes = setting_.target.peak_memory();
  if (!bytes)
    throw Abandoned{Verdict::unverified, "the memory of the bus cannot be seen from here"};
  recorder().add({.action = history::Action::mark, .amount = *bytes}, {.error = "memory"});
}

void Stage::mark_holdings() {
  const auto held = setting_.target.holdings();
  if (!held)
    throw Abandoned{Verdict::unverified, "what the bus' processes hold cannot be seen from here"};
  recorder().add({.action = history::Action::mark, .amount = held->resident},
                 {.error = "resident"});
  recorder().add({.action = history::Action::mark, .amount = held->descriptors},
                 {.error = "descriptors"});
}

void Stage::mark_rows() {
  std::int64_t sum = 0;
  bool any = false;
  for (const auto& [name, backend] : setting_.target.backends()) {
    if (backend.rows.empty() && (claims().has("audit") || claims().has("dedupe")))
      throw Abandoned{Verdict::unverified,
                      fmt::format("what the bus remembers of messages that are gone stays: the "
                                  "target has to say with rows.{} what may not",
                                  name)};
    const auto rows = targets::rows(setting_.target, name);
    if (!rows) give_up("rows: " + name, rows.error());
    sum += *rows;
    any = true;
  }
  if (!any)
    throw Abandoned{Verdict::unverified, "the target names no store that can be looked into"};
  recorder().add({.action = history::Action::mark, .amount = sum}, {.error = "rows"});
}

void Stage::mark_rows_seen() {
  bool any = false;
  for (const auto& [name, backend] : setting_.target.backends()) {
    const auto mark_seen = [this, &store = name](backends::Eyes eyes, const char* mark) {
      const auto seen = targets::rows_seen(setting_.target, store, eyes);
      if (!seen) return false;
      if (!*seen && seen->error().kind() != "exempt") give_up(store, seen->error());
      if (*seen)
        recorder().add({.action = history::Action::mark, .amount = **seen}, {.error = mark});
      return true;
    };
    const auto* lodging = setting_.target.lodging(name);
    if (lodging == nullptr || lodging->space->for_harness().kind != backends::Kind::postgres)
      continue;
    if (backend.rows.empty())
      throw Abandoned{
          Verdict::unverified,
          fmt::format("the target has to say with rows.{} which rows are tenants'", name)};
    const auto rows = targets::rows(setting_.target, name);
    if (!rows) give_up("rows: " + name, rows.error());
    recorder().add({.action = history::Action::mark, .amount = *rows}, {.error = "rows"});
    any = mark_seen(backends::Eyes::stranger, "rows_of_stranger") || any;
    mark_seen(backends::Eyes::owner, "rows_of_owner");
  }
  if (!any) throw Abandoned{Verdict::unverified, "the target's stores are no PostgreSQL server"};
}

bool Stage::corrupt_outside(const targets::Published& message, const Damage& damage) {
  const std::string name = fmt::format("{}.{}", damage.part, damage.op);
  const auto backends = setting_.target.corrupters(name);
  if (backends.empty() || damage.through_hook) return false;
  const backends::Values values{
      .id = message.transaction_id,
      .offset = damage.at,
      .chunk = damage.chunk,
      .with_id = damage.with_id.empty() ? message.transaction_id : damage.with_id,
      .with_chunk = damage.with_chunk ? damage.with_chunk : damage.chunk};
  std::int64_t changed = 0;
  for (const std::string& backend : backends) {
    const auto done = targets::damage(
        setting_.target, backend, setting_.target.backends().at(backend).corrupt.at(name), values);
    if (!done) give_up("corrupt: " + name, done.error());
    changed += *done;
  }
  if (changed == 0)
    throw Abandoned{Verdict::blocked,
                    fmt::format("corrupt: {} found nothing stored of that message", name)};
  return true;
}

void Stage::corrupt(const targets::Published& message, const Damage& damage) {
  if (corrupt_outside(message, damage)) return record(recorder(), message, damage, "outside");
  json::object params{{"transaction_id", message.transaction_id},
                      {"part", damage.part},
                      {"op", damage.op},
                      {"at", damage.at}};
  if (damage.chunk) params["chunk"] = *damage.chunk;
  if (damage.with_chunk) params["with"] = *damage.with_chunk;
  if (!damage.with_id.empty()) params["with"] = damage.with_id;
  const auto done = control("ctl/corrupt", std::move(params));
  if (!done && done.error().kind() == "not_supported")
    throw Abandoned{Verdict::unverified,
                    fmt::format("the bus cannot do {}.{} to itself", damage.part, damage.op)};
  if (!done) give_up("ctl/corrupt", done.error());
  record(recorder(), message, damage, "hook");
}

}  // namespace busproof::stage
