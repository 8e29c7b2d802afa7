#include "suites/checkers/older.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Note;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// From one mark "older" to the next, or the end.
struct Round {
  const Note* put = nullptr;
  Time until = history::kNever;
  const Note* came = nullptr;  ///< "started" or "not_started", or the first "node_started"
  std::vector<const Note*> messages;

  [[nodiscard]] bool holds(Time at) const { return came != nullptr && at > came->at && at < until; }
};

std::vector<Round> rounds_of(const View& view) {
  std::vector<Round> found;
  for (const Note& note : view.notes()) {
    if (note.action != Action::mark) continue;
    if (note.name == "older") {
      if (!found.empty()) found.back().until = note.at;
      found.emplace_back().put = &note;
    } else if (!found.empty() && note.name == "older_message") {
      found.back().messages.push_back(&note);
    } else if (!found.empty() && found.back().came == nullptr &&
               (note.name == "started" || note.name == "not_started" ||
                note.name == "node_started")) {
      found.back().came = &note;
    }
  }
  return found;
}

std::vector<const Delivery*> deliveries_of(const View& view, const Round& round,
                                           const std::string& id) {
  std::vector<const Delivery*> found;
  for (const Delivery& delivery : view.deliveries())
    if (round.holds(delivery.at) && text_of(delivery.said, "tx") == id) found.push_back(&delivery);
  return found;
}

/// When that delivery was acked for certain.
Time acked(const View& view, const Delivery& delivery) {
  for (const Operation& ack : view.on_delivery(Action::ack, delivery.delivery))
    if (ack.ok()) return ack.answered;
  return history::kNever;
}

/// Whether anything had been asked of it before that.
bool settled_before(const View& view, const Delivery& delivery, Time at) {
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settling : view.on_delivery(action, delivery.delivery))
      if (settling.invoked < at) return true;
  return false;
}

/// Whether what came has another payload. An event with a reference names it by its digest; one
/// that tells neither is not judged.
bool altered(const boost::json::object& was, const boost::json::object& came) {
  const std::string inlined = text_of(came, "digest");
  const std::string digest = inlined.empty() ? text_of(came, "datadigest") : inlined;
  return !digest.empty() && digest != text_of(was, "digest");
}

/// A fence of that round that came to its destination; or null. Nobody else can have held anything.
const Operation* fence_of(const View& view, const Round& round, const std::string& destination) {
  for (const Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    if (publish == nullptr || !round.holds(publish->invoked) ||
        view.history().text(publish->destination) != destination)
      continue;
    if (!view.deliveries_of(mark.message).empty()) return publish;
  }
  return nullptr;
}

/// What a round's lists of dead letters said.
struct Lists {
  struct Entry {
    boost::json::object said;
    const Operation* call;
  };
  std::vector<Entry> entries;
  const Operation* whole =
      nullptr;  ///< The last page of a whole list begun when counts are settled.

  /// A page that names it twice, or null.
  [[nodiscard]] const Operation* twice_on(const std::string& id) const {
    const Operation* last = nullptr;
    for (const Entry& one : entries) {
      if (text_of(one.said, "transaction_id") != id) continue;
      if (one.call == last) return last;
      last = one.call;
    }
    return nullptr;
  }

  [[nodiscard]] const Entry* entry(const std::string& id) const {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& one) {
      return text_of(one.said, "transaction_id") == id;
    });
    return found == entries.end() ? nullptr : &*found;
  }
};

Lists lists_of(const View& view, const contract::Claims& claims, const Round& round) {
  Lists lists;
  const Time settled = round.came->at +
                       std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms")) +
                       own_delay(view, round.came->at, round.came->at);
  bool begun = false;
  for (const Operation& call : view.operations(Action::call)) {
    if (!round.holds(call.invoked) || text_of(call.asked, "method") != "bus/dead_letters") continue;
    const auto* params = call.asked.if_contains("params");
    const bool first = params == nullptr || !params->is_object() ||
                       params->get_object().if_contains("cursor") == nullptr;
    if (first) begun = call.invoked > settled;
    begun = begun && call.ok();
    if (!call.ok()) continue;
    if (const auto* messages = call.said.if_contains("messages");
        messages != nullptr && messages->is_array())
      for (const auto& entry : messages->get_array())
        if (entry.is_object()) lists.entries.push_back({entry.get_object(), &call});
    const auto* cursor = call.said.if_contains("cursor");
    if (begun && (cursor == nullptr || cursor->is_null())) lists.whole = &call;
  }
  return lists;
}

/// One round's judge: `found` is what is wrong, once something is.
class Reading {
 public:
  Reading(const View& view, const contract::Claims& claims, const Round& round, bool once)
      : view_(view),
        claims_(claims),
        round_(round),
        once_(once),
        lists_(lists_of(view, claims, round)) {}

  std::optional<Judgement> found;
  std::uint64_t judged = 0;
  bool open = false;

  void read(const Note& message, const std::string& destination) {
    id_ = text_of(message.said, "tx");
    message_ = &message;
    fence_ = fence_of(view_, round_, destination);
    const std::string is = text_of(message.said, "is");
    if (is == "waiting") return waiting();
    if (is == "dead" && !claims_.has("dead_letter")) return;
    if (is == "acked" && claims_.trait("queue", "ack") != "durable") return;
    const auto all = deliveries_of(view_, round_, id_);
    if (const Delivery* came = all.empty() ? nullptr : all.front())
      return wrong(is == "dead" ? "dead_came_again" : "acked_came_again",
                   is == "dead" ? "was a dead letter, and was delivered" : "was acked, and came",
                   {came->index});
    if (is == "dead") return dead();
    settle(fence_ != nullptr);
  }

