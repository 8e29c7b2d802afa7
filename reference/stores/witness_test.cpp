// What a store is recognised by, and stores that come up late.
#include "reference/stores/witness.hpp"

#include <gtest/gtest.h>

#include "reference/stores/late.hpp"

namespace reference::stores {
namespace {

core::Step enqueue(const std::string& id) {
  core::Enqueue op;
  op.id = id;
  return {{op}};
}

TEST(Witness, IsTheLastMessageThatWasAccepted) {
  Witness witness;
  EXPECT_FALSE(witness.message());
  const std::vector<core::Step> batch{enqueue("a"), enqueue("b"), enqueue("c")};
  std::vector<core::Answer> answers(3);
  answers[2].refused = core::Refusal::full;
  witness.see(batch, answers);
  EXPECT_EQ(witness.message(), "b");
}

TEST(Witness, IsNoRepeatedMessageAndNoneThatWasLetGo) {
  Witness witness;
  auto let_go = enqueue("a");
  std::get<core::Enqueue>(let_go.ops.front()).overflow = core::Overflow::drop_newest;
  std::vector<core::Answer> answers(2);
  answers[1].repeats.emplace_back();
  const std::vector<core::Step> batch{let_go, enqueue("b")};
  witness.see(batch, answers);
  EXPECT_FALSE(witness.message());
}

TEST(Witness, IsForgottenWithAllElse) {
  Witness witness;
  const std::vector<core::Answer> answers(1);
  const std::vector<core::Step> accepted{enqueue("a")}, reset{{{core::Reset{}}}};
  witness.see(accepted, answers);
  witness.see(reset, answers);
  EXPECT_FALSE(witness.message());
}

TEST(Witness, IsNotLookedForWhereTheStoreMayForget) {
  Witness witness;
  const std::vector<core::Step> batch{enqueue("a")};
  witness.see(batch, std::vector<core::Answer>(1));
  witness.trust();
  EXPECT_FALSE(witness.message());
}

/// Its server is away until it is told otherwise.
class Away : public QueueStore {
 public:
  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step>, core::Shift) override {
    return std::vector<core::Answer>();
  }
  core::Result<core::View> look(const core::Question&, core::Shift) override {
    return core::View();
  }
  core::Result<core::Swept> sweep(int, int, core::Shift) override { return core::Swept(); }
  core::Result<void> migrate() override {
    ++asked;
    if (there) return {};
    return tl::unexpected(core::StoreError::unreachable("nobody is there"));
  }
  bool there = false;
  int asked = 0;
};

TEST(LateQueues, AreBroughtUpByTheFirstCallThatCan) {
  Away server;
  int opened = 0;
  LateQueues late(server, [&]() -> core::Result<void> {
    ++opened;
    return {};
  });
  const auto first = late.migrate();
  ASSERT_FALSE(first);
  EXPECT_TRUE(first.error().away());
  EXPECT_FALSE(late.sweep(1, 1, core::Shift(0)));
  EXPECT_EQ(opened, 0);
  server.there = true;
  EXPECT_TRUE(late.look(core::AskCounts{}, core::Shift(0)));
  EXPECT_TRUE(late.apply({}, core::Shift(0)));
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(server.asked, 3) << "at the start, by the sweep, and by the look";
}

TEST(LateQueues, AreNotUsedWhileWhatTheyAreIsNoGood) {
  Away server;
  server.there = true;
  LateQueues late(server, []() -> core::Result<void> {
    return tl::unexpected(core::StoreError::did_not_happen("too old"));
  });
  const auto looked = late.look(core::AskCounts{}, core::Shift(0));
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().detail(), "too old");
}

}  // namespace
}  // namespace reference::stores
