#include "suites/runner/ground.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "suites/stage/hello.hpp"

namespace busproof::runner {
namespace {

using contract::refused;
using contract::Result;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kStartLimit{10};
constexpr milliseconds kRecoveryMax{10'000};
constexpr milliseconds kWait{1'000}, kWaitsMax{20'000};  // A breaker opens for some seconds.
constexpr milliseconds kReaped{100};  // From a connection's end to the process seen ended.
constexpr std::size_t kSharedHangsMax =
    2;                                   // After the second start it hangs again: it will a third.
constexpr std::size_t kOwnHangsMax = 3;  // Each was a process of its own.

std::string counted(const std::vector<std::string>& events, std::string_view what) {
  const std::string many =
      events.size() == 1 ? "" : fmt::format("in {} scenarios, first ", events.size());
  return fmt::format("the bus {} {}in {}", what, many, events.front());
}

}  // namespace

Result<std::optional<contract::Claims>> start(targets::Target& target, std::string_view variant) {
  if (auto started = target.start(variant); !started) return tl::make_unexpected(started.error());
  if (!target.connector().many()) return std::optional<contract::Claims>();
  history::Recorder unseen({});
  auto up = stage::await_hello(target, unseen, kStartLimit);
  if (!up) return tl::make_unexpected(up.error());
  return std::optional(std::move(*up));
}

Result<Ground::Lent> Ground::bus(stage::Bus which, std::unique_ptr<targets::Target>& keeper,
                                 std::string_view variant) {
  const std::lock_guard lock(mutex);
  if (!given_up.empty()) return refused("given_up", "not tried: " + given_up);
  const bool one_connection = options.target.connect.how == targets::Connect::How::stdio_launch;
  const bool own = which != stage::Bus::shared && options.target.launch;
  if (own || one_connection || !variant.empty()) {
    targets::TargetFile file = options.target;
    if (which == stage::Bus::own_servers) file.stores = file.stores->others();
    auto made =
        targets::Target::make(reactor, file, work / fmt::format("bus-{}", ++buses), options.wrap);
    if (!made) return tl::make_unexpected(made.error());
    auto started = start(**made, variant);
    if (!started) return tl::make_unexpected(started.error());
    keeper = std::move(*made);
    Lent lent{.target = keeper.get()};
    if (!variant.empty()) lent.claims = std::move(*started);
    return lent;
  }
  if (!shared->obituary().empty())
    if (auto started = start_again(); !started) return tl::make_unexpected(started.error());
  return Lent{.target = shared.get(), .start = starts};
}

Result<void> Ground::start_again() {
  ++starts;
  auto started = start(*shared);
  if (started) return {};
  unavailable = true;
  given_up = "the bus could not be started again: " + started.error().detail();
  return refused("given_up", given_up);
}

void Ground::look_after(std::string_view scenario, stage::Stage& stage, const Lent& lent) {
  if (stage.lost()) {
    std::unique_lock lock(mutex);
    const std::string died = lent.target->obituary(kReaped);
    if (!died.empty()) {
      deaths.push_back(fmt::format("{}: {}", scenario, died));
    } else if (!lent.target->held()) {
      lock.unlock();
      history::Recorder unseen({});
      const milliseconds limit(claims.limit_or_default("recovery_ms"));
      const auto back = stage::await_hello(*lent.target, unseen, std::min(limit, kRecoveryMax));
      lock.lock();
      if (!back) {
        unavailable = true;
        given_up = fmt::format("the bus went away in {}: {}", scenario, back.error().detail());
      }
    }
    return;
  }
  if (stage.hangs()) hung(scenario, lent);
}

void Ground::hung(std::string_view scenario, const Lent& lent) {
  const std::lock_guard lock(mutex);
  if (!given_up.empty()) return;
  const bool is_shared = lent.target == shared.get();
  if (is_shared && lent.start != starts)
    return;  // Another scenario has told, and it was restarted.
  hangs.emplace_back(scenario);
  const std::size_t most = is_shared ? kSharedHangsMax : kOwnHangsMax;
  if (hangs.size() >= most || (is_shared && !shared->held())) {
    given_up = counted(hangs, "took requests and answered nothing more");
  } else if (is_shared) {
    shared->kill();
    if (auto started = start_again(); !started) return;  // It stands in given_up.
  }
}

stage::DiskWrite disk_beneath(const targets::TargetFile& target,
                              const std::filesystem::path& work) {
  if (!target.launch && target.connect.command.empty()) return {};
  std::error_code failed;
  std::filesystem::create_directories(work, failed);
  return failed ? stage::DiskWrite() : stage::writes_in(work);
}

bool Ground::let_it_pass() {
  const auto now = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex);
  if (wait_ends <= now) {
    if (waited >= kWaitsMax) return false;
    waited += kWait;
    wait_ends = now + kWait;
  }
  const auto until = wait_ends;
  lock.unlock();
  stage::pass_time(std::chrono::ceil<milliseconds>(until - now));
  return true;
}

std::vector<std::string> Ground::notes() const {
  std::vector<std::string> found;
  if (!deaths.empty()) found.push_back(counted(deaths, "ended by itself"));
  if (!hangs.empty()) found.push_back(counted(hangs, "took requests and answered nothing more"));
  if (!given_up.empty()) found.push_back("the cases left were not tried: " + given_up);
  return found;
}

}  // namespace busproof::runner
