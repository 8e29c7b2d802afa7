// Uploads through the core: parts in, one payload out. Source: CHUNK-1, CHUNK-3..5, CHUNK-7,
// ROUTE-6, STORE-11.
#include <gtest/gtest.h>

#include "reference/core/base64.hpp"
#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

constexpr std::uint64_t kChunk = 16;

Limits small() {
  Limits limits;
  limits.chunk_bytes = kChunk;
  limits.payload_bytes_max = 200;
  limits.upload_ttl = Ms(10'000);
  limits.uploads_max = 3;
  return limits;
}

std::string bytes_of(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>('a' + i * 7 % 26);
  return bytes;
}

struct Uploads : ::testing::Test {
  Rig rig{small()};
  Conn conn = rig.connect();

  std::string open(std::size_t size) {
    return std::string(
        rig.ok(conn, "bus/upload_open", R"({"datasize":)" + std::to_string(size) + "}")
            .at("upload")
            .as_string());
  }
  static std::string part(const std::string& upload, std::size_t offset, const std::string& bytes) {
    return R"({"upload":")" + upload + R"(","offset":)" + std::to_string(offset) +
           R"(,"data_base64":")" + to_base64(bytes) + "\"}";
  }
  std::int64_t append(const std::string& upload, std::size_t offset, const std::string& bytes) {
    return rig.ok(conn, "bus/upload_append", part(upload, offset, bytes))
        .at("offset")
        .to_number<std::int64_t>();
  }
  static std::string commit(const std::string& upload, const std::string& bytes) {
    return R"({"upload":")" + upload + R"(","datadigest":")" + digest_text(sha256(bytes)) + "\"}";
  }
  /// The transaction id of `bytes`, uploaded in parts of `step` bytes.
  std::string uploaded(const std::string& bytes, std::size_t step) {
    const auto upload = open(bytes.size());
    for (std::size_t at = 0; at < bytes.size(); at += step)
      append(upload, at, bytes.substr(at, step));
    const auto done = rig.ok(conn, "bus/upload_commit", commit(upload, bytes));
    return std::string(done.at("transaction_id").as_string());
  }
  std::string slice(const std::string& id, std::size_t offset, std::size_t length) {
    const auto answer =
        rig.ok(conn, "bus/retrieve",
               R"({"transaction_id":")" + id + R"(","offset":)" + std::to_string(offset) +
                   R"(,"length":)" + std::to_string(length) + "}");
    return *from_base64(answer.at("data_base64").as_string());
  }
  std::string whole(const std::string& id) {
    std::string all;
    for (bool more = true; more;) {
      const auto answer = rig.ok(
          conn, "bus/retrieve",
          R"({"transaction_id":")" + id + R"(","offset":)" + std::to_string(all.size()) + "}");
      all += *from_base64(answer.at("data_base64").as_string());
      more = answer.at("more").as_bool();
    }
    return all;
  }
  static std::string event(const std::string& dataref, const std::string& id = "1") {
    return R"({"destination":"q","mode":"queue","event":{"specversion":"1.0","id":")" + id +
           R"(","source":"s","type":"t","dataref":")" + dataref + "\"}}";
  }
  static std::string named(const std::string& id) { return R"({"transaction_id":")" + id + "\"}"; }
};

TEST_F(Uploads, PartsOfAnySizeBecomeThePayload) {
  for (const std::size_t size : {1, 15, 16, 17, 31, 32, 33, 100}) {
    for (const std::size_t step : {1, 5, 16, 17, 40}) {
      const auto bytes = bytes_of(size);
      const auto id = uploaded(bytes, step);
      EXPECT_EQ(whole(id), bytes) << size << " in parts of " << step;
      const auto record = rig.ok(conn, "bus/inspect", named(id));
      EXPECT_EQ(record.at("chunks").to_number<std::size_t>(), (size + kChunk - 1) / kChunk);
      EXPECT_EQ(record.at("event"), boost::json::object());
    }
  }
}

TEST_F(Uploads, AnyRangeIsThatSlice) {
  const auto bytes = bytes_of(50);
  const auto id = uploaded(bytes, 7);
  for (std::size_t offset = 0; offset <= bytes.size(); ++offset) {
    for (const std::size_t length : {1, 3, 16, 40}) {
      const auto got = slice(id, offset, length);
      EXPECT_EQ(got, bytes.substr(offset, got.size()));
      EXPECT_TRUE(!got.empty() || offset == bytes.size());
    }
  }
  EXPECT_EQ(rig.error(conn, "bus/retrieve", R"({"transaction_id":")" + id + R"(","offset":51})"),
            "invalid_argument");
}

