// In which order and when: order, priority, leases, lives.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "suites/checkers/stream/promises.hpp"

namespace busproof::checkers::stream {
namespace {

using history::Action;
using history::Phase;
using std::chrono::milliseconds;

double millis(Time time) { return std::chrono::duration<double, std::milli>(time).count(); }

/// A first delivery to a lone member, of what was accepted and not delayed: it waited all the time.
bool waited(const Came& came) {
  return came.group != nullptr && came.message != nullptr && came.before == nullptr &&
         came.group->members.size() == 1 && came.event.attempt == 1 &&
         came.message->fate == Fate::accepted && came.message->delay == Time::zero();
}

/// Of two publishes one after the other the first is delivered first: where order is claimed, and
/// among equals where priority is.
class Order final : public Checker {
  std::string_view name() const override { return "order"; }

  struct Line {
    std::uint32_t group, session;
    std::int32_t priority;
    bool operator==(const Line&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Line& line) const {
      const std::uint64_t mixed = (std::uint64_t{line.group} << 40) ^
                                  (std::uint64_t{line.session} << 16) ^
                                  static_cast<std::uint32_t>(line.priority);
      return static_cast<std::size_t>(mixed * 0x9E3779B97F4A7C15ULL >> 7);
    }
  };
  struct Last {
    Time asked{};
    std::uint32_t message = 0;
    std::uint32_t index = 0;
  };

  void on_delivery(const Ledger& ledger, const Came& came) override {
    if (!ready_) prepare(ledger);
    if (!claimed_ || !waited(came) || (priority_ && !came.message->ranked)) return;
    Last& last = lines_[{came.subscription->group, by_publisher_ ? came.message->session : 0,
                         came.message->priority}];
    if (last.message != 0) {
      ++judged_;
      if (came.message->answered < last.asked)
        return broken(Judgement::violated(
            "out_of_order",
            fmt::format("Message m{} was accepted before m{} was published, and came after it.",
                        came.event.message, last.message),
            {came.message->asked_index, last.index, came.index}));
    }
    if (came.message->asked >= last.asked)
      last = {came.message->asked, came.event.message, came.index};
  }

  void prepare(const Ledger& ledger) {
    const std::string ordering = ledger.claims().ordering();
    priority_ = ledger.claims().has("priority");
    claimed_ = priority_ || (!ordering.empty() && ordering != "none");
    by_publisher_ = !priority_ && ordering == "per_publisher";
    ready_ = true;
  }

  bool ready_ = false, claimed_ = false, priority_ = false, by_publisher_ = false;
  boost::unordered_flat_map<Line, Last, Hash> lines_;
};

class Priority final : public Checker {
  std::string_view name() const override { return "priority"; }

  struct Last {
    Time handed_out{};
    std::uint32_t message = 0;
    std::uint32_t index = 0;
  };

  void on_delivery(const Ledger& ledger, const Came& came) override {
    if (!waited(came) || !came.message->ranked || !claimed(ledger)) return;
    if (lasts_.size() < came.subscription->group) lasts_.resize(came.subscription->group);
    auto& by_priority = lasts_[came.subscription->group - 1];
    for (const auto& [priority, last] : by_priority) {
      if (priority >= came.message->priority) break;
      ++judged_;
      if (last.handed_out <= came.message->answered) continue;
      return broken(Judgement::violated(
          "lower_first",
          fmt::format("Message m{} of priority {} came before m{} of priority {}, which waited.",
                      last.message, priority, came.event.message, came.message->priority),
          {last.index, came.message->asked_index, came.index}));
    }
    Last& mine = by_priority[came.message->priority];
    if (came.handed_out >= mine.handed_out)
      mine = {came.handed_out, came.event.message, came.index};
  }

  bool claimed(const Ledger& ledger) {
    if (!claimed_) claimed_ = ledger.claims().has("priority");
    return *claimed_;
  }

  std::optional<bool> claimed_;
  std::vector<std::map<std::int32_t, Last>> lasts_;  // by group - 1
};

class Lease final : public Checker {
  std::string_view name() const override { return "lease"; }

