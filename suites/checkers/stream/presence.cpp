// What came at all: lost, come again though acked, made up, come though refused.
#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/stream/promises.hpp"

namespace busproof::checkers::stream {
namespace {

using history::Phase;
using std::chrono::milliseconds;

constexpr Time kGraceOtherwise = milliseconds(1000);
constexpr Time kWay = milliseconds(100);  // Through kernel and harness.

class Lost final : public Checker {
  std::string_view name() const override { return "lost"; }

  struct Fence {
    Time asked, held_until, slack;
    std::uint32_t index;
  };

  /// By when what a member held that had gone by then was given back; nothing where it stayed.
  static std::optional<Time> given_back(const Ledger& ledger, const Subscription& member,
                                        Time until) {
    const Session& session = ledger.session(member.session);
    Time ended = std::min(session.ended, member.unsubscribed);
    if (ended > until) return std::nullopt;
    const bool clean = member.unsubscribed <= session.ended || session.clean;
    const bool at_once = clean && ledger.claims().trait("queue", "release") == "frees";
    const Time hold = at_once ? Time::zero() : member.lease.value_or(Time::zero());
    const auto grace = ledger.claims().limit("redelivery_grace_ms");
    return ended + hold + (grace ? Time(milliseconds(*grace)) : kGraceOtherwise) + kWay +
           2 * ledger.stalled();
  }

  /// The fences that came to the group, with what silence before them allows for.
  static std::vector<Fence> fences_of(const Ledger& ledger, std::uint32_t group) {
    std::vector<Fence> found;
    const Group& its = ledger.groups()[group - 1];
    for (const std::uint32_t number : ledger.fences()) {
      const Message* publish = ledger.message(number);
      const Copy* came = ledger.copy(number, group);
      if (publish == nullptr || publish->destination != its.destination || came == nullptr)
        continue;
      Fence fence{publish->asked, Time::zero(), Time::zero(), publish->asked_index};
      const std::uint32_t to = ledger.subscription(came->last_subscription)->session;
      for (const std::uint32_t number_of_member : its.members) {
        const Subscription& member = *ledger.subscription(number_of_member);
        if (member.asked > came->first_at) continue;
        if (const auto back = given_back(ledger, member, came->first_at))
          fence.held_until = std::max(fence.held_until, *back);
        else if (member.session != to)
          fence.slack = kWay + 2 * ledger.stalled();
      }
      found.push_back(fence);
    }
    return found;
  }

  static Time due_of(const Ledger& ledger, const Message& message) {
    if (message.delay == Time::zero()) return message.answered;
    const auto grace = ledger.claims().limit("delay_grace_ms");
    return message.answered + message.delay +
           (grace ? Time(milliseconds(*grace)) : kGraceOtherwise);
  }

  /// Whether what is full refuses the new, and drops nothing that it has accepted.
  static bool keeps(const Ledger& ledger) {
    return !ledger.claims().trait("queue", "overflow").starts_with("drop");
  }

  static bool owed(const Ledger& ledger, const Message& message, const Group& group) {
    return message.fate == Fate::accepted && message.destination == group.destination &&
           !message.topic && !message.removed && message.ttl == Time::zero() && keeps(ledger) &&
           message.asked > ledger.forgot_at() &&
           (group.exists_from == Time::zero() || message.asked > group.exists_from);
  }

  std::optional<Judgement> at_end(const Ledger& ledger, std::uint64_t& judged) const override {
    const auto& messages = ledger.messages();
    bool open = false;
    for (std::uint32_t group = 1; group <= ledger.groups().size(); ++group) {
      const auto fences = fences_of(ledger, group);
      for (std::uint32_t number = 1; number <= messages.size(); ++number) {
        const Message& message = messages[number - 1];
        if (!owed(ledger, message, ledger.groups()[group - 1])) continue;
        if (ledger.copy(number, group) != nullptr) {
          if (!message.fence) ++judged;
          continue;
        }
        const Time due = due_of(ledger, message);
        const auto behind = std::find_if(fences.begin(), fences.end(), [&](const Fence& fence) {
          return fence.asked > std::max(due + fence.slack, fence.held_until);
        });
        if (behind != fences.end())
          return Judgement::violated(
              "lost",
              fmt::format("Message m{} was accepted and never delivered, though a later one was.",
                          number),
              {message.asked_index, behind->index});
        open = true;
      }
    }
    if (open)
      return Judgement::inconclusive(
          "no fence came behind a missing message: silence proves nothing");
    return std::nullopt;
  }
};

class Duplicate final : public Checker {
  std::string_view name() const override { return "duplicate"; }

