// delivery_bench [UNDER_WAY...]: durable messages of 1 KB through the WebSocket from their publish
// to the answer of their ack, by one client that publishes and consumes: how many a second, and how
// long each part takes.
//
// At most so many messages are under way at once, from publish to settled, so that a delivery's
// time is the bus' and not that of a queue that has grown. publish: from sending it to its answer;
// delivery: from sending the publish to the delivery; ack: from sending it to its answer. All of
// them as the client sees them, one clock for all. Stores as with publish_bench.
//
// Errors: 70 where an answer is not a result, or the bus cannot be reached.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "reference/bench/own_server.hpp"
#include "reference/bench/place.hpp"
#include "reference/bench/running_bus.hpp"
#include "reference/bench/wire.hpp"

namespace {

namespace fs = std::filesystem;
using reference::bench::config_of;
using reference::bench::RunningBus;
using reference::bench::Scratch;
using reference::bench::Wire;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMessages = 20'000;
constexpr std::size_t kPayload = 1024;
constexpr std::string_view kRequest = "\"id\":", kEvent = "\"id\":\"m",
                           kDelivery = "\"delivery_id\":\"";

/// What stands behind `name` in a text that the bus wrote.
std::string_view behind(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos)
    throw std::runtime_error("without " + std::string(name) + ": " + std::string(text));
  return text.substr(at + name.size());
}

std::size_t number_in(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

struct Times {
  std::vector<Clock::duration> all;
  [[nodiscard]] std::string text() {
    std::sort(all.begin(), all.end());
    const auto at = [&](double part) {
      const auto place = std::ceil(part * static_cast<double>(all.size())) - 1;
      return std::chrono::duration<double, std::milli>(all[static_cast<std::size_t>(place)])
          .count();
    };
    return fmt::format("p50 {:.1f} p95 {:.1f} p99 {:.1f} max {:.1f} ms", at(0.5), at(0.95),
                       at(0.99), at(1));
  }
};

/// One measurement: its requests are numbered, each message's publish and ack by the message.
class Measurement {
 public:
  Measurement(unsigned short port, std::size_t under_way) : wire_(port), under_way_(under_way) {
    wire_.call(fmt::format(R"({{"jsonrpc":"2.0","id":0,"method":"bus/subscribe","params":)"
                           R"({{"destination":"bench","mode":"queue","credit":{}}}}})",
                           under_way));
  }

  std::string run() {
    const auto start = Clock::now();
    while (settled_ < kMessages) {
      while (sent_.size() < kMessages && sent_.size() < settled_ + under_way_) publish();
      wire_.send();
      wire_.take([&](std::string_view said) { take(said); });
    }
    const std::chrono::duration<double> took = Clock::now() - start;
    return fmt::format(
        "{:.0f} messages/s published, delivered and acked; publish {}; delivery {}; "
        "ack {}",
        kMessages / took.count(), published_.text(), delivered_.text(), acked_.text());
  }

 private:
  void publish() {
    const auto n = sent_.size();
    wire_.add(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"bus/publish","params":)"
                          R"({{"destination":"bench","mode":"queue","event":{{"specversion":"1.0",)"
                          R"("id":"m{}","source":"bench","type":"t","data":"{}"}}}}}})",
                          n, n, payload_));
    sent_.push_back(Clock::now());
    ack_sent_.emplace_back();
  }

  void take(std::string_view said) {
    const auto now = Clock::now();
    if (said.find("\"method\":\"bus/deliver\"") != std::string_view::npos) return ack(said, now);
    reference::bench::demand_result(said);
    const auto id = number_in(behind(said, kRequest));
    if (id < kMessages) {
      published_.all.push_back(now - sent_.at(id));
    } else {
      acked_.all.push_back(now - ack_sent_.at(id - kMessages));
      ++settled_;
    }
  }

  void ack(std::string_view said, Clock::time_point now) {
    const auto n = number_in(behind(said, kEvent));
    delivered_.all.push_back(now - sent_.at(n));
    const auto id = behind(said, kDelivery);
    wire_.add(fmt::format(
        R"({{"jsonrpc":"2.0","id":{},"method":"bus/ack","params":{{"delivery_id":"{}"}}}})",
        kMessages + n, id.substr(0, id.find('"'))));
    ack_sent_.at(n) = now;
  }

  Wire wire_;
  std::size_t under_way_;
  std::string payload_ = std::string(kPayload, 'x');
  std::vector<Clock::time_point> sent_, ack_sent_;
  std::size_t settled_ = 0;
  Times published_, delivered_, acked_;
};

std::string measure(int under_way, const fs::path& folder) {
  auto config = config_of(folder);
  config.listen.port = reference::bench::free_port();
  const Scratch scratch(config);
  const RunningBus bus(config, reference::bench::seams_of(config));
  return Measurement(config.listen.port, static_cast<std::size_t>(under_way)).run();
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path folder =
      fs::temp_directory_path() /
      fmt::format("delivery-bench-{}", std::hash<std::thread::id>()(std::this_thread::get_id()));
  try {
    const reference::bench::OwnServer server(
        reference::bench::from_environment("REFBUS_STORE").value_or(""));
    for (const int under_way : reference::bench::windows_of(argc, argv))
      std::cout << under_way
                << " under way: " << measure(under_way, folder / std::to_string(under_way))
                << std::endl;
    fs::remove_all(folder);
  } catch (const std::exception& broke) {
    std::cerr << "delivery_bench: " << broke.what() << '\n';
    return 70;
  }
  return 0;
}
