// What every store must do, run over each of them: accept, lease, settle, show, delete.
//
// Method: steps and questions by hand; the same expectations for SQLite and memory, so that each
// checks the other.
#include "reference/stores/store_fixture.hpp"

namespace reference::stores {
namespace {

TEST_P(Stores, LeaseByRankThenAcceptance) {
  for (const auto& [id, rank] : {std::pair("a", 0), {"b", -10}, {"c", -2}, {"d", -10}})
    apply(message(id, rank));
  EXPECT_EQ(ids(lease(3)), (Ids{"b", "d", "c"}));
  EXPECT_FALSE(dry);
  EXPECT_EQ(ids(lease(3)), (Ids{"a"}));
  EXPECT_TRUE(dry);
}

TEST_P(Stores, KeepTheMessageWhole) {
  auto op = message("a");
  op.body.bytes = std::string("nul \0 and \xff\xfe", 12);
  op.correlation = std::string("k\0k", 3);
  op.chunk = 262'144;
  apply(op);
  open();
  const auto taken = lease(1);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].body.bytes, op.body.bytes);
  EXPECT_EQ(taken[0].body.kind, op.body.kind);
  EXPECT_EQ(taken[0].event, op.event);
  EXPECT_EQ(taken[0].digest, op.digest);
  const auto page = look<core::CorrelatedPage>(core::AskCorrelated{*op.correlation, 0, 5});
  ASSERT_EQ(page.messages.size(), 1U);
  EXPECT_EQ(page.messages.front().chunk, op.chunk);
}

TEST_P(Stores, AFullQueueRefusesAWholeStepAndTakesMoreOnceThereIsRoom) {
  const auto limited = [&](const std::string& id) {
    auto op = message(id);
    op.messages_max = 3;
    return op;
  };
  apply(limited("a"));
  apply(limited("b"));
  const core::Step two{{limited("c"), limited("d")}};
  const auto answers = queues->apply(std::span(&two, 1), shift);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->front().refused, core::Refusal::full);
  EXPECT_EQ(answers->front().refused_at, 1U);
  EXPECT_EQ(counts().accepted, 2);
  EXPECT_FALSE(apply(limited("c")).refused);
  EXPECT_EQ(apply(limited("d")).refused, core::Refusal::full);
  EXPECT_FALSE(apply(message("unlimited")).refused);
  for (const auto& taken : lease(2)) apply(core::Ack{taken.copy});
  EXPECT_FALSE(apply(limited("e")).refused);
  EXPECT_EQ(apply(limited("f")).refused, core::Refusal::full);
}

TEST_P(Stores, SettleOnlyWhatTheTokenHolds) {
  apply(message("a"));
  const auto first = lease(1)[0];
  auto other = first.copy;
  ++other.token;
  EXPECT_EQ(apply(core::Ack{other}).refused, core::Refusal::lease_lost);
  clock.ms += 1'000;
  EXPECT_EQ(apply(core::Ack{first.copy}).refused, core::Refusal::lease_lost);
  EXPECT_EQ(sweep().ended, (std::vector<std::uint64_t>{first.copy.token}));
  const auto second = lease(1)[0];
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(apply(core::Ack{first.copy}).refused, core::Refusal::lease_lost);
  EXPECT_FALSE(apply(core::Ack{second.copy}).refused);
  EXPECT_EQ(apply(core::Ack{second.copy}).refused, core::Refusal::lease_lost);
  EXPECT_EQ(counts().acked, 1);
  EXPECT_EQ(status("a"), core::Status::complete);
}

TEST_P(Stores, ARedeliveredOneKeepsItsPlaceARedrivenOneGoesToTheEnd) {
  for (const auto* id : {"a", "b", "c"}) apply(message(id));
  apply(core::Fail{.copy = lease(1)[0].copy});
  EXPECT_EQ(ids(lease(3)), (Ids{"a", "b", "c"}));
  open();
  sweep();
  const auto all = lease(3);
  EXPECT_EQ(ids(all), (Ids{"a", "b", "c"}));
  apply(core::Fail{.copy = all[0].copy, .dead = true, .reason = "why"});
  apply(core::Fail{.copy = all[1].copy});
  apply(core::Fail{.copy = all[2].copy});
  EXPECT_EQ(apply(core::Redrive{"q", "default", Ids{"a", "a", "b", "unknown"}}).count, 1);
  const auto after = lease(3);
  EXPECT_EQ(ids(after), (Ids{"b", "c", "a"}));
  EXPECT_EQ(after[2].attempt, 1);
}

