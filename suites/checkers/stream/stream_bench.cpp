// stream_bench [OPERATIONS [FILE]]: how long one pass takes over a history of so many operations,
// against the bar of 200 ns an operation up to a million and 300 ns beyond.
//
// The history is that of a correct bus under load: 8 queues with priorities, each with one consumer
// that has 20 deliveries outstanding, 4 publishers, every message of another payload. Two
// operations a message, publish and ack, and a delivery between them.
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "suites/checkers/stream/stream.hpp"
#include "suites/history/binary.hpp"
#include "suites/history/recorder.hpp"

namespace {

using namespace busproof;
using history::Action;
using history::Event;
using history::Phase;

constexpr std::uint32_t kQueues = 8, kPublishers = 4, kOutstanding = 20;
constexpr std::string_view kClaims =
    R"({"protocol":"1.0","server":{"name":"bench","version":"1"},
        "capabilities":{"queue":{},"priority":{},"ttl":{},"store":{}},
        "limits":{"lease_default_ms":30000,"credit_default":100,"ttl_grace_ms":1000,
                  "priority":{"min":0,"max":9,"default":0}},
        "guarantees":{"durability":"process_crash","ordering":"per_destination"}})";

class Load {
 public:
  Load() : recorder_({.scenario = "bench", .claims = std::string(kClaims)}) {
    for (std::uint32_t queue = 1; queue <= kQueues; ++queue) {
      Event event = made(Action::subscribe, kPublishers + queue, queue);
      event.subscription = queue;
      event.amount = kOutstanding;
      asked_and_answered(event, "{\"mode\":\"queue\"}", "{\"subscription\":\"s\"}");
    }
  }

  std::string history(std::uint32_t messages) {
    for (std::uint32_t message = 1; message <= messages; ++message) {
      const std::uint32_t queue = message % kQueues + 1;
      Event publish = made(Action::publish, message % kPublishers + 1, queue);
      publish.message = message;
      asked_and_answered(
          publish,
          fmt::format("{{\"size\":1024,\"digest\":\"sha-256=:{:043}=:\",\"mode\":\"queue\","
                      "\"priority\":{}}}",
                      message, message / kQueues % 3),
          fmt::format("{{\"transaction_id\":\"{:032x}\",\"route\":\"inline\"}}", message));
      deliver(message, queue);
    }
    for (std::uint32_t queue = 1; queue <= kQueues; ++queue) fence(messages + queue, queue);
    return history::to_binary(recorder_.take());
  }

 private:
  void fence(std::uint32_t message, std::uint32_t queue) {
    Event publish = made(Action::publish, 1, queue);
    publish.message = message;
    asked_and_answered(publish, "{\"mode\":\"queue\",\"priority\":0}", {});
    Event mark;
    mark.message = message;
    mark.at = now_ += std::chrono::microseconds(7);
    recorder_.add(mark, {.error = "fence"});
    deliver(message, queue);
  }

  Event made(Action action, std::uint32_t session, std::uint32_t queue) {
    Event event;
    event.action = action;
    event.session = session;
    event.destination = queue;  // Stands for its name until it is recorded.
    return event;
  }

  void record(Event event, std::string_view detail) {
    const std::string destination = fmt::format("queue {}", event.destination);
    event.at = now_ += std::chrono::microseconds(7);
    recorder_.add(event, {.destination = destination, .detail = detail});
  }

  void asked_and_answered(Event event, std::string_view asked, std::string_view said) {
    event.op = ++operations_;
    event.phase = Phase::invoke;
    record(event, asked);
    event.phase = Phase::ok;
    record(event, said);
  }

  void deliver(std::uint32_t message, std::uint32_t queue) {
    Event event = made(Action::deliver, kPublishers + queue, queue);
    event.subscription = queue;
    event.message = message;
    event.delivery = message;
    event.attempt = 1;
    record(event, {});
    held_.push_back(event);
    if (held_.size() < kOutstanding * kQueues / 2) return;
    Event ack = held_.front();
    held_.pop_front();
    ack.action = Action::ack;
    ack.attempt = 0;
    asked_and_answered(ack, {}, {});
  }

  history::Recorder recorder_;
  history::Time now_{1};
  std::uint32_t operations_ = 0;
  std::deque<Event> held_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto operations = static_cast<std::uint32_t>(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
  std::string bytes;
  if (std::ifstream file(argc > 2 ? argv[2] : "", std::ios::binary); file)
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (bytes.empty()) bytes = Load().history(operations / 2);
  if (argc > 2) std::ofstream(argv[2], std::ios::binary) << bytes;
  const auto start = std::chrono::steady_clock::now();
  const auto judged = checkers::stream::judge_binary(bytes);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (!judged) {
    std::cerr << "stream_bench: " << judged.error().detail() << '\n';
    return 70;
  }
  const double bar = operations <= 1'000'000 ? 200e-9 : 300e-9;
  std::cout << fmt::format(
      "{} operations, {} MB: {:.3f} s, {:.0f} ns an operation, {:.2f} of the bar\n", operations,
      bytes.size() >> 20, took.count(), took.count() / operations * 1e9,
      took.count() / operations / bar);
  for (const auto& promise : *judged)
    std::cout << fmt::format("  {:<10} {} ({} judged) {}\n", promise.name,
                             contract::to_string(promise.judgement.verdict()),
                             promise.judgement.judged(), promise.judgement.says());
  return 0;
}