TEST_F(Uploads, GoOnFromTheOffsetThatTheBusReports) {
  const auto bytes = bytes_of(40);
  const auto upload = open(40);
  EXPECT_EQ(append(upload, 0, bytes.substr(0, 20)), 20);
  rig.disconnect(conn);
  conn = rig.connect();
  const auto got = rig.call(conn, "bus/upload_append", part(upload, 24, "x"));
  const auto& data = got.at("error").at("data");
  EXPECT_EQ(data.at("kind"), "upload_offset");
  EXPECT_EQ(data.at("expected").to_number<int>(), 20);
  EXPECT_EQ(rig.error(conn, "bus/upload_append", part(upload, 0, bytes.substr(0, 20))),
            "upload_offset");
  const auto status = rig.ok(conn, "bus/upload_status", R"({"upload":")" + upload + "\"}");
  EXPECT_EQ(status.at("offset").to_number<int>(), 20);
  append(upload, 20, bytes.substr(20));
  const auto done = rig.ok(conn, "bus/upload_commit", commit(upload, bytes));
  EXPECT_EQ(whole(std::string(done.at("transaction_id").as_string())), bytes);
}

TEST_F(Uploads, AppendsThatOverlapAreDoneInTurn) {
  const auto bytes = bytes_of(40);
  const auto upload = open(40);
  rig.hold(true);
  std::vector<int> requests;
  for (std::size_t at = 0; at < 40; at += 10)
    requests.push_back(
        rig.request(conn, "bus/upload_append", part(upload, at, bytes.substr(at, 10))));
  requests.push_back(rig.request(conn, "bus/upload_commit", commit(upload, bytes)));
  rig.release();
  for (const int id : requests) EXPECT_TRUE(rig.answer(conn, id)->contains("result"));
}

TEST_F(Uploads, ReadingIsPausedWhileAppendsWait) {
  const auto upload = open(200);
  rig.hold(true);
  for (int i = 0; i < 3; ++i)
    rig.request(conn, "bus/upload_append", part(upload, 0, bytes_of(kChunk)));
  EXPECT_EQ(rig.throttles, (std::vector<bool>{true}));
  rig.release();
  EXPECT_EQ(rig.throttles, (std::vector<bool>{true, false}));
}

TEST_F(Uploads, NothingIsSeenBeforeTheCommit) {
  const auto bytes = bytes_of(20);
  const auto upload = open(20);
  append(upload, 0, bytes);
  EXPECT_EQ(rig.error(conn, "bus/retrieve", named(upload)), "not_found");
  EXPECT_EQ(rig.error(conn, "bus/inspect", named(upload)), "not_found");
  EXPECT_EQ(rig.error(conn, "bus/publish", event("urn:busproof:payload:" + upload)),
            "invalid_argument");
}

TEST_F(Uploads, ACommitNeedsAllBytesAndTheirDigest) {
  const auto bytes = bytes_of(20);
  const auto upload = open(20);
  append(upload, 0, bytes.substr(0, 19));
  EXPECT_EQ(rig.error(conn, "bus/upload_commit", commit(upload, bytes.substr(0, 19))),
            "upload_offset");
  append(upload, 19, bytes.substr(19));
  EXPECT_EQ(rig.error(conn, "bus/upload_commit", commit(upload, "other")), "digest_mismatch");
  const auto done = rig.ok(conn, "bus/upload_commit", commit(upload, bytes));
  EXPECT_EQ(rig.ok(conn, "bus/upload_commit", commit(upload, bytes)), done);
  EXPECT_EQ(rig.error(conn, "bus/upload_append", part(upload, 20, "x")), "conflict");
}

TEST_F(Uploads, AreNoLargerThanTheyMayBe) {
  EXPECT_EQ(rig.error(conn, "bus/upload_open", R"({"datasize":201})"), "payload_too_large");
  EXPECT_EQ(rig.error(conn, "bus/upload_open", R"({"datasize":-1})"), "invalid_argument");
  const auto full = open(200);
  EXPECT_EQ(rig.error(conn, "bus/upload_append", part(full, 0, bytes_of(201))),
            "payload_too_large");
  const auto upload = open(10);
  EXPECT_EQ(rig.error(conn, "bus/upload_append", part(upload, 0, bytes_of(11))),
            "invalid_argument");
  open(1);
  EXPECT_EQ(rig.error(conn, "bus/upload_open", R"({"datasize":1})"), "backpressure");
}

