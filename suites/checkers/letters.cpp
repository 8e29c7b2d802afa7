#include "suites/checkers/letters.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/dead_letters.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// How a judgement over many messages stands so far.
struct Tally {
  std::uint64_t judged = 0;
  bool open = false;

  [[nodiscard]] Judgement judgement() const {
    if (open) return Judgement::inconclusive("it was not listed after it had to be");
    return Judgement::met(judged);
  }
};

/// The whole lists of each group of the history.
template <typename Each>
Judgement for_each_group(const View& view, Each each) {
  Tally tally;
  for (const auto& [group, came] : deliveries_by_group(view))
    if (auto wrong = each(group, came, listings(view, group), tally)) return *wrong;
  return tally.judgement();
}

std::vector<std::size_t> shown(const Death& death, std::size_t last) {
  if (death.reject == nullptr) return {death.last->index, last};
  return {death.last->index, death.reject->answer_index, last};
}

/// Whether the letter is in the lists as it must be: its absence, or nothing.
std::optional<Judgement> missing(const View& view, const contract::Claims& claims,
                                 const Group& group, const Death& death,
                                 const std::vector<Listing>& lists, const char* finding,
                                 Tally& tally) {
  bool seen = false;
  for (const Listing& list : lists) {
    if (list.letter_of(death.last->message) != nullptr) {
      seen = seen || list.to > death.earliest;
    } else if (must_be_listed(view, claims, group, death, list)) {
      return Judgement::violated(
          finding,
          fmt::format("Message m{} {} and is not among the dead letters.", death.last->message,
                      death.for_good ? "was rejected for good" : "used up its attempts"),
          shown(death, list.index));
    }
  }
  const bool gone = may_be_gone(view, group, death, history::kNever);
  seen ? static_cast<void>(++tally.judged) : static_cast<void>(tally.open = tally.open || !gone);
  return std::nullopt;
}

/// What was delivered after it had died, unasked; or nothing.
std::optional<Judgement> came_again(const View& view, const ByMessage& came, const Death& death) {
  const Delivery* next = next_after(came.at(death.last->message), *death.last);
  if (next == nullptr || next->at <= death.by || !sent_in_order(view, *death.last, *next) ||
      redriven(view, death.earliest, next->at))
    return std::nullopt;
  return Judgement::violated(
      "dead_came_again",
      fmt::format("Message m{} was rejected for good and came again.", next->message),
      shown(death, next->index));
}

/// A message that came more often than attempts_max, or nothing.
std::optional<Judgement> too_often(const View& view, const contract::Claims& claims,
                                   const ByMessage& came) {
  const auto most = claims.limit("attempts_max");
  const bool release_counts = claims.trait("queue", "release_counts") != "false";
  for (const auto& [message, all] : came) {
    if (message == 0 || !most || redriven(view, Time::zero(), all.back().at)) continue;
    const auto times = std::count_if(all.begin(), all.end(), [&](const Delivery& delivery) {
      return release_counts || released_early(view, delivery) == history::kNever;
    });
    if (times > *most)
      return Judgement::violated(
          "too_many_attempts",
          fmt::format("Message m{} was delivered {} times; attempts_max is {}.", message, times,
                      *most),
          {all.front().index, all.back().index});
  }
  return std::nullopt;
}

/// The entry of a message that died and has not been away since, in each list that holds it.
template <typename Each>
Judgement for_each_letter(const View& view, const contract::Claims& claims, Each each) {
  return for_each_group(
      view,
      [&](const Group& group, const ByMessage& came, const std::vector<Listing>& lists,
          Tally& tally) -> std::optional<Judgement> {
        for (const Death& death : deaths(view, claims, group, came))
          for (const Listing& list : lists) {
            const Letter* letter = list.letter_of(death.last->message);
            if (letter == nullptr || list.from <= death.earliest ||
                may_be_gone(view, group, death, list.to))
              continue;
            if (auto wrong = each(came, death, *letter, tally)) return wrong;
          }
        return std::nullopt;
      });
}