  /// Whether this delivery may be the older one: under way, on another connection, for as long as
  /// its own lease lasted.
  static bool may_be_older(const Ledger& ledger, const Came& came) {
    if (ledger.sent_in_order(*came.before, came)) return false;
    const Time start = std::max(came.message->asked, came.subscription->asked);
    const auto lease = came.subscription->lease;
    const Session& session = ledger.session(came.subscription->session);
    const Time end = std::min({session.left, came.subscription->unsubscribe_asked,
                               lease ? start + *lease - ledger.granularity() : kNever});
    return came.before->last_at >= end;
  }

  void on_delivery(const Ledger& ledger, const Came& came) override {
    if (came.before == nullptr || came.message == nullptr) return;
    const Copy& last = *came.before;
    const Subscription& holder = *ledger.subscription(last.last_subscription);
    if (!holder.lease || last.extended || last.settle_asked <= came.event.at) return;
    if (came.message->asked <= ledger.clock_moved()) return;
    ++judged_;
    const Time end = ledger.earliest_end(last);
    if (came.event.at >= end || may_be_older(ledger, came)) return;
    suspect(holder.session, came.event.at,
            Judgement::violated(
                "early_redelivery",
                fmt::format(
                    "Message m{} came again at least {:.1f} ms before its lease of {} ms ended.",
                    came.event.message, millis(end - came.event.at), millis(*holder.lease)),
                {last.last_index, came.index}));
  }
};

class Ttl final : public Checker {
  std::string_view name() const override { return "ttl"; }

  static std::optional<Time> latest_end(const Ledger& ledger, const Message& message) {
    const auto grace = ledger.claims().limit("ttl_grace_ms");
    if (!grace || message.answered == kNever) return std::nullopt;
    return message.answered + message.ttl + milliseconds(*grace) + ledger.granularity();
  }

  void on_delivery(const Ledger& ledger, const Came& came) override {
    if (came.message == nullptr || came.message->ttl == Time::zero() || came.group == nullptr)
      return;
    const auto latest = latest_end(ledger, *came.message);
    if (!latest) return;
    ++judged_;
    if (came.handed_out > *latest)
      broken(Judgement::violated(
          "delivered_late",
          fmt::format("Message m{} was delivered {:.0f} ms after its life and the grace were over.",
                      came.event.message, millis(came.handed_out - *latest)),
          {came.message->asked_index, came.index}));
  }

  void on_answer(const Ledger& ledger, const Event& event, std::uint32_t index,
                 const Texts& texts) override {
    if (event.action == Action::retrieve) read(ledger, event, index, texts[event.error]);
  }

  void read(const Ledger& ledger, const Event& event, std::uint32_t index, std::string_view error) {
    const Message* message = ledger.message(event.message);
    if (message == nullptr || message->fate != Fate::accepted || message->ttl == Time::zero() ||
        message->topic || message->removed || message->asked <= ledger.forgot_at() ||
        message->asked <= ledger.clock_moved())
      return;
    const bool gone = error == "expired" || error == "not_found";
    const bool keeps = ledger.claims().trait("store", "keeps") == "until_expiry";
    const Time earliest = message->asked + message->ttl - ledger.granularity();
    if (event.phase == Phase::ok || gone) ++judged_;
    if (gone && keeps && event.at < earliest)
      broken(Judgement::violated(
          "expired_early",
          fmt::format("Message m{} was gone at least {:.1f} ms before its {} ms were over.",
                      event.message, millis(earliest - event.at), millis(message->ttl)),
          {message->asked_index, index}));
  }
};

}  // namespace

std::unique_ptr<Checker> make_order() { return std::make_unique<Order>(); }
std::unique_ptr<Checker> make_priority() { return std::make_unique<Priority>(); }
std::unique_ptr<Checker> make_lease() { return std::make_unique<Lease>(); }
std::unique_ptr<Checker> make_ttl() { return std::make_unique<Ttl>(); }

std::vector<std::unique_ptr<Checker>> all_promises() {
  std::vector<std::unique_ptr<Checker>> all;
  all.push_back(make_lost());
  all.push_back(make_duplicate());
  all.push_back(make_made_up());
  all.push_back(make_definite());
  all.push_back(make_order());
  all.push_back(make_priority());
  all.push_back(make_lease());
  all.push_back(make_ttl());
  return all;
}

}  // namespace busproof::checkers::stream
