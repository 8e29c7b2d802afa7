// Uploads in every store. Source: CHUNK-4, CHUNK-5, STORE-11.
#include "reference/stores/store_fixture.hpp"

namespace reference::stores {
namespace {

core::Piece piece(const std::string& bytes) {
  return {core::Codec::none, bytes.size(), core::sha256(bytes), bytes};
}

class UploadStores : public Stores {
 protected:
  bool begin(const std::string& id, std::optional<std::int64_t> most = {}) {
    core::OpenUpload op{id, {}, Ms(1'000), most};
    op.upload.size = 8;
    op.upload.chunk = 4;
    op.upload.digest = core::sha256("abcdefgh");
    return *payloads->uploads()->open(op, shift);
  }
  std::optional<core::Upload> append(const std::string& id, std::uint64_t from, std::uint32_t first,
                                     const std::vector<std::string>& parts, std::uint64_t to) {
    core::AppendUpload op{id, from, to, first, {}, Ms(1'000)};
    for (const auto& part : parts) op.pieces.push_back(piece(part));
    return *payloads->uploads()->append(op, shift);
  }
  std::optional<core::Upload> upload(const std::string& id) {
    return *payloads->uploads()->upload(id, shift);
  }
  bool keep(const std::string& id, Ms ttl) { return *payloads->uploads()->keep(id, ttl, shift); }
  std::vector<std::string> stored(const std::string& id) {
    std::vector<std::string> all;
    const auto found = payloads->pieces(id, 0, 10);
    for (const auto& one : *found) all.push_back(one.stored);
    return all;
  }
};

TEST_P(UploadStores, GrowOnlyFromWhereTheyAre) {
  ASSERT_TRUE(begin("u"));
  EXPECT_EQ(append("u", 0, 0, {"abcd", "e"}, 5)->offset, 5U);
  EXPECT_EQ(append("u", 4, 1, {"xxxx"}, 8)->offset, 5U);
  EXPECT_EQ(append("u", 5, 1, {"efgh"}, 8)->offset, 8U);
  EXPECT_EQ(stored("u"), (std::vector<std::string>{"abcd", "efgh"}));
  EXPECT_FALSE(append("none", 0, 0, {"abcd"}, 4));
}

TEST_P(UploadStores, OutliveARestart) {
  ASSERT_TRUE(begin("u"));
  append("u", 0, 0, {"abcd"}, 4);
  open();
  const auto found = upload("u");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->offset, 4U);
  EXPECT_EQ(found->size, 8U);
  EXPECT_EQ(found->chunk, 4U);
  EXPECT_EQ(found->digest, core::sha256("abcdefgh"));
  EXPECT_FALSE(found->sealed);
}

TEST_P(UploadStores, AreGoneAfterTheirTimeUnlessSealed) {
  ASSERT_TRUE(begin("left", 2));
  ASSERT_TRUE(begin("kept", 2));
  EXPECT_FALSE(begin("third", 2));
  append("kept", 0, 0, {"abcd", "efgh"}, 8);
  EXPECT_TRUE(keep("kept", Ms(5'000)));
  EXPECT_TRUE(begin("third", 2));
  clock.ms += 1'000;
  EXPECT_FALSE(upload("left"));
  EXPECT_FALSE(keep("left", Ms(5'000)));
  EXPECT_TRUE(begin("fourth", 2));
  EXPECT_TRUE(upload("kept")->sealed);
  EXPECT_EQ(append("kept", 8, 2, {"more"}, 12)->offset, 8U);
  EXPECT_EQ(*payloads->sweep(100, shift), 2);
  EXPECT_EQ(stored("kept").size(), 2U);
  EXPECT_TRUE(keep("kept", Ms(1)));  // Never sooner than it was told before.
  clock.ms += 3'999;
  EXPECT_EQ(*payloads->sweep(100, shift), 1);  // "fourth"
  clock.ms += 1;
  EXPECT_EQ(*payloads->sweep(100, shift), 1);
}

TEST_P(UploadStores, APayloadIsNamedUntilNothingNamesIt) {
  auto record = message("up");
  record.route = core::Route::reference;
  record.upload = true;
  record.fan_out = false;
  record.chunk = 4;
  apply(record);
  EXPECT_EQ(status("up"), core::Status::pending);
  auto naming = message("m");
  naming.route = core::Route::reference;
  naming.payload = "up";
  naming.chunk = 4;
  apply(naming);
  EXPECT_EQ(status("up"), core::Status::complete);
  const auto view = look<core::MessageView>(core::AskMessage{"m", false});
  EXPECT_EQ(view.payload, "up");
  EXPECT_FALSE(view.upload);
  EXPECT_EQ(view.chunk, 4U);
  EXPECT_EQ(look<core::StatsPage>(core::AskStats{{}, "", 10}).totals.payload_count, 1);

  EXPECT_TRUE(apply(core::Delete{"up"}).unreferenced.empty());
  naming.id = "late";
  EXPECT_EQ(apply(naming).refused, core::Refusal::no_upload);
  EXPECT_EQ(apply(core::Delete{"m"}).unreferenced, Ids{"up"});
  EXPECT_EQ(look<core::StatsPage>(core::AskStats{{}, "", 10}).totals.payload_count, 0);
}

TEST_P(UploadStores, AnUploadThatExpiredCannotBeNamed) {
  auto record = message("up");
  record.route = core::Route::reference;
  record.upload = true;
  record.fan_out = false;
  apply(record);
  clock.ms += 100'000;
  auto naming = message("m");
  naming.payload = "up";
  EXPECT_EQ(apply(naming).refused, core::Refusal::no_upload);
  EXPECT_EQ(sweep().unreferenced, Ids{"up"});
}

INSTANTIATE_TEST_SUITE_P(Every, UploadStores, kEveryStore, kind_name);

}  // namespace
}  // namespace reference::stores