std::set<std::string> reasons(const contract::Claims& claims, const Death& death) {
  const bool given = claims.trait("dead_letter", "reason") == "given";
  if (given && death.reject != nullptr)
    if (const std::string reason = text_of(death.reject->asked, "reason"); !reason.empty())
      return {reason};
  if (!death.for_good) return {"attempts_exhausted"};
  const auto most = claims.limit("attempts_max");
  if (most && death.last->attempt >= *most) return {"rejected", "attempts_exhausted"};
  return {"rejected"};
}

bool same(const json::value& sent, const json::value& came) {
  if (sent.is_number() && came.is_number())
    return sent.to_number<double>() == came.to_number<double>();
  return sent == came;
}

/// The name of an attribute that the entry lacks or has otherwise; empty where it has them all.
std::string changed_attribute(const Operation& publish, const json::object& event) {
  const json::value* sent = publish.asked.if_contains("attributes");
  const json::value* own = event.if_contains("attributes");
  const json::object came = own != nullptr && own->is_object() ? own->get_object() : json::object();
  if (sent != nullptr && sent->is_object())
    for (const auto& attribute : sent->get_object()) {
      const json::value* value = came.if_contains(attribute.key());
      if (value == nullptr || !same(attribute.value(), *value)) return attribute.key();
    }
  if (const json::value* priority = publish.asked.if_contains("priority"))
    if (const json::value* value = event.if_contains("priority");
        value == nullptr || !same(*priority, *value))
      return "priority";
  return {};
}

}  // namespace

Judgement judge_rejected_dies(const View& view, const contract::Claims& claims) {
  return for_each_group(
      view,
      [&](const Group& group, const ByMessage& came, const std::vector<Listing>& lists,
          Tally& tally) -> std::optional<Judgement> {
        for (const Death& death : deaths(view, claims, group, came)) {
          if (!death.for_good) continue;
          if (auto wrong = came_again(view, came, death)) return wrong;
          if (auto wrong = missing(view, claims, group, death, lists, "not_dead_lettered", tally))
            return wrong;
        }
        return std::nullopt;
      });
}

Judgement judge_attempts_used(const View& view, const contract::Claims& claims) {
  return for_each_group(
      view,
      [&](const Group& group, const ByMessage& came, const std::vector<Listing>& lists,
          Tally& tally) -> std::optional<Judgement> {
        if (auto wrong = too_often(view, claims, came)) return wrong;
        for (const Listing& list : lists)
          for (const Letter& letter : list.letters)
            if (came.contains(letter.message) &&
                !may_have_died(view, claims, group, came, letter.message, list.to))
              return Judgement::violated(
                  "dead_too_early",
                  fmt::format("Message m{} became a dead letter before its last attempt.",
                              letter.message),
                  {came.at(letter.message).back().index, letter.index});
        for (const Death& death : deaths(view, claims, group, came))
          if (!death.for_good)
            if (auto wrong = missing(view, claims, group, death, lists, "not_dead_lettered", tally))
              return wrong;
        return std::nullopt;
      });
}

Judgement judge_listed_once(const View& view, const contract::Claims&) {
  return for_each_group(
      view,
      [&](const Group&, const ByMessage&, const std::vector<Listing>& lists,
          Tally& tally) -> std::optional<Judgement> {
        for (const Listing& list : lists) {
          if (redriven(view, list.from, list.to)) continue;  // It may have died again meanwhile.
          std::map<std::string, std::size_t> seen;
          for (const Letter& letter : list.letters) {
            const auto [before, fresh] = seen.try_emplace(letter.transaction, letter.index);
            if (!fresh)
              return Judgement::violated(
                  "listed_twice",
                  fmt::format("Message m{} is among the dead letters twice.", letter.message),
                  {before->second, letter.index});
            ++tally.judged;
          }
        }
        return std::nullopt;
      });
}

