// Method: topics as a correct bus carries them, each at an instant of its own between request and
// answer, are accepted; with exactly one fault planted in them the judge names it. PUB-1, 4, 5, 6.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/checkers/subscribers.hpp"
#include "suites/checkers/topics.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

struct Member {
  std::uint32_t number = 0;
  Millis asked = 0, active = 0, answered = 0;  // subscribe
  Millis ending = 0, gone = 0, ended = 0;      // unsubscribe
};

struct Sent {
  std::uint32_t message = 0;
  Millis from = 0, accepted = 0, to = 0;
};

struct Came {
  std::uint32_t message = 0, subscription = 0;
  Millis at = 0;
};

struct Traffic {
  std::vector<Member> members = {};
  std::vector<Sent> sent = {};
  std::vector<Came> came = {};
  std::vector<std::int64_t> receivers = {};  // by place in `sent`
};

/// The first is there from the beginning to the end; the others come and go.
std::vector<Member> some_members() {
  std::vector<Member> members{{1, 1, 1, 2, 9000, 9000, 9001}};
  const auto count = any_between<std::uint32_t>(1, 4);
  for (std::uint32_t n = 2; n < 2 + count; ++n) {
    Member member{.number = n, .asked = any_between<Millis>(1, 400)};
    member.answered = member.asked + any_between<Millis>(1, 60);
    member.active = any_between(member.asked, member.answered + 1);
    member.ending = member.answered + any_between<Millis>(1, 400);
    member.ended = member.ending + any_between<Millis>(1, 60);
    member.gone = any_between(member.ending, member.ended + 1);
    members.push_back(member);
  }
  return members;
}

Traffic some_traffic() {
  Traffic traffic{.members = some_members()};
  Millis now = 10;
  for (std::uint32_t message = 1; message <= 20; ++message) {
    Sent sent{.message = message, .from = now + any_between<Millis>(1, 30)};
    sent.to = sent.from + any_between<Millis>(1, 30);
    sent.accepted = any_between(sent.from, sent.to + 1);
    now = sent.to;
    traffic.receivers.push_back(0);
    for (const Member& member : traffic.members) {
      if (member.active > sent.accepted || member.gone <= sent.accepted) continue;
      ++traffic.receivers.back();
      const Millis at = std::max(sent.accepted, member.answered);
      if (at < member.ended) traffic.came.push_back({message, member.number, at});
    }
    traffic.sent.push_back(sent);
  }
  return traffic;
}

history::History written(const Traffic& traffic, Sketch& sketch) {
  for (const Member& member : traffic.members) {
    sketch.request(Action::subscribe, member.asked, member.answered,
                   {.subscription = member.number, .session = 2, .asked = {{"mode", "topic"}}});
    if (member.number != 1)
      sketch.request(Action::unsubscribe, member.ending, member.ended,
                     {.subscription = member.number, .session = 2});
  }
  for (std::size_t i = 0; i < traffic.sent.size(); ++i) {
    const Sent& sent = traffic.sent[i];
    sketch.request(Action::publish, sent.from, sent.to,
                   {.message = sent.message,
                    .subscription = 0,
                    .asked = {{"mode", "topic"}},
                    .said = {{"receivers", traffic.receivers[i]}}});
  }
  for (const Came& came : traffic.came)
    sketch.deliver(came.at,
                   {.message = came.message, .subscription = came.subscription, .session = 2}, 0);
  return sketch.history();
}

Judgement judged(const Traffic& traffic, Judge judge) {
  Sketch sketch({}, {{"topic", boost::json::object{}}});
  const history::History history = written(traffic, sketch);
  return judge(history::View(history), sketch.claims());
}

/// A delivery to the first member with others behind it.
std::size_t some_delivery(const Traffic& traffic) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < traffic.came.size(); ++i)
    if (traffic.came[i].subscription == 1 && traffic.came[i].message < 20) places.push_back(i);
  return places[any_between<std::size_t>(0, places.size())];
}

RC_GTEST_PROP(Topics, WhatACorrectBusDoesIsAccepted, ()) {
  const Traffic traffic = some_traffic();
  for (const Judge judge :
       {judge_topic_each, judge_topic_once, judge_topic_asked_for, judge_topic_order,
        judge_receivers, judge_nobody, judge_topic_silence, judge_topic_first}) {
    const Judgement judgement = judged(traffic, judge);
    RC_ASSERT(judgement.verdict() != Verdict::violated);
  }
  RC_ASSERT(judged(traffic, judge_topic_each).verdict() == Verdict::met);
  RC_ASSERT(judged(traffic, judge_topic_once).verdict() == Verdict::met);
  RC_ASSERT(judged(traffic, judge_topic_order).verdict() == Verdict::met);
}

RC_GTEST_PROP(Topics, ALostOneIsFound, ()) {
  Traffic traffic = some_traffic();
  traffic.came.erase(traffic.came.begin() + static_cast<std::ptrdiff_t>(some_delivery(traffic)));
  const Judgement judgement = judged(traffic, judge_topic_each);
  RC_ASSERT(judgement.verdict() == Verdict::violated);
  RC_ASSERT(judgement.finding() == "lost");
}

RC_GTEST_PROP(Topics, ADoubleIsFound, ()) {
  Traffic traffic = some_traffic();
  Came again = traffic.came[some_delivery(traffic)];
  again.at += any_between<Millis>(0, 300);
  traffic.came.push_back(again);
  RC_ASSERT(judged(traffic, judge_topic_once).finding() == "twice");
}

RC_GTEST_PROP(Topics, ASwapIsFound, ()) {
  Traffic traffic = some_traffic();
  const std::size_t one = some_delivery(traffic);
  const auto next =
      std::find_if(traffic.came.begin() + static_cast<std::ptrdiff_t>(one) + 1, traffic.came.end(),
                   [](const Came& came) { return came.subscription == 1; });
  std::swap(traffic.came[one].message, next->message);
  RC_ASSERT(judged(traffic, judge_topic_order).finding() == "out_of_order");
}

RC_GTEST_PROP(Topics, AWrongNumberIsFound, ()) {
  Traffic traffic = some_traffic();
  const auto members = static_cast<std::int64_t>(traffic.members.size());
  traffic.receivers[any_between<std::size_t>(0, 20)] = any_between(0, 2) == 0 ? 0 : members + 1;
  RC_ASSERT(judged(traffic, judge_receivers).finding() == "wrong_count");
}

RC_GTEST_PROP(Topics, OneAfterTheEndIsFound, ()) {
  Traffic traffic = some_traffic();
  const Member& left = traffic.members[any_between<std::size_t>(1, traffic.members.size())];
  traffic.came.push_back({20, left.number, left.ended + any_between<Millis>(1, 50)});
  RC_ASSERT(judged(traffic, judge_topic_silence).finding() == "after_unsubscribe");
}

}  // namespace
}  // namespace busproof::checkers
