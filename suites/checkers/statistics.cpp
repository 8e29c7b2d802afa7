#include "suites/checkers/statistics.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "suites/checkers/books.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;
using models::Bounds;
using models::Fate;

constexpr std::array<std::string_view, 10> kTotals = {
    "published",     "delivered", "acked",   "rejected",        "redelivered",
    "dead_lettered", "expired",   "deleted", "topic_published", "topic_delivered"};

struct Field {
  std::string_view name;
  Fate fate;
};
constexpr std::array kFields = {Field{"acked", Fate::acked},     Field{"expired", Fate::expired},
                                Field{"deleted", Fate::deleted}, Field{"ready", Fate::ready},
                                Field{"leased", Fate::leased},   Field{"delayed", Fate::delayed},
                                Field{"dead", Fate::dead}};

std::vector<const Operation*> stats_calls(const View& view) {
  std::vector<const Operation*> found;
  for (const Operation& call : view.operations(Action::call))
    if (call.ok() && text_of(call.asked, "method") == "bus/stats") found.push_back(&call);
  return found;
}

const json::object* member(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

/// A member that is a whole number; nothing where it is absent or anything else.
std::optional<std::int64_t> whole(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

/// The destination that a call asked about; empty: about all.
std::string destination_of(const Operation& call) {
  const json::object* params = member(&call.asked, "params");
  return params == nullptr ? "" : text_of(*params, "destination");
}

/// What one answer says wrongly, and how many of its numbers were right.
struct Found {
  std::optional<std::string> finding;
  std::string says;
  std::uint64_t right = 0;

  void compare(std::string_view finding_name, const std::string& what,
               std::optional<std::int64_t> said, Bounds right_one) {
    if (finding) return;
    if (said && *said >= right_one.least && *said <= right_one.most) {
      right += right_one.most > 0 ? 1 : 0;
      return;
    }
    finding = said ? finding_name : "no_number";
    const std::string expected = right_one.least == right_one.most
                                     ? fmt::format("{}", right_one.least)
                                     : fmt::format("{} to {}", right_one.least, right_one.most);
    says = said ? fmt::format("{} is {}, and should be {}.", what, *said, expected)
                : fmt::format("{} is missing or no whole number; it should be {}.", what, expected);
  }
};

using Compare = std::function<void(const Operation& call, const Books& books, Found& found)>;

/// Every answer is compared: the right ones count, a wrong one only where the bus was at rest.
Judgement compare_all(const View& view, const contract::Claims& claims,
                      const std::vector<const Operation*>& calls, const Compare& compare) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const Operation* call : calls) {
    const Books books(view, claims, *call);
    Found found;
    compare(*call, books, found);
    if (found.finding && books.at_rest())
      return Judgement::violated(*found.finding, found.says,
                                 {call->invoke_index, call->answer_index});
    open = found.finding.has_value();
    judged += found.finding ? 0 : found.right;
  }
  if (open) return Judgement::inconclusive("the last statistics came before the bus was at rest");
  return Judgement::met(judged);
}

/// Whether the trait says that the bus can tell that number at all.
bool told(const contract::Claims& claims, Fate fate) {
  const std::string counts = claims.trait("queue", "counts");
  const bool waits = fate == Fate::leased || fate == Fate::delayed || fate == Fate::dead;
  if (waits) return counts == "exact";
  return fate != Fate::ready || counts != "none";
}

void compare_groups(const View& view, const contract::Claims& claims, const Operation& call,
                    const Books& books, Found& found) {
  const std::string asked = destination_of(call);
  const json::object* shown = member(member(&call.said, "destinations"), asked);
  for (const auto& [group, tally] : books.groups()) {
    if (asked.empty() || view.history().text(group.first) != asked) continue;
    const Bounds accepted = tally.accepted();
    if (accepted.most == 0) continue;
    const json::object* numbers = member(member(shown, "groups"), group.second);
    if (numbers == nullptr && accepted.least == 0) continue;
    const auto what = [&asked, in_group = std::string_view(group.second)](std::string_view name) {
      return fmt::format("\"{}\" of group {} of {}", name, in_group, asked);
    };
    found.compare("wrong_count", what("accepted"), whole(numbers, "accepted"), accepted);
    for (const Field& field : kFields)
      if (told(claims, field.fate))
        found.compare("wrong_count", what(field.name), whole(numbers, field.name),
                      tally.count(field.fate));
  }
}

/// The growth of a number since the first answer.
std::optional<std::int64_t> grown(const Operation& first, const Operation& call,
                                  std::string_view section, std::string_view name) {
  const auto before = whole(member(&first.said, section), name);
  const auto now = whole(member(&call.said, section), name);
  if (!before || !now) return std::nullopt;
  return *now - *before;
}

