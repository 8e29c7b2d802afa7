// STORE-10: the audit of what was sent.
#include <array>

#include "suites/checkers/audit.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;

/// Asks for all pages, as far as any right answer can go on.
void audit(Stage& stage, Session& session, boost::json::object params) {
  constexpr int kPagesMax = 100;
  for (int pages = 0; pages < kPagesMax; ++pages) {
    auto page = session.call("bus/audit", params);
    if (!page) stage.give_up("bus/audit", page.error());
    const auto* cursor = page->if_contains("cursor");
    if (cursor == nullptr || cursor->is_null()) return;
    params["cursor"] = *cursor;
  }
}

/// Messages of several sizes: one acked, one a dead letter, one deleted, the rest waiting.
void complete(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto subscription =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(2)});
  std::vector<Published> messages;
  std::vector<std::size_t> sizes = {0, 1, 1000, 70'000};
  if (const auto limit = stage.claims().limit("inline_bytes_max"); limit && *limit < 4 << 20)
    sizes.push_back(static_cast<std::size_t>(*limit) + 1);
  for (const std::size_t size : sizes)
    if (const auto payload = Payload::text(std::string(size, 'a')); fits(stage.claims(), payload))
      messages.push_back(stage.publish(session, {.destination = destination, .payload = payload}));
  if (stage.wait_count(session, subscription, 2)) {
    const auto deliveries = session.deliveries(subscription);
    stage.credit(session, subscription, 0);
    stage.ack(session, deliveries[0]);
    if (stage.claims().has("dead_letter"))
      if (auto rejected = session.reject(deliveries[1], false); !rejected)
        stage.give_up("bus/reject", rejected.error());
  }
  if (stage.claims().has("store"))
    if (auto removed = session.remove(messages.back()); !removed)
      stage.give_up("bus/delete", removed.error());
  // It may lag behind as counts may; what it says before that is over proves nothing.
  const std::chrono::milliseconds settle(stage.claims().limit_or_default("counts_settle_ms"));
  stage.let_pass(settle + std::chrono::milliseconds(400));
  for (const Published& message : messages)
    audit(stage, session, {{"transaction_id", message.transaction_id}});
}

/// Two sessions send; each is asked for, and each message by its id.
void no_extra(Stage& stage) {
  constexpr int kEach = 6;
  std::vector<Session*> sessions;
  std::vector<std::string> names;
  for (int i = 0; i < (stage.many_connections() ? 2 : 1); ++i) {
    sessions.push_back(&stage.connect_silently());
    names.push_back(stage.destination("session"));
    if (auto hello = sessions.back()->hello({{"session_id", names.back()}}); !hello)
      stage.give_up("bus/hello", hello.error());
  }
  const std::string destination = stage.destination();
  std::vector<Published> messages;
  for (int i = 0; i < kEach; ++i)
    for (std::size_t k = 0; k < sessions.size(); ++k)
      messages.push_back(stage.publish(*sessions[k], {.destination = destination,
                                                      .payload = Payload::text("whose"),
                                                      .attributes = {{"sessionid", names[k]}}}));
  for (std::size_t k = 0; k < sessions.size(); ++k)
    audit(stage, *sessions[k], {{"session_id", names[k]}});
  for (std::size_t i = 0; i < messages.size(); ++i)
    audit(stage, *sessions[i % sessions.size()], {{"transaction_id", messages[i].transaction_id}});
}

constexpr JudgedCase kComplete[] = {{"STORE-10.complete", checkers::judge_audit_complete}};
constexpr JudgedCase kNoExtra[] = {{"STORE-10.no_extra", checkers::judge_audit_no_extra}};

constexpr std::array kScenarios = {
    Scenario{.name = "Store.STORE_10_audits_every_message", .cases = kComplete, .run = complete},
    Scenario{.name = "Store.STORE_10_audits_nothing_else", .cases = kNoExtra, .run = no_extra},
};

}  // namespace

std::span<const Scenario> audit() { return kScenarios; }

}  // namespace busproof::families