  void on_delivery(const Ledger& ledger, const Came& came) override {
    if (came.before == nullptr || came.before->acked_at == kNever) return;
    const Copy& copy = *came.before;
    if (copy.acked_at <= ledger.forgot_at() || ledger.claims().trait("queue", "ack") != "durable")
      return;
    if (came.event.at <= copy.acked_at || came.event.delivery == copy.acked_delivery) return;
    // To another member it may have been under way since before the lease that was acked.
    const Subscription& acked = *ledger.subscription(copy.acked_subscription);
    const bool in_order =
        acked.session == came.subscription->session || came.subscription->asked > copy.last_at;
    if (!in_order && came.event.attempt < copy.acked_attempt) return;
    suspect(
        acked.session, copy.acked_at,
        Judgement::violated(
            "acked_came_again",
            fmt::format(
                "Message m{} was acked and came again {:.0f} ms later.", came.event.message,
                std::chrono::duration<double, std::milli>(came.event.at - copy.acked_at).count()),
            {copy.acked_index, came.index}));
  }

  std::optional<Judgement> at_end(const Ledger& ledger, std::uint64_t& judged) const override {
    for (std::uint32_t group = 1; group <= ledger.groups().size(); ++group)
      for (const std::uint32_t fence : ledger.fences())
        if (ledger.copy(fence, group) != nullptr) judged = acked_;
    return std::nullopt;
  }

  void on_answer(const Ledger&, const Event& event, std::uint32_t, const Texts&) override {
    if (event.action == history::Action::ack && event.phase == Phase::ok) ++acked_;
  }

  std::uint64_t acked_ = 0;
};

class MadeUp final : public Checker {
  std::string_view name() const override { return "made_up"; }

  void on_delivery(const Ledger& ledger, const Came& came) override {
    if (came.message == nullptr && ledger.older_data()) return;  // Another's, from before.
    ++judged_;
    if (came.message == nullptr)
      return broken(Judgement::violated("made_up", "A message came that nobody had published.",
                                        {came.index}));
    if (came.subscription == nullptr || came.subscription->pattern ||
        came.message->destination == came.subscription->destination)
      return;
    broken(Judgement::violated(
        "misdelivered", fmt::format("Message m{} came on another destination.", came.event.message),
        {came.message->asked_index, came.index}));
  }
};

class Definite final : public Checker {
  std::string_view name() const override { return "definite"; }

  void told(const Message& message, std::uint32_t number, std::uint32_t index) {
    broken(Judgement::violated(
        "refused_but_delivered",
        fmt::format("Publish of m{} was refused as certainly not done, and it came.", number),
        {message.asked_index, index}));
  }

  void on_delivery(const Ledger&, const Came& came) override {
    if (came.message != nullptr && came.message->fate == Fate::refused)
      told(*came.message, came.event.message, came.index);
  }

  void on_answer(const Ledger& ledger, const Event& event, std::uint32_t index,
                 const Texts&) override {
    if (event.action != history::Action::publish) return;
    const Message* message = ledger.message(event.message);
    if (message == nullptr || message->fate != Fate::refused) return;
    ++refused_;
    if (message->delivered) told(*message, event.message, index);
  }

  std::optional<Judgement> at_end(const Ledger& ledger, std::uint64_t& judged) const override {
    if (!ledger.fences().empty()) judged = refused_;
    return std::nullopt;
  }

  std::uint64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<Checker> make_lost() { return std::make_unique<Lost>(); }
std::unique_ptr<Checker> make_duplicate() { return std::make_unique<Duplicate>(); }
std::unique_ptr<Checker> make_made_up() { return std::make_unique<MadeUp>(); }
std::unique_ptr<Checker> make_definite() { return std::make_unique<Definite>(); }

}  // namespace busproof::checkers::stream