/// Whether anything that counts was asked before that answer.
bool begun(const View& view, const Operation& first) {
  const auto publishes = view.operations(Action::publish);
  return std::any_of(publishes.begin(), publishes.end(),
                     [&](const Operation& publish) { return publish.invoked < first.answered; });
}

}  // namespace

Judgement judge_group_counts(const View& view, const contract::Claims& claims) {
  return compare_all(view, claims, stats_calls(view),
                     [&](const Operation& call, const Books& books, Found& found) {
                       compare_groups(view, claims, call, books, found);
                     });
}

Judgement judge_subscribers(const View& view, const contract::Claims& claims) {
  return compare_all(
      view, claims, stats_calls(view),
      [&](const Operation& call, const Books& books, Found& found) {
        const std::string asked = destination_of(call);
        const json::object* shown = member(member(&call.said, "destinations"), asked);
        for (const Operation& subscribe : view.operations(Action::subscribe)) {
          if (view.history().text(subscribe.destination) != asked) continue;
          const Bounds right = books.subscribers(subscribe.destination);
          if (shown == nullptr && right.least == 0) return;  // It knows nothing of it any more.
          found.compare("wrong_subscribers", fmt::format("\"subscribers\" of {}", asked),
                        whole(shown, "subscribers"), right);
          return;
        }
      });
}

Judgement judge_totals(const View& view, const contract::Claims& claims) {
  const auto calls = stats_calls(view);
  if (calls.size() < 2 || begun(view, *calls.front()))
    return Judgement::inconclusive("there are no statistics from before the first message");
  return compare_all(view, claims, {calls.begin() + 1, calls.end()},
                     [&](const Operation& call, const Books& books, Found& found) {
                       for (const std::string_view name : kTotals)
                         found.compare("wrong_total", fmt::format("the growth of totals.{}", name),
                                       grown(*calls.front(), call, "totals", name),
                                       books.total(name));
                     });
}

Judgement judge_balance(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const Operation* call : stats_calls(view)) {
    const json::object* groups =
        member(member(member(&call->said, "destinations"), destination_of(*call)), "groups");
    if (groups == nullptr) continue;
    const Books books(view, claims, *call);
    for (const auto& group : *groups) {
      const auto accepted = whole(group.value().if_object(), "accepted");
      std::optional<std::int64_t> sum = 0;
      for (const Field& field : kFields) {
        const auto number = whole(group.value().if_object(), field.name);
        sum = sum && number ? std::optional(*sum + *number) : std::nullopt;
      }
      if (accepted && sum && *accepted == *sum) {
        judged += *accepted > 0 ? 1 : 0;
      } else if (accepted && sum && books.at_rest()) {
        return Judgement::violated(
            "unbalanced",
            fmt::format("Group {} of {} accepted {} messages, and {} are somewhere.",
                        std::string(group.key()), destination_of(*call), *accepted, *sum),
            {call->invoke_index, call->answer_index});
      } else {
        open = true;
      }
    }
  }
  if (judged == 0 && open)
    return Judgement::inconclusive("numbers are missing, or came before the bus was at rest");
  return Judgement::met(judged);
}

Judgement judge_usage(const View& view, const contract::Claims& claims) {
  const auto calls = stats_calls(view);
  if (calls.size() < 2 || begun(view, *calls.front()))
    return Judgement::inconclusive("there are no statistics from before the first message");
  return compare_all(
      view, claims, {calls.begin() + 1, calls.end()},
      [&](const Operation& call, const Books&, Found& found) {
        Bounds count, bytes;
        for (const Operation& publish : view.operations(Action::publish)) {
          if (publish.outcome == history::Phase::fail || publish.invoked > call.answered) continue;
          const auto all = view.on_message(Action::remove, publish.message);
          const auto removed = std::find_if(all.begin(), all.end(), [&](const Operation& remove) {
            return remove.invoked < call.answered;
          });
          if (removed != all.end() && removed->ok() && removed->answered <= call.invoked) continue;
          const bool certain =
              publish.ok() && publish.answered <= call.invoked && removed == all.end();
          count.add(certain);
          const std::int64_t size = number_of(publish.asked, "size");
          bytes.least += certain ? size : 0;
          bytes.most += size;
        }
        // What is compressed takes less room, and which of the two is told is the bus' choice.
        if (claims.has("compression")) bytes.least = std::min<std::int64_t>(bytes.least, 1);
        found.compare("wrong_usage", "the growth of payloads.count",
                      grown(*calls.front(), call, "payloads", "count"), count);
        found.compare("wrong_usage", "the growth of payloads.bytes",
                      grown(*calls.front(), call, "payloads", "bytes"), bytes);
      });
}

}  // namespace busproof::checkers
