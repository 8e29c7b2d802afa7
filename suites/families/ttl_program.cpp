#include "suites/families/ttl_program.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace busproof::families {
namespace {

using program::Kind;
using stage::milliseconds;
using stage::Stage;
using targets::Delivered;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;
/// Lives in milliseconds, short ones among them twice; 0: none is asked for.
constexpr std::array<std::int64_t, 8> kLives = {300, 300, 500, 800, 60'000, 600'000, 0, 0};
/// So much time passes really in one program, at most.
constexpr std::int64_t kReallyMs = 900;

class Performer {
 public:
  explicit Performer(Stage& stage)
      : stage_(stage), destination_(stage.destination()), session_(stage.connect()) {
    stage.need("queue");
    stage.need("store");
    lease_ms_ = stage.claims().limit("lease_default_ms").value_or(lease_ms_);
    member_ = stage.subscribe(session_,
                              {.destination = destination_, .credit = stage.credit_for(kCredit)});
  }

  void step(const program::Operation& operation) {
    collect();
    switch (operation.kind) {
      case Kind::publish:
        return publish(operation.value);
      case Kind::look:
        return look(operation.value);
      case Kind::pass:
        return pass(operation.value);
      case Kind::sweep:
        return sweep();
      case Kind::remove:
        return remove(operation.value);
      case Kind::redrive:
        return redrive();
      default:
        return handle(operation);
    }
  }

  void look_at_all() {
    for (const Published& message : published_) look(message);
  }

 private:
  /// What has come is in hand; for what has not nobody waits: it may have expired on the way.
  void collect() {
    const auto deliveries = session_.deliveries(member_);
    for (; taken_ < deliveries.size(); ++taken_) held_.push_back(deliveries[taken_]);
  }

  void publish(std::int64_t value) {
    if (static_cast<std::int64_t>(held_.size()) >= stage_.credit_for(kCredit)) return;
    targets::Publish wanted{.destination = destination_,
                            .payload = targets::Payload::text("grows old")};
    const std::int64_t life = kLives[static_cast<std::size_t>(value) % kLives.size()];
    const auto most = stage_.claims().limit("ttl_max_ms");
    if (life > 0) wanted.ttl_ms = most ? std::min(life, *most) : life;
    published_.push_back(stage_.publish(session_, wanted));
    look(published_.back());
  }

  /// Rather a young one: 0 is the last that was published.
  void look(std::int64_t which) {
    if (const Published* message = pick(which)) look(*message);
  }

  const Published* pick(std::int64_t which) const {
    if (published_.empty()) return nullptr;
    const auto back = static_cast<std::size_t>(which) % published_.size();
    return &published_[published_.size() - 1 - back];
  }

  void look(const Published& message) {
    auto seen = session_.inspect(message);
    auto read = session_.retrieve(message);
    if (!seen && !read && session_.closed()) stage_.give_up("bus/retrieve", read.error());
  }

  void pass(std::int64_t wanted_ms) {
    if (stage_.claims().has("control.clock")) {
      auto moved = stage_.control("ctl/clock", {{"advance_ms", wanted_ms}});
      if (!moved) stage_.give_up("ctl/clock", moved.error());
      return;
    }
    const std::int64_t really = std::min(wanted_ms, kReallyMs - passed_ms_);
    passed_ms_ += really;
    if (really > 0) stage_.let_pass(milliseconds(really));
  }

  void sweep() {
    if (!stage_.claims().has("control.sweep")) return;
    if (auto swept = stage_.control("ctl/sweep", {}); !swept)
      stage_.give_up("ctl/sweep", swept.error());
    look(0);
  }

  void remove(std::int64_t which) {
    const Published* message = pick(which);
    if (message == nullptr) return;
    if (auto removed = session_.remove(*message); !removed)
      stage_.give_up("bus/delete", removed.error());
    look(*message);
  }

  void redrive() {
    if (!stage_.claims().has("redrive")) return;
    if (auto driven = session_.call("bus/redrive", {{"destination", destination_}}); !driven)
      stage_.give_up("bus/redrive", driven.error());
    look(0);
  }

  /// One that is held is settled, handed back or kept for longer. What comes too late for that is
  /// refused, which is no matter here.
  void handle(const program::Operation& operation) {
    if (held_.empty()) return;
    const auto place = held_.begin() + operation.value % static_cast<std::int64_t>(held_.size());
    const Delivered delivery = *place;
    if (operation.kind != Kind::extend) held_.erase(place);
    if (!carry_out(operation.kind, delivery) && session_.closed())
      throw stage::Abandoned{contract::Verdict::blocked, "the connection is over"};
    for (const Published& message : published_)
      if (message.message == delivery.message) look(message);
  }

  bool carry_out(Kind kind, const Delivered& delivery) {
    if (kind == Kind::ack) return session_.ack(delivery).has_value();
    if (kind == Kind::reject) return session_.reject(delivery, true).has_value();
    if (kind == Kind::bury)
      return !stage_.claims().has("dead_letter") || session_.reject(delivery, false).has_value();
    const bool extends = stage_.claims().trait("queue", "lease") == "timed" &&
                         stage_.claims().trait("queue", "extend") != "none";
    return !extends || session_.extend(delivery, lease_ms_).has_value();
  }

  Stage& stage_;
  std::string destination_;
  Session& session_;
  Subscribed member_;
  std::vector<Published> published_;
  std::vector<Delivered> held_;
  std::size_t taken_ = 0;
  std::int64_t passed_ms_ = 0, lease_ms_ = 30'000;
};

}  // namespace

void perform_ttl_program(Stage& stage, const program::Program& program) {
  Performer performer(stage);
  for (const program::Operation& operation : program) performer.step(operation);
  performer.look_at_all();
}

}  // namespace busproof::families
