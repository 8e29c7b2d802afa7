// Method: every history by hand that some case calls right or open must break no promise here,
// since a bus may behave like that; of those that break a promise which is watched here, too, the
// pass must see most. Then promises whose near misses no case has.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "suites/checkers/sketch.hpp"
#include "suites/checkers/stream/stream.hpp"
#include "suites/history/binary.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers::stream {
namespace {

namespace fs = std::filesystem;
using contract::Verdict;
using history::Action;

history::History read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  return history::from_file_text(text).value();
}

std::vector<Promise> judged(const history::History& history) {
  return judge_binary(history::to_binary(history)).value();
}

std::set<std::string> broken(const std::vector<Promise>& promises) {
  std::set<std::string> found;
  for (const Promise& promise : promises)
    if (promise.judgement.verdict() == Verdict::violated) found.insert(promise.judgement.finding());
  return found;
}

std::set<std::string> findings(const history::History& history) {
  return history.events.empty() ? std::set<std::string>() : broken(judged(history));
}

template <typename Each>
void for_each_history(Each each) {
  for (const auto& entry : fs::recursive_directory_iterator(CHECKER_HISTORIES))
    if (entry.path().extension() == ".jsonl") each(entry.path(), entry.path().stem().string());
}

TEST(StreamByHand, NothingThatABusMayDoBreaksAPromise) {
  for_each_history([](const fs::path& file, const std::string& stem) {
    if (stem.starts_with("bad-")) return;
    EXPECT_EQ(findings(read(file)), std::set<std::string>())
        << file.filename() << " of " << file.parent_path().filename();
  });
}

TEST(StreamByHand, WhatBreaksAWatchedPromiseIsMostlySeen) {
  const std::map<std::string, std::string> same = {
      {"lost", "lost"},
      {"acked_came_again", "acked_came_again"},
      {"made_up", "made_up"},
      {"misdelivered", "misdelivered"},
      {"refused_but_delivered", "refused_but_delivered"},
      {"equals_out_of_order", "out_of_order"},
      {"lower_first", "lower_first"},
      {"early_redelivery", "early_redelivery"},
      {"expired_early", "expired_early"}};
  std::map<std::string, std::pair<int, int>> seen;  // of how many
  for_each_history([&](const fs::path& file, const std::string& stem) {
    if (!stem.starts_with("bad-")) return;
    const std::string rest = stem.substr(4);
    const auto wanted = same.find(rest.substr(0, rest.find('-')));
    if (wanted == same.end()) return;
    auto& [hits, all] = seen[wanted->second];
    ++all;
    hits += findings(read(file)).contains(wanted->second) ? 1 : 0;
  });
  EXPECT_EQ(seen.size(), same.size());
  for (const auto& [finding, count] : seen)
    EXPECT_GE(count.first * 2, count.second)
        << finding << ": " << count.first << " of " << count.second;
}

TEST(Stream, SawNothingIsNotMet) {
  Sketch sketch({});
  sketch.subscribe(0, 1, 10, 500);
  for (const Promise& promise : judged(sketch.history()))
    EXPECT_EQ(promise.judgement.verdict(), Verdict::inconclusive) << promise.name;
}

// The same event id is each tenant's own; what looks misdelivered may be another's message.
TEST(Stream, OnlyWhatIsOneTenantsIsWatched) {
  const auto misdelivered = [](const char* other) {
    Sketch sketch({}, {{"tenancy", boost::json::object{}}});
    sketch.request(Action::hello, 0, 1, {.session = 1, .asked = {{"session_id", "one"}}});
    sketch.request(Action::hello, 0, 1, {.session = 2, .asked = {{"session_id", other}}});
    sketch.subscribe(2, 3, 10, 60'000, {.destination = "elsewhere"}).publish(4, 5, 1);
    sketch.deliver(6, {.message = 1, .delivery = 1, .destination = "elsewhere"});
    return broken(judge(sketch.history(), sketch.claims()));
  };
  EXPECT_EQ(misdelivered("one"), std::set<std::string>{"misdelivered"});
  EXPECT_EQ(misdelivered("two"), std::set<std::string>());
}

TEST(Stream, ATornFileIsRefused) {
  Sketch sketch({});
  sketch.subscribe(0, 1, 10, 500).publish(2, 3, 1);
  const std::string whole = history::to_binary(sketch.history());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(judge_binary(std::string_view(whole).substr(0, size))) << size;
}

TEST(Stream, DeliveredAfterItsLifeOnlyWhenItWasCertainlySentThen) {
  const boost::json::object limits = {{"ttl_grace_ms", 100}, {"credit_default", 1}};
  const auto one_in_the_way = [&](Millis settled) {
    Sketch sketch(limits, {{"ttl", boost::json::object{}}});
    sketch.subscribe(0, 1, 1, 60'000);
    sketch.publish(2, 3, 1).publish(4, 5, 2, {{"ttl_ms", 300}});
    sketch.deliver(6, {.message = 1, .delivery = 1});
    sketch.request(Action::ack, settled, settled + 1, {.message = 1, .delivery = 1});
    sketch.deliver(1000, {.message = 2, .delivery = 2});
    return broken(judge(sketch.history(), sketch.claims()));
  };
  EXPECT_EQ(one_in_the_way(200), std::set<std::string>());
  EXPECT_EQ(one_in_the_way(900), std::set<std::string>{"delivered_late"});
}

}  // namespace
}  // namespace busproof::checkers::stream
