// publish_bench [IN_FLIGHT...]: durable publishes of 1 KB a second through the WebSocket, against
// the bare store: the same statements in the same batches, on a fresh one in the same process.
//
// What the ratio says: how much of the store's speed is left once requests are read, ordered,
// answered and sent by a client on the same machine. The data lies below $TMPDIR (or /tmp), with
// REFBUS_STORE=postgres or redis on a server started for this, or on the one that SUPABASE_URL or
// REDIS_URL names, which keeps what was published there: what a commit costs decides both figures.
// On PostgreSQL also against one INSERT of as many bytes after the other, each a commit.
//
// Errors: 70 where an answer is not a result, or the bus cannot be reached.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "reference/bench/own_server.hpp"
#include "reference/bench/place.hpp"
#include "reference/bench/running_bus.hpp"
#include "reference/bench/wire.hpp"

namespace {

namespace fs = std::filesystem;
using reference::Config;
using reference::bench::config_of;
using reference::bench::demand_result;
using reference::bench::free_port;
using reference::bench::from_environment;
using reference::bench::RunningBus;
using reference::bench::Scratch;
using reference::bench::seams_of;
using reference::bench::windows_of;
using reference::bench::Wire;
using reference::core::Answer;
using reference::core::Enqueue;
using reference::core::Question;
using reference::core::Shift;
using reference::core::Step;
using reference::stores::QueueStore;
using Seconds = std::chrono::duration<double>;

constexpr int kMessages = 60'000;
constexpr int kPayload = 1024;
constexpr std::uint64_t kSomeInstant = 1'700'000'000'000;

/// What passed: how many steps were in each batch, and one of them.
struct Passed {
  std::vector<std::size_t> batches;
  std::optional<Step> step;
};

/// Notes what passes. Not the steps themselves: copies of them would be paid for by the bus.
class Noting final : public QueueStore {
 public:
  Noting(std::unique_ptr<QueueStore> inner, Passed& passed)
      : inner_(std::move(inner)), passed_(passed) {}

  reference::core::Result<std::vector<Answer>> apply(std::span<const Step> batch,
                                                     Shift shift) override {
    passed_.batches.push_back(batch.size());
    if (!passed_.step) passed_.step = batch.front();
    return inner_->apply(batch, shift);
  }
  reference::core::Result<reference::core::View> look(const Question& question,
                                                      Shift shift) override {
    return inner_->look(question, shift);
  }
  reference::core::Result<reference::core::Swept> sweep(int at_most, int attempts_max,
                                                        Shift shift) override {
    return inner_->sweep(at_most, attempts_max, shift);
  }
  reference::core::Result<void> migrate() override { return inner_->migrate(); }

 private:
  std::unique_ptr<QueueStore> inner_;
  Passed& passed_;
};

/// The same batches again, of publishes that differ as those did: in what names them.
std::vector<std::vector<Step>> again(const Passed& passed) {
  std::mt19937_64 bits(1);
  std::vector<std::vector<Step>> batches;
  std::uint64_t count = 0;
  for (const std::size_t size : passed.batches) {
    auto& batch = batches.emplace_back(size, *passed.step);
    for (Step& step : batch) {
      auto& enqueue = std::get<Enqueue>(step.ops.at(0));
      enqueue.id =
          reference::core::make_transaction_id(kSomeInstant + ++count / 50, bits(), bits());
      enqueue.identity = {bits(), bits()};
    }
  }
  return batches;
}

/// How long it takes until all are answered.
Seconds publish(unsigned short port, int in_flight) {
  Wire wire(port);
  const std::string payload(kPayload, 'x');
  const auto start = std::chrono::steady_clock::now();
  int sent = 0, answered = 0;
  while (answered < kMessages) {
    for (; sent < kMessages && sent < answered + in_flight; ++sent)
      wire.add(
          fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"bus/publish","params":)"
                      R"({{"destination":"bench","mode":"queue","event":{{"specversion":"1.0",)"
                      R"("id":"{}","source":"bench","type":"t","data":"{}"}}}}}})",
                      sent + 1, sent, payload));
    wire.send();
    wire.take([&](std::string_view said) {
      demand_result(said);
      ++answered;
    });
  }
  return std::chrono::steady_clock::now() - start;
}

struct Figures {
  double bus, bare;
  std::size_t batches;
  std::optional<double> one_by_one;
};

Seconds through_the_socket(const Config& config, reference::Seams seams, int in_flight) {
  const RunningBus bus(config, std::move(seams));
  return publish(config.listen.port, in_flight);
}

Figures measure(int in_flight, const fs::path& folder) {
  Passed passed;
  auto config = config_of(folder / "bus");
  config.listen.port = free_port();
  Scratch beside(config);
  auto seams = seams_of(config);
  seams.queues = std::make_unique<Noting>(std::move(seams.queues), passed);
  const Seconds through = through_the_socket(config, std::move(seams), in_flight);
  const auto one_by_one = beside.one_by_one(kPayload);

  config = config_of(folder / "bare");
  const Scratch bare_scratch(config);
  auto fresh = seams_of(config);
  if (!fresh.queues->migrate()) throw std::runtime_error("the bare store has no schema");
  const auto batches = again(passed);
  const auto start = std::chrono::steady_clock::now();
  for (const auto& batch : batches)
    if (!fresh.queues->apply(batch, Shift{0})) throw std::runtime_error("a batch failed");
  const Seconds bare = std::chrono::steady_clock::now() - start;
  return {kMessages / through.count(), kMessages / bare.count(), batches.size(), one_by_one};
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path folder =
      fs::temp_directory_path() /
      fmt::format("publish-bench-{}", std::hash<std::thread::id>()(std::this_thread::get_id()));
  try {
    const reference::bench::OwnServer server(from_environment("REFBUS_STORE").value_or(""));
    for (const int in_flight : windows_of(argc, argv)) {
      const Figures figures = measure(in_flight, folder / std::to_string(in_flight));
      std::cout << fmt::format(
          "{} in flight: {:.0f} publishes/s through the socket, {:.0f}/s bare in {} batches; ratio "
          "{:.2f} (bar 0.70)\n",
          in_flight, figures.bus, figures.bare, figures.batches, figures.bus / figures.bare);
      if (figures.one_by_one)
        std::cout << fmt::format("  {:.0f}/s one by one; {:.1f} times as many (bar {})\n",
                                 *figures.one_by_one, figures.bus / *figures.one_by_one,
                                 in_flight >= 512 ? 5 : 3);
    }
    fs::remove_all(folder);
  } catch (const std::exception& broke) {
    std::cerr << "publish_bench: " << broke.what() << '\n';
    return 70;
  }
  return 0;
}
