// Method: a store is played whose records end when they should: at some instant of their own, after
// which they may still be seen for as long as the grace. Clocks are moved, requests take their
// time, records are deleted. What it shows is accepted; one wrong look is named and pointed at.
// TTL-2.any_sequence.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/lives.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/contract/instant.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;
namespace json = boost::json;

constexpr Millis kGrace = 60, kGranularity = 2;

struct Record {
  std::uint32_t message = 0;
  Millis published = 0, accepted = 0, answered = 0, life = 0;
  bool deleted = false;
};

std::string end_text(const Record& record) {
  return contract::to_rfc3339(std::chrono::milliseconds(1'000'000 + record.accepted + record.life));
}

/// Everything is carried out at one instant of a request; the bus' clock runs ahead by what was
/// added to it.
class Store {
 public:
  void step() {
    now_ += any_between<Millis>(1, 40);
    const int what = any_between(0, 10);
    if (what < 3 || records_.empty()) return publish(any_between<Millis>(100, 400));
    if (what == 3) return advance();
    Record& record =
        records_[static_cast<std::size_t>(any_between<std::size_t>(0, records_.size()))];
    if (what == 4 && !record.deleted) return remove(record);
    if (what > 6) return look(record, Action::retrieve);
    if (!record.deleted) look(record, Action::inspect);
  }

  void publish(Millis life) {
    Record record{.message = static_cast<std::uint32_t>(records_.size()) + 1,
                  .published = now_,
                  .life = life};
    const Millis at = pass();
    record.accepted = at + ahead_;
    record.answered = now_;
    sketch.publish(record.published, now_, record.message, {{"ttl_ms", life}});
    records_.push_back(record);
  }

  Record& last() { return records_.back(); }

  /// A look of any outcome, right or wrong; later than all before it.
  void look(const Record& record, Action action, Millis from, bool there,
            const std::string& end = {}) {
    About about{.message = record.message};
    if (!there) about.error = "not_found";
    if (action == Action::inspect && there)
      about.said = {{"status", "pending"}, {"expires_at", end.empty() ? end_text(record) : end}};
    sketch.request(action, from, from + 3, about);
  }

  void let_pass(Millis time) { now_ += time; }
  [[nodiscard]] Millis now() const { return now_; }

  void remove(Record& record) {
    const Millis from = now_;
    pass();
    record.deleted = true;
    sketch.request(Action::remove, from, now_, {.message = record.message});
  }

  Sketch sketch{
      {{"ttl_grace_ms", kGrace}, {"time_granularity_ms", kGranularity}},
      {{"ttl", json::object{}}, {"store", json::object{}}, {"dead_letter", json::object{}}}};

 private:
  /// A request is under way: the instant at which it is carried out; it is answered at now().
  Millis pass() {
    const Millis at = now_ + any_between<Millis>(0, 10);
    now_ = at + any_between<Millis>(0, 10);
    return at;
  }

  void advance() {
    const Millis from = now_, added = any_between<Millis>(1, 300);
    pass();
    ahead_ += added;
    sketch.request(Action::control, from, now_,
                   {.asked = {{"method", "ctl/clock"}, {"params", {{"advance_ms", added}}}}});
  }

  void look(const Record& record, Action action) {
    const Millis from = now_, lived = pass() + ahead_ - record.accepted;
    const bool may = lived >= record.life - kGranularity, must = lived > record.life + kGrace;
    const bool gone = record.deleted || must || (may && any_between(0, 2) == 0);
    About about{.message = record.message};
    if (gone) about.error = any_between(0, 2) == 0 ? "expired" : "not_found";
    if (action == Action::inspect && !gone)
      about.said = {{"status", "pending"}, {"expires_at", end_text(record)}};
    sketch.request(action, from, now_, about);
  }

  std::vector<Record> records_;
  Millis now_ = 10, ahead_ = 0;
};

Store some_store() {
  Store store;
  for (int left = any_between(1, 25); left > 0; --left) store.step();
  store.let_pass(20);
  return store;
}

void expect_fault(const Store& store, std::string_view finding, std::uint32_t message) {
  const Judgement judgement = store.sketch.judged(judge_lives);
  RC_ASSERT(judgement.finding() == finding);
  RC_ASSERT(points_at_message(judgement, store.sketch.history(), message));
}

RC_GTEST_PROP(Lives, AcceptsEveryLegalCourse, ()) {
  const Store store = some_store();
  const Verdict verdict = store.sketch.judged(judge_lives).verdict();
  RC_ASSERT(verdict == Verdict::met || verdict == Verdict::inconclusive);
}

RC_GTEST_PROP(Lives, PointsAtTheOneGoneEarly, ()) {
  Store store = some_store();
  store.publish(300);
  const Record& record = store.last();
  const Millis latest = record.published + record.life - kGranularity - 4;
  store.look(record, *rc::gen::element(Action::retrieve, Action::inspect),
             any_between<Millis>(record.answered, latest + 1), false);
  expect_fault(store, "gone_early", record.message);
}

RC_GTEST_PROP(Lives, PointsAtTheOneThereLate, ()) {
  Store store = some_store();
  store.publish(300);
  const Record& record = store.last();
  const Millis over = record.answered + record.life + kGrace + kGranularity;
  store.look(record, *rc::gen::element(Action::retrieve, Action::inspect),
             over + any_between<Millis>(1, 900), true);
  expect_fault(store, "there_late", record.message);
}

RC_GTEST_PROP(Lives, PointsAtTheOneThereAfterItsDeletion, ()) {
  Store store = some_store();
  store.publish(300);
  store.remove(store.last());
  store.look(store.last(), Action::retrieve, store.now() + any_between<Millis>(1, 100), true);
  expect_fault(store, "there_removed", store.last().message);
}

RC_GTEST_PROP(Lives, PointsAtTheEndThatMoved, ()) {
  Store store = some_store();
  store.publish(300);
  Record moved = store.last();
  store.look(moved, Action::inspect, store.now() + 1, true);
  moved.life +=
      any_between(0, 2) == 0 ? any_between<Millis>(20, 900) : -any_between<Millis>(20, 90);
  store.look(store.last(), Action::inspect, store.now() + 20, true, end_text(moved));
  expect_fault(store, "expiry_moved", moved.message);
}

}  // namespace
}  // namespace busproof::checkers
