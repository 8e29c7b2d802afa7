// What every store must still know of its messages: events that come again are within their window
// the same message, or a conflict, and afterwards new; the audit tells of what is gone.
//
// Method: as store_test.cpp; both stores, and a restart between. Source: STORE-7, STORE-10, API-3.
#include "reference/stores/store_fixture.hpp"

namespace reference::stores {
namespace {

class Repeats : public Stores {
 protected:
  core::Enqueue event(const std::string& id, const std::string& body = "body") {
    auto op = message(id);
    op.body.bytes = body;
    op.digest = core::sha256(body);
    op.identity = core::Identity{1, 2};
    op.window = Ms(5'000);
    return op;
  }
};

TEST_P(Repeats, AreTheFirstMessage) {
  EXPECT_TRUE(apply(event("a")).repeats.empty());
  open();
  const auto answer = apply(event("b"));
  ASSERT_EQ(answer.repeats.size(), 1U);
  EXPECT_EQ(answer.repeats[0].repeat, "b");
  EXPECT_EQ(answer.repeats[0].first, "a");
  EXPECT_EQ(answer.repeats[0].route, core::Route::inlined);
  EXPECT_EQ(counts().accepted, 1);
  EXPECT_EQ(ids(lease(5)), (Ids{"a"}));
}

TEST_P(Repeats, StayTheFirstMessageWhenItIsSettledOrDeleted) {
  apply(event("a"));
  EXPECT_FALSE(apply(core::Ack{lease(1)[0].copy}).refused);
  EXPECT_EQ(apply(event("b")).repeats.size(), 1U);
  EXPECT_FALSE(apply(core::Delete{"a"}).refused);
  const auto answer = apply(event("c"));
  ASSERT_EQ(answer.repeats.size(), 1U);
  EXPECT_EQ(answer.repeats[0].first, "a");
  EXPECT_TRUE(lease(5).empty());
}

TEST_P(Repeats, WithAnotherDigestAreRefusedWithTheWholeStep) {
  apply(event("a"));
  core::Step step;
  step.ops.emplace_back(message("before"));
  step.ops.emplace_back(event("b", "another body"));
  const auto answers = queues->apply(std::span(&step, 1), shift);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->front().refused, core::Refusal::conflict);
  EXPECT_EQ(answers->front().refused_at, 1U);
  EXPECT_EQ(ids(lease(5)), (Ids{"a"}));
}

TEST_P(Repeats, AreKnownWhateverElseIsInTheirBatch) {
  apply(event("a"));
  apply(message("b"));
  const std::vector<core::Step> batch{{{core::Purge{"q", "default", {}}}},
                                      {{core::Forget{"q", "unknown"}}},
                                      {{core::Redrive{"q", "default", {}}}},
                                      {{core::Delete{"b"}}},
                                      {{event("c")}},
                                      {{event("d", "another body")}}};
  const auto answers = queues->apply(batch, shift);
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[4].repeats.size(), 1U);
  EXPECT_EQ((*answers)[5].refused, core::Refusal::conflict);
}

TEST_P(Repeats, InOneBatchAreTheFirstMessage) {
  const std::vector<core::Step> batch{
      {{event("a")}}, {{event("b")}}, {{event("c", "another body")}}};
  const auto answers = queues->apply(batch, shift);
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[1].repeats.size(), 1U);
  EXPECT_EQ((*answers)[2].refused, core::Refusal::conflict);
  EXPECT_EQ(ids(lease(5)), (Ids{"a"}));
}

TEST_P(Repeats, AreNewAfterTheWindow) {
  apply(event("a"));
  clock.ms += 4'999;
  EXPECT_EQ(apply(event("b")).repeats.size(), 1U);
  clock.ms += 1;
  EXPECT_TRUE(apply(event("c", "another body")).repeats.empty());
  EXPECT_EQ(ids(lease(5)), (Ids{"a", "c"}));
  // Known again from then on.
  EXPECT_EQ(apply(event("d", "another body")).repeats.front().first, "c");
}