TEST_F(Uploads, LeftAloneTheyAreGoneAndTheirRoomIsFree) {
  const auto kept = open(20);
  const auto left = open(20);
  open(20);
  rig.advance(Ms(6'000));
  append(kept, 0, "a");
  rig.advance(Ms(6'000));
  EXPECT_EQ(rig.error(conn, "bus/upload_status", R"({"upload":")" + left + "\"}"), "not_found");
  EXPECT_EQ(append(kept, 1, "b"), 2);
  open(20);
  open(20);
  EXPECT_EQ(rig.error(conn, "bus/upload_open", R"({"datasize":1})"), "backpressure");
}

TEST_F(Uploads, OnePayloadIsPublishedAsOftenAsOneLikes) {
  const auto bytes = bytes_of(50);
  const auto id = uploaded(bytes, 50);
  EXPECT_EQ(rig.ok(conn, "bus/inspect", named(id)).at("status"), "pending");
  const std::string dataref = "urn:busproof:payload:" + id;
  const auto first = rig.ok(conn, "bus/publish", event(dataref));
  const auto second = rig.ok(conn, "bus/publish", event(dataref, "2"));
  EXPECT_EQ(first.at("route"), "reference");
  EXPECT_EQ(rig.ok(conn, "bus/inspect", named(id)).at("status"), "complete");
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  const auto got = rig.delivery(conn);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->at("event").at("dataref").as_string(), dataref);
  EXPECT_EQ(got->at("event").at("datasize"), "50");
  EXPECT_EQ(got->at("event").at("datadigest").as_string(), digest_text(sha256(bytes)));

  const std::string one(first.at("transaction_id").as_string());
  const std::string other(second.at("transaction_id").as_string());
  EXPECT_NE(one, other);
  rig.ok(conn, "bus/delete", named(id));
  rig.ok(conn, "bus/delete", named(one));
  EXPECT_EQ(whole(other), bytes);
  EXPECT_EQ(rig.error(conn, "bus/publish", event(dataref, "3")), "invalid_argument");
  const auto usage = rig.ok(conn, "bus/stats", "{}").at("payloads").as_object();
  EXPECT_EQ(usage.at("bytes").to_number<int>(), 50);
  rig.ok(conn, "bus/delete", named(other));
  EXPECT_EQ(rig.ok(conn, "bus/stats", "{}").at("payloads").at("bytes").to_number<int>(), 0);
  EXPECT_TRUE(rig.payloads.pieces(id, 0, 1)->empty());
}

TEST_F(Uploads, ASendersClaimsAboutAnUploadMustBeRight) {
  const auto id = uploaded(bytes_of(50), 50);
  const auto claiming = [&](const std::string& claim) {
    return R"({"destination":"q","mode":"queue","event":{"specversion":"1.0","id":"1",)"
           R"("source":"s","type":"t","dataref":"urn:busproof:payload:)" +
           id + "\"," + claim + "}}";
  };
  EXPECT_EQ(rig.error(conn, "bus/publish", claiming(R"("datasize":"51")")), "invalid_argument");
  EXPECT_EQ(rig.error(conn, "bus/publish",
                      claiming(R"("datadigest":")" + digest_text(sha256("other")) + "\"")),
            "digest_mismatch");
  EXPECT_EQ(rig.error(conn, "bus/publish", claiming(R"("data":1)")), "invalid_argument");
  rig.ok(conn, "bus/publish", claiming(R"("datasize":"50")"));
}

TEST_F(Uploads, AreRefusedWhereTheStoreKnowsNone) {
  const auto id = uploaded(bytes_of(50), 50);
  rig.uploads = false;
  rig.restart();
  conn = rig.connect();
  EXPECT_EQ(rig.error(conn, "bus/upload_open", R"({"datasize":1})"), "not_supported");
  EXPECT_EQ(rig.error(conn, "bus/publish", event("urn:busproof:payload:" + id)),
            "invalid_argument");
}

TEST_F(Uploads, OutliveARestart) {
  const auto bytes = bytes_of(40);
  const auto upload = open(40);
  append(upload, 0, bytes.substr(0, 20));
  rig.restart();
  conn = rig.connect();
  append(upload, 20, bytes.substr(20));
  const auto done = rig.ok(conn, "bus/upload_commit", commit(upload, bytes));
  EXPECT_EQ(whole(std::string(done.at("transaction_id").as_string())), bytes);
}

}  // namespace
}  // namespace reference::core
