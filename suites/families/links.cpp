// Cases that are seen on the links between a bus and the servers that it stores in.
#include <array>

#include "suites/checkers/links.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/watched.hpp"
#include "suites/stage/links.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Links;
using stage::milliseconds;
using stage::Scenario;
using stage::Sought;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;

/// For what a bus may put off and do a little later.
constexpr milliseconds kPutOff{300};

/// A payload above the inline limit shows that it would be seen; then those that go inline.
void nothing_inline_is_sent(Stage& stage) {
  Links links = stage.links();
  const std::string link = links.payloads();
  const auto limit = static_cast<std::size_t>(*stage.claims().limit("inline_bytes_max"));
  Session& session = stage.connect();
  const std::string mode = stage.mode(), destination = stage.destination();
  targets::Subscribe wanted{.destination = destination, .mode = mode};
  if (mode == "queue") wanted.credit = stage.credit_for(4);
  Consumer consumer(stage, session, stage.subscribe(session, wanted));
  std::vector<std::pair<Sought, Published>> sent;
  for (const std::size_t size :
       {limit + 1, limit, limit / 2, limit - 1, std::min<std::size_t>(limit, 20'000),
        std::min<std::size_t>(limit, 300)}) {
    const Payload payload = Payload::binary(random_bytes(stage, size));
    if (!fits(stage.claims(), payload)) continue;
    const Sought sought = links.seek(link, payload.bytes);
    sent.emplace_back(
        sought,
        stage.publish(session, {.destination = destination, .mode = mode, .payload = payload}));
    if (!consumer.count(sent.size())) break;
  }
  stage.let_pass(kPutOff);
  for (const auto& [sought, published] : sent) links.mark(sought, published.message);
}

void disabled_leaves_the_store_alone(Stage& stage) {
  constexpr std::int64_t kTimes = 5;
  const std::string link = stage.links().payloads();
  const auto limit =
      static_cast<std::size_t>(stage.claims().limit("inline_bytes_max").value_or(100'000));
  stage.need_variant("bus.disabled");
  stage.stop_bus();
  stage.start_bus("bus.disabled");
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(4)}));
  std::size_t sent = 0;
  std::optional<Published> last;
  const auto publish = [&](const Payload& payload) {
    last = stage.publish(session, {.destination = destination, .payload = payload});
    consumer.count(++sent);
  };
  const Payload small = Payload::text("small"),
                large = Payload::binary(random_bytes(stage, limit + 1));
  Watched watched(stage);
  publish(small);
  for (int round = 0; round < Watched::kRounds; ++round) {
    watched.calls("publish", kTimes, [&] { publish(small); });
    if (fits(stage.claims(), large)) watched.calls("publish large", 2, [&] { publish(large); });
    watched.calls("retrieve", kTimes, [&] {
      if (auto read = session.retrieve(*last); !read && session.closed())
        stage.give_up("bus/retrieve", read.error());
    });
    watched.calls("upload", kTimes, [&] {
      // Refused or not: where there is no such method, that is answered without a store, too.
      if (auto opened = session.call("bus/upload_open", {{"datasize", limit + 1}});
          !opened && session.closed())
        stage.give_up("bus/upload_open", opened.error());
    });
    watched.idle();
  }
  watched.enough();
}

constexpr JudgedCase kNothing[] = {{"ROUTE-1.nothing_stored", checkers::judge_inline_not_sent}};
constexpr JudgedCase kUntouched[] = {{"ROUTE-5.store_untouched", checkers::judge_store_untouched}};

constexpr std::array kScenarios = {
    Scenario{.name = "Links.ROUTE_1_sends_nothing_inline_to_the_payload_store",
             .cases = kNothing,
             .bus = stage::Bus::own,
             .run = nothing_inline_is_sent},
    Scenario{.name = "Links.ROUTE_5_disabled_leaves_the_payload_store_alone",
             .cases = kUntouched,
             .bus = stage::Bus::own,
             .run = disabled_leaves_the_store_alone},
};

}  // namespace

std::span<const Scenario> links() { return kScenarios; }

}  // namespace busproof::families
