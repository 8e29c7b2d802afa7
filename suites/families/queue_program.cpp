#include "suites/families/queue_program.hpp"

#include <algorithm>
#include <set>

#include "suites/families/consumer.hpp"

namespace busproof::families {
namespace {

using program::Kind;
using stage::Stage;
using targets::Delivered;
using targets::Session;
using targets::Subscribed;

class Performer {
 public:
  explicit Performer(Stage& stage)
      : stage_(stage), destination_(stage.destination()), session_(&stage.connect()) {
    subscribe();
  }

  void step(const program::Operation& operation) {
    switch (operation.kind) {
      case Kind::publish:
        return publish(operation.value);
      case Kind::take:
        return take();
      case Kind::ack:
        return ack(operation.value);
      case Kind::reject:
        return reject(operation.value);
      case Kind::reconnect:
        return reconnect();
      default:
        return;  // No queue program holds another.
    }
  }

  void drain() {
    for (const Delivered& delivery : held_) stage_.ack(*session_, delivery);
    held_.clear();
    stage_.credit(*session_, subscription_, stage_.credit_for(20));
    Consumer consumer(stage_, *session_, subscription_, seen_);
    // What came is acked as it comes; a message is still owed until it was acked once.
    consumer.until([&](const std::vector<Delivered>& deliveries) {
      std::set<std::uint32_t> fresh;
      for (std::size_t i = seen_; i < deliveries.size(); ++i) fresh.insert(deliveries[i].message);
      return fresh.size() >= waiting_;
    });
    consumer.fence(destination_);
  }

 private:
  void subscribe() {
    subscription_ = stage_.subscribe(*session_, {.destination = destination_, .credit = 0});
    seen_ = 0;
  }

  void publish(std::int64_t priority) {
    targets::Publish wanted{.destination = destination_,
                            .payload = targets::Payload::text("program")};
    if (stage_.claims().has("priority")) wanted.priority = priority;
    stage_.publish(*session_, wanted);
    ++waiting_;
  }

  void take() {
    const auto most = stage_.claims().limit("credit_max");
    const auto credit = static_cast<std::int64_t>(held_.size()) + 1;
    if (waiting_ == 0 || (most && credit > *most)) return;
    stage_.credit(*session_, subscription_, credit);
    const bool came = stage_.wait_count(*session_, subscription_, seen_ + 1);
    stage_.credit(*session_, subscription_, 0);
    if (!came) return;
    held_.push_back(session_->deliveries(subscription_)[seen_++]);
    --waiting_;
  }

  void ack(std::int64_t which) {
    if (const auto delivery = let_go(which)) stage_.ack(*session_, *delivery);
  }

  void reject(std::int64_t which) {
    // One short of the last attempt: what happens at the last is another rule's matter.
    const auto most = stage_.claims().limit("attempts_max");
    if (held_.empty() || (most && pick(which).attempt + 1 >= *most)) return;
    const Delivered delivery = *let_go(which);
    const bool delays = stage_.claims().trait("queue", "reject_delay") != "none";
    auto rejected =
        session_->reject(delivery, true, delays ? std::optional<std::int64_t>(0) : std::nullopt);
    if (!rejected) stage_.give_up("bus/reject", rejected.error());
    ++waiting_;
  }

  void reconnect() {
    // Where leases run on without their holder each would have to be waited for.
    if (stage_.claims().trait("queue", "release") == "keeps" && !held_.empty()) return;
    const auto most = stage_.claims().limit("attempts_max");
    for (const Delivered& delivery : held_)
      if (most && delivery.attempt + 1 >= *most) return;
    session_->close();
    waiting_ += held_.size();
    held_.clear();
    session_ = &stage_.connect();
    subscribe();
  }

  const Delivered& pick(std::int64_t which) const {
    return held_[static_cast<std::size_t>(which) % held_.size()];
  }

  std::optional<Delivered> let_go(std::int64_t which) {
    if (held_.empty()) return std::nullopt;
    const Delivered delivery = pick(which);
    std::erase_if(held_, [&](const Delivered& held) { return held.number == delivery.number; });
    return delivery;
  }

  Stage& stage_;
  std::string destination_;
  Session* session_;
  Subscribed subscription_;
  std::size_t seen_ = 0;     ///< Deliveries of this subscription that were taken.
  std::size_t waiting_ = 0;  ///< Messages that are owed and not held.
  std::vector<Delivered> held_;
};

}  // namespace

void perform_queue_program(Stage& stage, const program::Program& program) {
  Performer performer(stage);
  for (const program::Operation& operation : program) performer.step(operation);
  performer.drain();
}

}  // namespace busproof::families