Judgement judge_reason(const View& view, const contract::Claims& claims) {
  return for_each_letter(
      view, claims,
      [&](const ByMessage&, const Death& death, const Letter& letter,
          Tally& tally) -> std::optional<Judgement> {
        const std::string reason = text_of(letter.said, "reason");
        const auto expected = reasons(claims, death);
        if (!expected.contains(reason))
          return Judgement::violated(
              "wrong_reason",
              fmt::format("Message m{} is a dead letter for the reason \"{}\" instead of \"{}\".",
                          letter.message, reason, *expected.begin()),
              shown(death, letter.index));
        ++tally.judged;
        return std::nullopt;
      });
}

Judgement judge_letter_attempts(const View& view, const contract::Claims& claims) {
  const bool exact = claims.trait("queue", "attempts") == "exact";
  return for_each_letter(
      view, claims,
      [&](const ByMessage& came, const Death& death, const Letter& letter,
          Tally& tally) -> std::optional<Judgement> {
        // Whether a redriven one's earlier attempts count is the bus' to choose.
        if (redriven(view, Time::zero(), death.by)) return std::nullopt;
        const auto& all = came.at(letter.message);
        const bool all_held = std::all_of(all.begin(), all.end(), [&](const Delivery& delivery) {
          return released_early(view, delivery) == history::kNever;
        });
        if (!exact && !all_held) return std::nullopt;
        const std::int64_t attempts =
            exact ? death.last->attempt : static_cast<std::int64_t>(all.size());
        const std::int64_t says = number_of(letter.said, "attempts", -1);
        if (says != attempts)
          return Judgement::violated(
              "wrong_attempts",
              fmt::format("Message m{} died at attempt {}; its dead letter says {}.",
                          letter.message, attempts,
                          says < 0 ? "something else" : std::to_string(says)),
              shown(death, letter.index));
        ++tally.judged;
        return std::nullopt;
      });
}

Judgement judge_letter_whole(const View& view, const contract::Claims&) {
  return for_each_group(
      view,
      [&](const Group& group, const ByMessage&, const std::vector<Listing>& lists,
          Tally& tally) -> std::optional<Judgement> {
        for (const Listing& list : lists)
          for (const Letter& letter : list.letters) {
            const Operation* publish = view.publish_of(letter.message);
            if (publish == nullptr || publish->destination != group.first) continue;
            const json::value* event = letter.said.if_contains("event");
            const json::object came =
                event != nullptr && event->is_object() ? event->get_object() : json::object();
            if (const std::string name = changed_attribute(*publish, came); !name.empty())
              return Judgement::violated(
                  "attribute_changed",
                  fmt::format("The dead letter of m{} lacks the attribute {} as it was sent.",
                              letter.message, name),
                  {publish->invoke_index, letter.index});
            if (payload_altered(*publish, came))
              return Judgement::violated(
                  "payload_altered",
                  fmt::format("The dead letter of m{} has another payload.", letter.message),
                  {publish->invoke_index, letter.index});
            ++tally.judged;
          }
        return std::nullopt;
      });
}

Judgement judge_letters_listed(const View& view, const contract::Claims& claims) {
  return for_each_group(
      view,
      [&](const Group& group, const ByMessage& came, const std::vector<Listing>& lists,
          Tally& tally) -> std::optional<Judgement> {
        for (const Listing& list : lists)
          for (const Letter& letter : list.letters) {
            const Operation* publish = view.publish_of(letter.message);
            const bool its_own = publish != nullptr &&
                                 text_of(publish->said, "transaction_id") == letter.transaction;
            if (!its_own || !may_have_died(view, claims, group, came, letter.message, list.to))
              return Judgement::violated(
                  "not_a_dead_letter",
                  letter.message == 0
                      ? std::string("Something that nobody published is listed as a dead letter.")
                      : fmt::format("Message m{} is listed and cannot be a dead letter there.",
                                    letter.message),
                  publish == nullptr ? std::vector{letter.index}
                                     : std::vector{publish->answer_index, letter.index});
          }
        for (const Death& death : deaths(view, claims, group, came))
          if (auto wrong = missing(view, claims, group, death, lists, "dead_letter_missing", tally))
            return wrong;
        return std::nullopt;
      });
}

}  // namespace busproof::checkers