 private:
  void waiting() {
    const auto all = deliveries_of(view_, round_, id_);
    if (all.empty() && fence_ != nullptr)
      return wrong("lost_in_migration", "was waiting, and never came", {fence_->invoke_index});
    for (const Delivery* came : all) {
      if (altered(message_->said, came->said))
        return wrong("altered", "came with another payload", {came->index});
      if (retrieved(*came); found) return;
    }
    if (once_ && claims_.trait("queue", "ack") == "durable" && !all.empty()) {
      const Delivery& first = *all.front();
      for (const Delivery* again : all)
        if (again->at > acked(view_, first))
          return wrong("doubled", "was waiting, came, was acked, and came again",
                       {first.index, again->index});
    }
    settle(!all.empty());
  }

  /// What was read of it while its consumer had it.
  void retrieved(const Delivery& came) {
    for (const Operation& retrieve : view_.operations(Action::retrieve)) {
      if (text_of(retrieve.asked, "tx") != id_ || retrieve.invoked < came.at ||
          !round_.holds(retrieve.invoked) || settled_before(view_, came, retrieve.answered))
        continue;
      if (retrieve.error == "not_found")
        return wrong("lost_in_migration", "was delivered, and its payload is not there",
                     {came.index, retrieve.answer_index});
      if (retrieve.error == "digest_mismatch" ||
          (retrieve.ok() && text_of(retrieve.said, "digest") != text_of(message_->said, "digest")))
        return wrong("altered", "was retrieved, and its payload is another",
                     {came.index, retrieve.answer_index});
      open = open || !retrieve.ok();
    }
  }

  void dead() {
    const auto* entry = lists_.entry(id_);
    if (entry == nullptr && lists_.whole != nullptr)
      return wrong("lost_in_migration", "was a dead letter, and is not listed as one",
                   {lists_.whole->invoke_index, lists_.whole->answer_index});
    if (const auto* page = once_ ? lists_.twice_on(id_) : nullptr)
      return wrong("doubled", "was a dead letter, and stands twice on one page",
                   {page->answer_index});
    settle(entry != nullptr);
  }

  void settle(bool seen) {
    judged += seen ? 1 : 0;
    open = open || !seen;
  }

  void wrong(std::string_view finding, std::string_view says, std::vector<std::size_t> events) {
    events.insert(events.begin(), {message_->index, round_.came->index});
    found = Judgement::violated(std::string(finding),
                                fmt::format("In the data of {} message {} {}.",
                                            text_of(round_.put->said, "name"), id_, says),
                                std::move(events));
  }

  const View& view_;
  const contract::Claims& claims_;
  const Round& round_;
  bool once_;  ///< Whether it may come, or be listed, no second time.
  Lists lists_;
  std::string id_;
  const Note* message_ = nullptr;
  const Operation* fence_ = nullptr;
};

/// Only a bus that ended has refused: another may just be slow.
std::optional<Judgement> refused(const Round& round) {
  const auto* ended = round.came->said.if_contains("ended");
  if (ended == nullptr || !ended->is_bool() || !ended->get_bool()) return std::nullopt;
  return Judgement::violated(
      "refused",
      fmt::format("The bus did not start on the data of {}, which it is said to take over: {}",
                  text_of(round.put->said, "name"), text_of(round.came->said, "why")),
      {round.put->index, round.came->index});
}

/// Nodes that did not start: one that ended has failed, another may just be slow.
std::optional<Judgement> not_started(const Round& round, const View& view, bool& open) {
  int started = 0;
  for (const Note& mark : view.marks("node_started"))
    if (mark.at > round.put->at && mark.at < round.until) ++started;
  open = open || started < 2;
  for (const Note& mark : view.marks("node_not_started")) {
    if (mark.at < round.put->at || mark.at >= round.until) continue;
    open = true;
    const auto* ended = mark.said.if_contains("ended");
    if (ended == nullptr || !ended->is_bool() || !ended->get_bool()) continue;
    return Judgement::violated(
        "not_started",
        fmt::format("Node {}, started at once with others on the data of {}, ended: {}.",
                    mark.amount, text_of(round.put->said, "name"), text_of(mark.said, "why")),
        {round.put->index, mark.index});
  }
  return std::nullopt;
}

Judgement judge(const View& view, const contract::Claims& claims, bool by_nodes) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const Round& round : rounds_of(view)) {
    if (by_nodes)
      if (auto failed = not_started(round, view, open)) return *failed;
    if (round.came == nullptr || round.came->name == "not_started") {
      if (round.came != nullptr)
        if (auto refusal = refused(round)) return *refusal;
      open = true;
      continue;
    }
    Reading reading(view, claims, round, by_nodes);
    for (const Note* message : round.messages) {
      reading.read(*message, text_of(round.put->said, "destination"));
      if (reading.found) return *reading.found;
    }
    judged += reading.judged;
    open = open || reading.open;
  }
  if (open)
    return Judgement::inconclusive(
        "the bus was not seen to serve all of the older data: silence proves nothing");
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_older_taken_over(const View& view, const contract::Claims& claims) {
  return judge(view, claims, false);
}

Judgement judge_older_taken_over_once(const View& view, const contract::Claims& claims) {
  return judge(view, claims, true);
}

}  // namespace busproof::checkers
