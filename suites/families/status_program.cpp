#include "suites/families/status_program.hpp"

#include <algorithm>

namespace busproof::families {
namespace {

using program::Kind;
using stage::Stage;
using targets::Delivered;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;

/// One member, and what its group has in hand.
struct Member {
  std::string group;
  Subscribed subscription;
  std::size_t due = 0;               ///< Deliveries that must come in all.
  std::size_t taken = 0;             ///< Deliveries looked at.
  std::vector<Delivered> held = {};  ///< Not yet settled.
  std::vector<Delivered> dead = {};  ///< Settled for the worse.
};

class Performer {
 public:
  explicit Performer(Stage& stage)
      : stage_(stage), destination_(stage.destination()), session_(stage.connect()) {
    stage.need("queue");
    join("");
    if (stage.claims().has("groups")) join("second");
  }

  void step(const program::Operation& operation) {
    switch (operation.kind) {
      case Kind::publish:
        return publish();
      case Kind::ack:
        return settle(operation.value,
                      [&](Member&, const Delivered& delivery) { stage_.ack(session_, delivery); });
      case Kind::reject:
        return settle(operation.value,
                      [&](Member& member, const Delivered& delivery) { retry(member, delivery); });
      case Kind::bury:
        if (!stage_.claims().has("dead_letter")) return;
        return settle(operation.value, [&](Member& member, const Delivered& delivery) {
          check(session_.reject(delivery, false), "bus/reject");
          member.dead.push_back(delivery);
        });
      case Kind::redrive:
        return on_dead("bus/redrive", operation.value);
      case Kind::purge:
        return on_dead("bus/purge", operation.value);
      default:
        return;
    }
  }

 private:
  void join(const std::string& group) {
    members_.push_back({group, stage_.subscribe(session_, {.destination = destination_,
                                                           .group = group,
                                                           .credit = stage_.credit_for(kCredit)})});
  }

  template <typename T>
  void check(const contract::Result<T>& answer, std::string_view what) {
    if (!answer) stage_.give_up(what, answer.error());
  }

  void publish() {
    for (const Member& member : members_)
      if (static_cast<std::int64_t>(member.held.size()) >= stage_.credit_for(kCredit)) return;
    published_.push_back(stage_.publish(
        session_, {.destination = destination_, .payload = targets::Payload::text("status")}));
    for (Member& member : members_) ++member.due;
    look(published_.back().message);
    wait();
    look(published_.back().message);
  }

  /// Everything that is due comes into somebody's hand.
  void wait() {
    for (Member& member : members_) {
      if (!stage_.wait_count(session_, member.subscription, member.due)) member.due = member.taken;
      const auto deliveries = session_.deliveries(member.subscription);
      for (; member.taken < deliveries.size(); ++member.taken)
        member.held.push_back(deliveries[member.taken]);
      member.due = std::max(member.due, member.taken);
    }
  }

  template <typename How>
  void settle(std::int64_t which, How how) {
    Member& member = members_[static_cast<std::size_t>(which) % members_.size()];
    if (member.held.empty()) return;
    const auto place = static_cast<std::size_t>(which) % member.held.size();
    const Delivered delivery = member.held[place];
    member.held.erase(member.held.begin() + static_cast<std::ptrdiff_t>(place));
    how(member, delivery);
    look(delivery.message);
    wait();
  }

  void retry(Member& member, const Delivered& delivery) {
    const bool delays = stage_.claims().trait("queue", "reject_delay") != "none";
    check(session_.reject(delivery, true, delays ? std::optional<std::int64_t>(0) : std::nullopt),
          "bus/reject");
    const auto most = stage_.claims().limit("attempts_max");
    if (!most || delivery.attempt < *most)
      ++member.due;
    else
      member.dead.push_back(delivery);
  }

  void on_dead(const std::string& method, std::int64_t which) {
    Member& member = members_[static_cast<std::size_t>(which) % members_.size()];
    if (!stage_.claims().has("redrive") || member.dead.empty()) return;
    const auto place = static_cast<std::size_t>(which) % member.dead.size();
    const Delivered delivery = member.dead[place];
    member.dead.erase(member.dead.begin() + static_cast<std::ptrdiff_t>(place));
    boost::json::object params{
        {"destination", destination_},
        {"transaction_ids", boost::json::array{boost::json::value(delivery.transaction_id)}}};
    if (!member.group.empty()) params["group"] = member.group;
    check(session_.call(method, std::move(params)), method);
    look(delivery.message);
    if (method == "bus/redrive") ++member.due;
    wait();
  }

  void look(std::uint32_t message) {
    for (const Published& published : published_)
      if (published.message == message)
        if (auto seen = session_.inspect(published); !seen && session_.closed()) return;
  }

  Stage& stage_;
  std::string destination_;
  Session& session_;
  std::vector<Member> members_;
  std::vector<Published> published_;
};

}  // namespace

void perform_status_program(Stage& stage, const program::Program& program) {
  Performer performer(stage);
  for (const program::Operation& operation : program) performer.step(operation);
}

}  // namespace busproof::families
