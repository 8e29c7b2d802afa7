#include "suites/families/consumer.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include <fmt/format.h>

namespace busproof::families {

using targets::Delivered;

void Consumer::ack(const std::vector<Delivered>& fresh) {
  std::vector<std::uint32_t> under_way;
  for (const Delivered& delivery : fresh)
    if (!delivery.delivery_id.empty()) under_way.push_back(session_.start_ack(delivery));
  acked_ += fresh.size();
  // A refused ack is the judges' to weigh; here it only means that the message may come again.
  for (const std::uint32_t operation : under_way)
    if (auto answered = session_.await_ack(operation); !answered && session_.closed()) return;
}

void take_all(stage::Stage& stage, targets::Session& session, const std::string& destination,
              std::set<std::uint32_t> missing, std::int64_t lease_ms) {
  const auto held = stage.subscribe(session, {.destination = destination,
                                              .credit = stage.credit_for(20),
                                              .lease_ms = lease_for(stage, lease_ms)});
  Consumer consumer(stage, session, held);
  consumer.until([&](const std::vector<Delivered>& deliveries) {
    for (const Delivered& delivery : deliveries) missing.erase(delivery.message);
    return missing.empty();
  });
  consumer.fence(destination);
}

bool Consumer::until(const targets::Session::Enough& enough) {
  for (;;) {
    bool done = false;
    const bool more = session_.wait(subscription_, stage_.patience(), [&](const auto& now) {
      done = enough(now);
      return done || now.size() > acked_;
    });
    ack(session_.deliveries(subscription_, acked_));  // The new ones alone: a backlog may be long.
    if (done) return true;
    if (!more) return false;
  }
}

bool Consumer::within(stage::milliseconds limit, const targets::Session::Enough& enough) {
  const history::Time end = history::now() + limit;
  for (;;) {
    const history::Time left = std::max(end - history::now(), history::Time::zero());
    bool done = false;
    const bool more = session_.wait(subscription_, std::chrono::ceil<stage::milliseconds>(left),
                                    [&](const auto& now) {
                                      done = enough(now);
                                      return done || now.size() > acked_;
                                    });
    ack(session_.deliveries(subscription_, acked_));
    if (done || !more) return done;
  }
}

bool Consumer::count(std::size_t count) {
  return until([&](const auto& deliveries) { return deliveries.size() >= count; });
}

bool Consumer::fence(const std::string& destination, const std::string& mode) {
  const std::uint32_t fence = stage_.publish_fence(session_, destination, mode);
  return until([&](const auto& deliveries) {
    return std::any_of(deliveries.begin(), deliveries.end(),
                       [&](const Delivered& came) { return came.message == fence; });
  });
}

std::size_t messages_in(const std::vector<Delivered>& deliveries) {
  std::set<std::uint32_t> messages;
  for (const Delivered& delivery : deliveries) messages.insert(delivery.message);
  return messages.size();
}

std::vector<targets::Published> publish_many(stage::Stage& stage, targets::Session& session,
                                             const std::string& destination, std::size_t count) {
  constexpr std::size_t kUnderWay = 32;
  std::deque<std::uint32_t> under_way;
  std::vector<targets::Published> accepted;
  const auto finish_one = [&] {
    auto published = session.await_publish(under_way.front());
    under_way.pop_front();
    if (!published) stage.give_up("bus/publish", published.error());
    accepted.push_back(*published);
  };
  for (std::size_t i = 0; i < count; ++i) {
    if (under_way.size() == kUnderWay) finish_one();
    under_way.push_back(
        session.start_publish({.destination = destination,
                               .payload = targets::Payload::text(fmt::format("message {}", i))}));
  }
  while (!under_way.empty()) finish_one();
  return accepted;
}

void let_breaker_close(stage::Stage& stage) {
  const auto open = stage.claims().limit("breaker.open_ms");
  if (!stage.claims().has("breaker") || !stage.claims().has("control.clock") || !open) return;
  const auto moved = stage.control("ctl/clock", {{"advance_ms", *open + *open / 10}});
  static_cast<void>(moved);
}

stage::milliseconds recovery_of(const stage::Stage& stage) {
  std::int64_t limit = stage.claims().limit_or_default("recovery_ms");
  if (stage.claims().has("breaker") && !stage.claims().has("control.clock"))
    limit += stage.claims().limit("breaker.open_ms").value_or(0);
  return stage::milliseconds(limit);
}

void publish_until_accepted(stage::Stage& stage, targets::Session& session,
                            const std::string& destination, stage::milliseconds limit,
                            std::set<std::uint32_t>& accepted) {
  constexpr stage::milliseconds kBetween{50}, kBeyond{500};
  const auto until = history::now() + limit + kBeyond;
  while (!session.closed()) {
    const bool last = history::now() > until;
    const auto answer = session.publish(
        {.destination = destination, .payload = targets::Payload::text("is it there again?")});
    if (answer) accepted.insert(answer->message);
    if (answer || last) return;
    stage.let_pass(kBetween);
  }
}

std::optional<std::int64_t> lease_for(const stage::Stage& stage, std::int64_t wanted_ms) {
  if (stage.claims().trait("queue", "lease") != "timed") return std::nullopt;
  return std::min(wanted_ms, stage.claims().limit("lease_max_ms").value_or(wanted_ms));
}

}  // namespace busproof::families
