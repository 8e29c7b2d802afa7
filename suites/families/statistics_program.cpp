#include "suites/families/statistics_program.hpp"

#include <algorithm>
#include <array>
#include <deque>

#include "suites/checkers/statistics.hpp"

namespace busproof::families {
namespace {

using program::Kind;
using stage::milliseconds;
using stage::Stage;
using targets::Delivered;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kLaterMs = 600'000;

class Performer {
 public:
  explicit Performer(Stage& stage)
      : stage_(stage), destination_(stage.destination("counted")), session_(&stage.connect()) {
    subscribe();
  }

  [[nodiscard]] const std::string& destination() const { return destination_; }
  [[nodiscard]] Session& session() const { return *session_; }

  void step(const program::Operation& operation) {
    switch (operation.kind) {
      case Kind::publish:
        return publish(operation.value);
      case Kind::take:
        return take();
      case Kind::ack:
        if (const auto delivery = let_go(operation.value)) stage_.ack(*session_, *delivery);
        return;
      case Kind::reject:
        return reject(operation.value, true);
      case Kind::reconnect:
        return reconnect();
      case Kind::later:
        return later();
      case Kind::bury:
        return reject(operation.value, false);
      case Kind::remove:
        return remove(operation.value);
      case Kind::redrive:
        return redrive();
      case Kind::purge:
        return purge();
      case Kind::join:
        return join();
      case Kind::leave:
        return leave();
      default:
        return;  // No statistics program holds another.
    }
  }

 private:
  void subscribe() {
    subscription_ = stage_.subscribe(*session_, {.destination = destination_, .credit = 0});
    seen_ = 0;
  }

  void publish(std::int64_t priority) {
    targets::Publish wanted{.destination = destination_,
                            .payload = targets::Payload::text("counted")};
    if (stage_.claims().has("priority")) wanted.priority = priority;
    ready_.push_back(stage_.publish(*session_, wanted));
  }

  void later() {
    if (!stage_.claims().has("delay")) return;
    const auto delay = std::min(kLaterMs, stage_.claims().limit("delay_max_ms").value_or(kLaterMs));
    stage_.publish(*session_, {.destination = destination_,
                               .payload = targets::Payload::text("later"),
                               .delay_ms = delay});
  }

  void take() {
    const auto most = stage_.claims().limit("credit_max");
    const auto credit = static_cast<std::int64_t>(held_.size()) + 1;
    if (ready_.empty() || (most && credit > *most)) return;
    stage_.credit(*session_, subscription_, credit);
    const bool came = stage_.wait_count(*session_, subscription_, seen_ + 1);
    stage_.credit(*session_, subscription_, 0);
    if (!came) return;
    const Delivered delivery = session_->deliveries(subscription_, seen_++).front();
    const auto its = find(ready_, delivery.message);
    if (its == ready_.end()) return;
    held_.push_back({delivery, *its});
    ready_.erase(its);
  }

  void reject(std::int64_t which, bool requeue) {
    const auto most = stage_.claims().limit("attempts_max");
    if (held_.empty()) return;
    const Published message = held_[static_cast<std::size_t>(which) % held_.size()].message;
    const Delivered delivery = *let_go(which);
    const bool delays = stage_.claims().trait("queue", "reject_delay") != "none";
    const auto delay = requeue && delays ? std::optional<std::int64_t>(0) : std::nullopt;
    if (auto rejected = session_->reject(delivery, requeue, delay); !rejected)
      stage_.give_up("bus/reject", rejected.error());
    const bool used_up = most && delivery.attempt >= *most;
    (requeue && !used_up ? ready_ : dead_).push_back(message);
  }

  void reconnect() {
    const auto most = stage_.claims().limit("attempts_max");
    session_->close();
    // Where leases run on without their holder, what it held is out of reach.
    if (stage_.claims().trait("queue", "release") == "keeps") held_.clear();
    for (const Held& held : held_)
      (most && held.delivery.attempt >= *most ? dead_ : ready_).push_back(held.message);
    held_.clear();
    topics_.clear();
    session_ = &stage_.connect();
    subscribe();
  }

  void remove(std::int64_t which) {
    if (!stage_.claims().has("store")) return;
    auto& from = ready_.empty() ? dead_ : ready_;
    if (from.empty()) return;
    const auto its = from.begin() + which % static_cast<std::ptrdiff_t>(from.size());
    if (auto removed = session_->remove(*its); !removed)
      stage_.give_up("bus/delete", removed.error());
    from.erase(its);
  }

  void redrive() {
    if (!stage_.claims().has("redrive") || dead_.empty()) return;
    if (auto done = session_->call("bus/redrive", {{"destination", destination_}}); !done)
      stage_.give_up("bus/redrive", done.error());
    ready_.insert(ready_.end(), dead_.begin(), dead_.end());
    dead_.clear();
  }

  void purge() {
    if (!stage_.claims().has("redrive") || dead_.empty()) return;
    if (auto done = session_->call("bus/purge", {{"destination", destination_}}); !done)
      stage_.give_up("bus/purge", done.error());
    dead_.clear();
  }

  void join() {
    if (stage_.claims().has("topic"))
      topics_.push_back(
          stage_.subscribe(*session_, {.destination = destination_, .mode = "topic"}));
  }

  void leave() {
    if (topics_.empty()) return;
    if (auto left = session_->unsubscribe(topics_.front()); !left)
      stage_.give_up("bus/unsubscribe", left.error());
    topics_.pop_front();
  }

  struct Held {
    Delivered delivery;
    Published message;
  };

  std::optional<Delivered> let_go(std::int64_t which) {
    if (held_.empty()) return std::nullopt;
    const auto its = held_.begin() + which % static_cast<std::ptrdiff_t>(held_.size());
    const Delivered delivery = its->delivery;
    held_.erase(its);
    return delivery;
  }

  static std::vector<Published>::iterator find(std::vector<Published>& among,
                                               std::uint32_t message) {
    return std::find_if(among.begin(), among.end(),
                        [&](const Published& one) { return one.message == message; });
  }

  Stage& stage_;
  std::string destination_;
  Session* session_;
  Subscribed subscription_;
  std::size_t seen_ = 0;  ///< Deliveries of this subscription that were taken.
  std::vector<Published> ready_, dead_;
  std::vector<Held> held_;
  std::deque<Subscribed> topics_;
};

}  // namespace

Counted perform_counted(Stage& stage, const program::Program& program) {
  Performer performer(stage);
  for (const program::Operation& operation : program) performer.step(operation);
  return {performer.destination(), performer.session()};
}

void ask_statistics(Stage& stage, Session& session, const std::string& destination,
                    std::span<const checkers::Judge> judges) {
  const auto ask = [&] {
    auto told = session.call("bus/stats", {{"destination", destination}});
    if (!told) stage.give_up("bus/stats", told.error());
    return stage.met_so_far(judges);
  };
  const milliseconds settle(stage.claims().limit_or_default("counts_settle_ms"));
  const auto until = std::chrono::steady_clock::now() + settle;
  while (!ask() && std::chrono::steady_clock::now() < until) stage.let_pass(milliseconds(20));
  if (stage.met_so_far(judges)) return;
  stage.let_pass(milliseconds(200));  // What the judges allow the harness itself.
  ask();
}

void perform_statistics_program(Stage& stage, const program::Program& program) {
  static constexpr std::array<checkers::Judge, 3> kJudges = {
      checkers::judge_group_counts, checkers::judge_subscribers, checkers::judge_balance};
  const Counted counted = perform_counted(stage, program);
  ask_statistics(stage, counted.session, counted.destination, kJudges);
}

}  // namespace busproof::families