TEST_P(Repeats, AreApartByIdentityAndNeverWithoutOne) {
  apply(event("a"));
  auto other = event("b");
  other.identity = core::Identity{1, 3};
  EXPECT_TRUE(apply(other).repeats.empty());
  auto none = event("c");
  none.identity.reset();
  EXPECT_TRUE(apply(none).repeats.empty());
  EXPECT_EQ(ids(lease(5)), (Ids{"a", "b", "c"}));
}

TEST_P(Repeats, AreForgottenByAReset) {
  apply(event("a"));
  apply(core::Reset{});
  EXPECT_TRUE(apply(event("b")).repeats.empty());
}

class Audit : public Stores {
 protected:
  core::Enqueue sent(const std::string& id, const std::string& session) {
    auto op = message(id);
    op.who = "sender of " + id;
    op.session = session;
    return op;
  }
  core::AuditPage records(std::optional<std::string> id, const std::string& session = "",
                          std::int64_t after = 0, int limit = 100) {
    return look<core::AuditPage>(core::AskAudit{std::move(id), session, after, limit});
  }
  core::Outcome outcome(const std::string& id) {
    const auto page = records(id);
    EXPECT_EQ(page.records.size(), 1U);
    return page.records.empty() ? core::Outcome::error : page.records.front().outcome;
  }
};

TEST_P(Audit, TellsWhoSentWhatAndHowItEnded) {
  for (const char* id : {"acked", "dead", "deleted", "waiting"}) apply(sent(id, "s"));
  const auto taken = lease(2);
  apply(core::Ack{taken[0].copy});
  apply(core::Fail{.copy = taken[1].copy, .dead = true});
  apply(core::Delete{"deleted"});
  open();
  EXPECT_EQ(outcome("acked"), core::Outcome::complete);
  EXPECT_EQ(outcome("dead"), core::Outcome::error);
  EXPECT_EQ(outcome("deleted"), core::Outcome::deleted);
  EXPECT_EQ(outcome("waiting"), core::Outcome::pending);
  const auto record = records("deleted").records.front();
  EXPECT_EQ(record.id, "deleted");
  EXPECT_EQ(record.who, "sender of deleted");
  EXPECT_EQ(record.at, 1'000'000);
  EXPECT_EQ(record.size, std::string("body of deleted").size());
  EXPECT_EQ(record.route, core::Route::inlined);
  EXPECT_TRUE(records("never sent").records.empty());
}

TEST_P(Audit, TellsOfExpiredMessagesForAWeek) {
  apply(sent("a", "s"));
  clock.ms += 100'000;
  EXPECT_EQ(outcome("a"), core::Outcome::expired);
  sweep();
  EXPECT_EQ(outcome("a"), core::Outcome::expired);
  clock.ms += kPastKept.count() - 1;
  sweep();
  EXPECT_EQ(outcome("a"), core::Outcome::expired);
  clock.ms += 3'600'000;
  sweep();
  EXPECT_TRUE(records("a").records.empty());
}

TEST_P(Audit, PagesASessionsMessagesInOrder) {
  for (const char* id : {"a", "b", "c", "d"}) {
    apply(sent(id, "s"));
    apply(sent(std::string("other ") + id, "another"));
  }
  apply(core::Delete{"b"});
  std::vector<std::string> seen;
  std::int64_t after = 0;
  for (int pages = 1;; ++pages) {
    const auto page = records(std::nullopt, "s", after, 2);
    for (const auto& record : page.records) seen.push_back(record.id);
    if (!page.next) {
      EXPECT_EQ(pages, 2);
      break;
    }
    after = *page.next;
  }
  EXPECT_EQ(seen, (Ids{"a", "b", "c", "d"}));
}

INSTANTIATE_TEST_SUITE_P(All, Audit, kEveryStore, kind_name);
INSTANTIATE_TEST_SUITE_P(All, Repeats, kEveryStore, kind_name);

}  // namespace
}  // namespace reference::stores