TEST_P(Stores, OweEveryGroupThatExistsAtAcceptance) {
  apply(core::Join{"q", "one"});
  apply(message("a"));
  apply(core::Join{"q", "two"});
  apply(message("b"));
  EXPECT_EQ(ids(lease(5, Ms(1'000), "one")), (Ids{"a", "b"}));
  const auto two = lease(5, Ms(1'000), "two");
  EXPECT_EQ(ids(two), (Ids{"b"}));
  EXPECT_TRUE(lease(5).empty());
  EXPECT_FALSE(apply(core::Ack{two[0].copy}).refused);
  EXPECT_EQ(status("b"), core::Status::pending);
  EXPECT_EQ(apply(core::Forget{"q", "one"}).ended.size(), 2U);
  EXPECT_EQ(status("b"), core::Status::complete);
  EXPECT_EQ(look<core::StatsPage>(core::AskStats{std::nullopt, "", 10}).totals.deleted, 2);
  EXPECT_EQ(counts("one").accepted, 0);
}

TEST_P(Stores, ShareOneLeaseAmongItsWants) {
  for (const auto* id : {"a", "b", "c", "d"}) apply(message(id));
  const auto answer =
      apply(core::Lease{"q", "default", {{10, 1, Ms(100)}, {20, 5, Ms(200)}}, 1'000'000});
  std::vector<std::uint64_t> tokens;
  for (const auto& one : answer.taken) tokens.push_back(one.copy.token);
  EXPECT_EQ(tokens, (std::vector<std::uint64_t>{10, 20, 21, 22}));
  EXPECT_TRUE(answer.dry);
}

TEST_P(Stores, KeepTokensToTheLastBit) {
  constexpr std::uint64_t kFirst = 0x6a58'039f'ffff'ffffULL;
  for (const auto* id : {"a", "b", "c"}) apply(message(id));
  const auto taken = apply(core::Lease{"q", "default", {{kFirst, 3, Ms(100)}}, 1'000'000}).taken;
  ASSERT_EQ(taken.size(), 3U);
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(taken[i].copy.token, kFirst + i);
  auto next = taken[0].copy;
  ++next.token;
  EXPECT_EQ(apply(core::Ack{next}).refused, core::Refusal::lease_lost);
  EXPECT_FALSE(apply(core::Ack{taken[0].copy}).refused);
  clock.ms += 100;
  EXPECT_EQ(sweep().ended, (std::vector<std::uint64_t>{kFirst + 1, kFirst + 2}));
}

TEST_P(Stores, StopALeaseAtItsBytes) {
  for (const auto* id : {"a", "b", "c"}) apply(message(id));
  EXPECT_EQ(lease(3, Ms(100), "default", 9).size(), 2U);
  EXPECT_FALSE(dry);
}

TEST_P(Stores, DoAStepWholeOrNotAtAll) {
  core::Step step;
  step.ops.emplace_back(message("a"));
  auto late = message("b");
  late.not_after = clock.ms - 1;
  step.ops.emplace_back(late);
  auto answers = queues->apply(std::span(&step, 1), shift);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->front().refused, core::Refusal::invalid);
  EXPECT_EQ(answers->front().refused_at, 1U);
  EXPECT_EQ(counts().accepted, 0);
}

TEST_P(Stores, DeleteTellsWhoHeldIt) {
  apply(message("a"));
  const auto held = lease(1)[0];
  EXPECT_EQ(apply(core::Delete{"a"}).ended, (std::vector<std::uint64_t>{held.copy.token}));
  EXPECT_EQ(apply(core::Delete{"a"}).refused, core::Refusal::not_found);
  EXPECT_EQ(apply(core::Ack{held.copy}).refused, core::Refusal::lease_lost);
  EXPECT_EQ(counts().deleted, 1);
}

TEST_P(Stores, PagesTellOnlyOfWhatMayBeShown) {
  for (const auto* name : {"a", "b", "c", "d", "e"}) {
    auto op = message(std::string("of ") + name);
    op.destination = name;
    op.correlation = "k";
    apply(op);
  }
  const core::Shown vowels = [](std::string_view name) { return name == "a" || name == "e"; };
  const auto first = look<core::CorrelatedPage>(core::AskCorrelated{"k", 0, 1, vowels});
  ASSERT_EQ(first.messages.size(), 1U);
  ASSERT_TRUE(first.next);
  const auto rest = look<core::CorrelatedPage>(core::AskCorrelated{"k", *first.next, 1, vowels});
  ASSERT_EQ(rest.messages.size(), 1U);
  EXPECT_EQ(rest.messages.front().destination, "e");
  EXPECT_FALSE(rest.next);
  const auto some = look<core::StatsPage>(core::AskStats{std::nullopt, "", 1, vowels});
  ASSERT_EQ(some.destinations.size(), 1U);
  ASSERT_EQ(some.next, "a");
  const auto others = look<core::StatsPage>(core::AskStats{std::nullopt, "a", 1, vowels});
  ASSERT_EQ(others.destinations.size(), 1U);
  EXPECT_EQ(others.destinations.front().first, "e");
  EXPECT_FALSE(others.next);
  EXPECT_TRUE(look<core::StatsPage>(core::AskStats{"b", "", 1, vowels}).destinations.empty());
}

TEST_P(Stores, PagesGoOnWhereTheyEnded) {
  for (int i = 0; i < 5; ++i) {
    auto op = message(std::to_string(i));
    op.correlation = "k";
    apply(op);
  }
  const auto first = look<core::CorrelatedPage>(core::AskCorrelated{"k", 0, 2});
  ASSERT_EQ(first.messages.size(), 2U);
  ASSERT_TRUE(first.next);
  const auto rest = look<core::CorrelatedPage>(core::AskCorrelated{"k", *first.next, 9});
  EXPECT_EQ(rest.messages.size(), 3U);
  EXPECT_FALSE(rest.next);
  const auto shown = [](std::string_view name) { return name != "q"; };
  EXPECT_TRUE(look<core::CorrelatedPage>(core::AskCorrelated{"k", 0, 2, shown}).messages.empty());
  for (const auto& taken : lease(5)) apply(core::Fail{.copy = taken.copy, .dead = true});
  const auto dead = look<core::DeadPage>(core::AskDead{"q", "default", 0, 3});
  EXPECT_EQ(look<core::DeadPage>(core::AskDead{"q", "default", *dead.next, 3}).letters.size(), 2U);
}

std::vector<core::Piece> pieces_of(std::string_view bytes, std::size_t each) {
  std::vector<core::Piece> pieces;
  for (std::size_t at = 0; at < bytes.size(); at += each) {
    const auto piece = bytes.substr(at, each);
    pieces.push_back({core::Codec::none, piece.size(), core::sha256(piece), std::string(piece)});
  }
  return pieces;
}

TEST_P(Stores, PayloadsKeepHowTheyWereCompressed) {
  const std::vector<core::Piece> put{{core::Codec::zstd, 1'000, core::sha256("a"), "x"},
                                     {core::Codec::gzip, 9, core::sha256("b"), "yz"}};
  ASSERT_TRUE(payloads->put("p", put, Ms(1'000), shift));
  const auto got = payloads->pieces("p", 0, 9);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), put.size());
  for (std::size_t i = 0; i < put.size(); ++i) {
    EXPECT_EQ((*got)[i].codec, put[i].codec);
    EXPECT_EQ((*got)[i].size, put[i].size);
    EXPECT_EQ((*got)[i].digest, put[i].digest);
    EXPECT_EQ((*got)[i].stored, put[i].stored);
  }
}

TEST_P(Stores, PayloadsComeInPiecesAndGo) {
  ASSERT_TRUE(payloads->put("p", pieces_of("abcdefgh", 3), Ms(1'000), shift));
  auto pieces = payloads->pieces("p", 1, 5);
  ASSERT_TRUE(pieces);
  ASSERT_EQ(pieces->size(), 2U);
  EXPECT_EQ((*pieces)[0].stored, "def");
  EXPECT_EQ((*pieces)[1].stored, "gh");
  EXPECT_EQ((*pieces)[1].digest, core::sha256("gh"));
  clock.ms += 999;
  EXPECT_EQ(payloads->sweep(9, shift).value_or(-1), 0);
  clock.ms += 1;
  EXPECT_EQ(payloads->sweep(9, shift).value_or(-1), 1);
  EXPECT_TRUE(payloads->pieces("p", 0, 5)->empty());
}

TEST_P(Stores, PayloadsAreDamagedWhereAsked) {
  using core::Damage;
  const auto after = [&](Damage damage, std::uint64_t at) {
    const core::TransactionId id = "p" + std::to_string(next_token++);
    EXPECT_TRUE(payloads->put(id, pieces_of("abcdefgh", 3), Ms(1'000), shift));
    const auto done = payloads->corrupt({id, core::Part::payload, damage, at});
    std::string all = done && *done ? "" : "refused:";
    const auto pieces = payloads->pieces(id, 0, 9);
    EXPECT_TRUE(pieces);
    for (const auto& piece : pieces.value()) all += piece.stored;
    return all;
  };
  EXPECT_EQ(after(Damage::flip, 4), "abcddfgh");
  EXPECT_EQ(after(Damage::truncate, 4), "abcd");
  EXPECT_EQ(after(Damage::extend, 0), std::string("abcdefgh\0", 9));
  EXPECT_EQ(after(Damage::erase, 0), "");
  EXPECT_EQ(after(Damage::flip, 8), "refused:abcdefgh");
}

TEST_P(Stores, PiecesAreDamagedByNumber) {
  using core::Damage;
  const auto after = [&](Damage damage, std::uint32_t with_chunk = 0, bool foreign = false) {
    const core::TransactionId id = "p" + std::to_string(next_token++);
    const core::TransactionId other = id + "-other";
    EXPECT_TRUE(payloads->put(id, pieces_of("abcdefgh", 3), Ms(1'000), shift));
    EXPECT_TRUE(payloads->put(other, pieces_of("ABCDEF", 3), Ms(1'000), shift));
    core::Corrupt op{id, core::Part::chunk, damage, 1};
    op.chunk = 1;
    op.with_chunk = with_chunk;
    if (foreign) op.with = other;
    const auto done = payloads->corrupt(op);
    std::string all = done && *done ? "" : "refused:";
    const auto pieces = payloads->pieces(id, 0, 9);
    EXPECT_TRUE(pieces);
    for (const auto& piece : pieces.value()) all += piece.stored + "|";
    return all;
  };
  EXPECT_EQ(after(Damage::flip), "abc|ddf|gh|");
  EXPECT_EQ(after(Damage::truncate), "abc|d|gh|");
  EXPECT_EQ(after(Damage::erase), "abc|gh|");
  EXPECT_EQ(after(Damage::repeat), "abc|def|def|gh|");
  EXPECT_EQ(after(Damage::swap, 2), "abc|gh|def|");
  EXPECT_EQ(after(Damage::swap, 0, true), "abc|ABC|gh|");
  EXPECT_EQ(after(Damage::swap, 1), "refused:abc|def|gh|") << "with itself";
  EXPECT_EQ(after(Damage::swap, 7), "refused:abc|def|gh|");
}

TEST_P(Stores, AMissingPieceIsNotMadeUpForByTheNext) {
  ASSERT_TRUE(payloads->put("p", pieces_of("abcdefgh", 3), Ms(1'000), shift));
  core::Corrupt op{"p", core::Part::chunk, core::Damage::erase};
  op.chunk = 1;
  EXPECT_EQ(payloads->corrupt(op).value_or(false), true);
  EXPECT_TRUE(payloads->pieces("p", 1, 1)->empty());
}

INSTANTIATE_TEST_SUITE_P(All, Stores, kEveryStore, kind_name);

}  // namespace
}  // namespace reference::stores
