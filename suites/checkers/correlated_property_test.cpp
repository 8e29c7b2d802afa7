// Method: a listing in pages of a bus that accepts while it is listed is accepted, in whatever
// order publishes that overlapped come; with one message left out, doubled or moved, each judge
// names it and points at it. COR-1.
#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <boost/json/array.hpp>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/correlated.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;
namespace json = boost::json;

struct Message {
  std::uint32_t number = 0;
  Millis asked = 0, accepted = 0, answered = 0;
};

struct Made {
  Sketch sketch{{}, {{"store", json::object()}, {"correlation", json::object()}}};
  std::vector<Message> messages;  ///< In order of acceptance.
  Millis end = 0;
};

/// Messages of one id, and now and then one of another.
Made some_messages(int count) {
  Made made;
  Millis at = 10;
  for (std::uint32_t number = 1; number <= static_cast<std::uint32_t>(count); ++number) {
    at += any_between(1, 20);
    const Message message{number, at - any_between(0, 30), at, at + any_between(1, 30)};
    const bool other = any_between(0, 4) == 0;
    made.sketch.request(
        Action::publish, message.asked, message.answered,
        {.message = number,
         .subscription = 0,
         .asked = {{"mode", "queue"}, {"attributes", {{"correlationid", other ? "Y" : "X"}}}},
         .said = {{"transaction_id", "tx"}}});
    if (!other) made.messages.push_back(message);
  }
  made.end = at + 100;
  return made;
}

std::vector<std::uint32_t> numbers(const Made& made) {
  std::vector<std::uint32_t> listed;
  for (const Message& message : made.messages) listed.push_back(message.number);
  return listed;
}

/// Writes down a listing of these, in pages of any size.
void list(Made& made, const std::vector<std::uint32_t>& listed) {
  std::size_t next = 0;
  std::string cursor;
  do {
    json::array page;
    const auto size = static_cast<std::size_t>(any_between(1, 5));
    for (; next < listed.size() && page.size() < size; ++next)
      page.push_back(json::object{{"message", listed[next]}});
    json::object params{{"correlation_id", "X"}}, said{{"messages", page}};
    if (!cursor.empty()) params["cursor"] = cursor;
    cursor = next < listed.size() ? std::to_string(next) : "";
    if (!cursor.empty()) said["cursor"] = cursor;
    made.sketch.request(Action::call, made.end, made.end + 5,
                        {.subscription = 0,
                         .asked = {{"method", "bus/correlated"}, {"params", params}},
                         .said = said});
    made.end += 10;
  } while (!cursor.empty());
}

RC_GTEST_PROP(Correlated, Cor1_AcceptsPagesInOrderOfAcceptance, ()) {
  Made made = some_messages(any_between(1, 20));
  list(made, numbers(made));
  for (const Judge judge : {judge_all_listed, judge_only_listed, judge_listed_in_order})
    RC_ASSERT(made.sketch.judged(judge).verdict() != Verdict::violated);
}

RC_GTEST_PROP(Correlated, Cor1_NamesTheOneLeftOutOrDoubled, ()) {
  Made made = some_messages(any_between(1, 20));
  RC_PRE(!made.messages.empty());
  auto listed = numbers(made);
  const auto which = static_cast<std::ptrdiff_t>(any_between(0, static_cast<int>(listed.size())));
  const std::uint32_t number = listed[static_cast<std::size_t>(which)];
  const bool out = any_between(0, 2) == 0;
  if (out)
    listed.erase(listed.begin() + which);
  else
    listed.push_back(number);
  list(made, listed);
  const Judgement judgement = made.sketch.judged(judge_all_listed);
  RC_ASSERT(judgement.finding() == (out ? "not_listed" : "listed_twice"));
  if (out) RC_ASSERT(points_at_message(judgement, made.sketch.history(), number));
}

RC_GTEST_PROP(Correlated, Cor1_NamesTheOneOutOfOrder, ()) {
  Made made = some_messages(any_between(2, 20));
  RC_PRE(made.messages.size() > 1);
  auto listed = numbers(made);
  const auto from = static_cast<std::size_t>(any_between(0, static_cast<int>(listed.size()) - 1));
  const Message& early = made.messages[from];
  const Message& late = made.messages.back();
  RC_PRE(early.answered < late.asked);
  listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(from));
  listed.push_back(early.number);
  list(made, listed);
  const Judgement judgement = made.sketch.judged(judge_listed_in_order);
  RC_ASSERT(judgement.finding() == "out_of_order");
  RC_ASSERT(points_at_message(judgement, made.sketch.history(), early.number));
}

}  // namespace
}  // namespace busproof::checkers
