// CHUNK-4, 5 and 7, DUR-2, STORE-11: payloads that come in parts.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/chunks.hpp"
#include "suites/checkers/transfer_memory.hpp"
#include "suites/checkers/uploads.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/ranges.hpp"
#include "suites/families/uploading.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::Bus;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Published;
using targets::Session;

constexpr std::string_view kShortLived = "uploads.small", kSmallChunks = "chunks.small";

std::size_t asked_offset(Stage& stage, Session& session, const Upload& upload) {
  auto status = session.call("bus/upload_status", {{"upload", upload.id}});
  if (!status) stage.give_up("bus/upload_status", status.error());
  return static_cast<std::size_t>(history::number_of(*status, "offset"));
}

void goes_on_elsewhere(Stage& stage) {
  Session& first = stage.connect();
  const std::size_t step = part_bytes(stage);
  Upload upload = open(stage, first, random_bytes(stage, 3 * step + 5));
  if (!append(stage, first, upload, 0, step)) return;
  // An answer that nobody waits for: the connection ends over it.
  first.start_call("bus/upload_append", part(upload, step, step / 2));
  first.cut();
  Session& second = stage.connect();
  const std::size_t offset = asked_offset(stage, second, upload);
  if (append_rest(stage, second, upload, offset) && commit(stage, second, upload))
    read_whole(stage, second, upload.bytes, upload.transaction_id);
}

void at_other_offsets(Stage& stage) {
  Session& session = stage.connect();
  constexpr std::size_t kSize = 1000, kHalf = 500;
  Upload upload = open(stage, session, random_bytes(stage, kSize));
  append(stage, session, upload, 10, 5);
  append(stage, session, upload, 0, kHalf);
  for (const std::size_t offset : {std::size_t{0}, kHalf - 1, kHalf + 1, kSize - 1})
    append(stage, session, upload, offset, 1);
  if (append(stage, session, upload, kHalf, kHalf)) commit(stage, session, upload);
}

void survives_a_kill(Stage& stage) {
  constexpr int kRounds = 2;
  constexpr std::size_t kBefore = 3, kUnderWay = 4, kPart = 20'001;
  for (int round = 0; round < kRounds; ++round) {
    Session& session = stage.connect();
    Upload upload = open(stage, session, random_bytes(stage, kPart * 10));
    std::size_t at = 0;
    for (; at < kBefore * kPart; at += kPart)
      if (!append(stage, session, upload, at, kPart)) return;
    std::vector<std::uint32_t> under_way;
    for (std::size_t i = 0; i < kUnderWay; ++i, at += kPart)
      under_way.push_back(session.start_call("bus/upload_append", part(upload, at, kPart)));
    if (round > 0)
      if (auto answer = session.await_call(under_way.front()); !answer) return;
    stage.kill_bus();
    stage.start_bus();
    Session& after = stage.connect();
    const std::size_t offset = asked_offset(stage, after, upload);
    if (!append_rest(stage, after, upload, offset) || !commit(stage, after, upload)) return;
    read_whole(stage, after, upload.bytes, upload.transaction_id);
    after.close();
  }
}

void side_by_side(Stage& stage) {
  Session& session = stage.connect();
  Session& other = stage.many_connections() ? stage.connect() : session;
  constexpr std::size_t kPart = 30'000, kParts = 4;
  std::vector<Upload> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(open(stage, session, random_bytes(stage, kPart * kParts)));
  for (std::size_t at = 0; at < kPart * kParts; at += kPart) {
    std::vector<std::pair<Session*, std::uint32_t>> under_way;
    for (std::size_t i = 0; i < all.size(); ++i) {
      Session& by = i % 2 == 0 ? session : other;
      under_way.emplace_back(&by, by.start_call("bus/upload_append", part(all[i], at, kPart)));
    }
    for (const auto& [by, operation] : under_way)
      if (auto answer = by->await_call(operation); !answer) go_on(stage, *by, answer.error());
  }
  for (Upload& upload : all)
    if (commit(stage, session, upload))
      read_whole(stage, session, upload.bytes, upload.transaction_id);
}

/// Reads, inspects and publishes an upload that is not committed.
void probe(Stage& stage, Session& session, const Upload& upload, const std::string& dataref) {
  for (const char* method : {"bus/retrieve", "bus/inspect"})
    if (auto answer = session.call(method, {{"transaction_id", upload.id}}); !answer)
      go_on(stage, session, answer.error());
  if (dataref.empty()) return;
  auto published = session.publish({.destination = stage.destination(),
                                    .mode = stage.mode(),
                                    .attributes = {{"dataref", dataref}}});
  if (!published) go_on(stage, session, published.error());
}

void unseen(Stage& stage) {
  Session& session = stage.connect();
  Upload whole = open(stage, session, random_bytes(stage, 100));
  if (!append_rest(stage, session, whole, 0) || !commit(stage, session, whole)) return;
  Upload half = open(stage, session, random_bytes(stage, 100'000));
  // What names a committed one would name this one, too.
  std::string dataref = whole.dataref;
  const auto at = dataref.find(whole.id);
  dataref = at == std::string::npos ? std::string() : dataref.replace(at, whole.id.size(), half.id);
  probe(stage, session, half, dataref);
  append(stage, session, half, 0, 70'000);
  probe(stage, session, half, dataref);
  append(stage, session, half, 70'000, 30'000);
  Session& other = stage.many_connections() ? stage.connect() : session;
  probe(stage, other, half, dataref);
}

constexpr std::int64_t kLifeMost = 2000, kManyMost = 8;
constexpr int kRounds = 10;
constexpr std::int64_t kToldMost = 256 << 20;

void start_short_lived(Stage& stage) {
  const auto is_short = [&] {
    return stage.claims().limit("upload_ttl_ms").value_or(kLifeMost + 1) <= kLifeMost;
  };
  if (!is_short()) {
    stage.need_variant(kShortLived);
    stage.stop_bus();
    stage.start_bus(kShortLived);
  }
  if (!is_short())
    throw Abandoned{Verdict::unverified,
                    fmt::format("upload_ttl_ms is above {}: too long to wait for", kLifeMost)};
}

/// Until uploads that are left alone from now on should be over.
void let_them_end(Stage& stage) {
  const auto grace = stage.claims().limit("ttl_grace_ms").value_or(1000);
  stage.let_pass(milliseconds(*stage.claims().limit("upload_ttl_ms") + grace + 400));
}

void ask_all(Stage& stage, Session& session, const std::vector<Upload>& uploads) {
  for (const Upload& upload : uploads)
    if (auto status = session.call("bus/upload_status", {{"upload", upload.id}}); !status)
      go_on(stage, session, status.error());
}

void left_alone(Stage& stage) {
  start_short_lived(stage);
  Session& session = stage.connect();
  const auto most = std::min(stage.claims().limit("uploads_max").value_or(kManyMost), kManyMost);
  std::vector<Upload> left;
  for (std::int64_t i = 0; i < most; ++i) {
    left.push_back(open(stage, session, random_bytes(stage, 10'000)));
    append(stage, session, left.back(), 0, 5'000);
  }
  let_them_end(stage);
  // A slow harness has to allow itself more: then later ones tell.
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_upload_abandoned};
  for (int round = 0; round < kRounds && !stage.met_so_far(kJudges); ++round) {
    if (round > 0) stage.let_pass(milliseconds(300));
    ask_all(stage, session, left);
  }
  // Again for a while where there is no room: that may come late, but not never.
  for (const auto end = history::now() + milliseconds(1'500); history::now() < end;) {
    auto opened = session.call("bus/upload_open", {{"datasize", 10}});
    if (opened) return;
    go_on(stage, session, opened.error());
    stage.let_pass(milliseconds(100));
  }
}

/// Two uploads whose connection ends when a third of them has come.
void cut_off_half_way(Stage& stage) {
  start_short_lived(stage);
  stage.mark_rows();
  Session& first = stage.connect();
  std::vector<Upload> left;
  for (int i = 0; i < 2; ++i) {
    left.push_back(open(stage, first, random_bytes(stage, 600'000)));
    append(stage, first, left.back(), 0, 200'000);
  }
  first.cut();
  stage.mark_rows();
  let_them_end(stage);
  Session& second = stage.connect();
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_orphans_swept};
  for (int round = 0; round < kRounds && !stage.met_so_far(kJudges); ++round) {
    if (round > 0) stage.let_pass(milliseconds(300));
    ask_all(stage, second, left);
    if (auto swept = stage.control("ctl/sweep", {}); !swept)
      stage.give_up("ctl/sweep", swept.error());
    stage.mark_rows();
  }
}

void published_twice(Stage& stage) {
  Session& session = stage.connect();
  Upload upload = open(stage, session, random_bytes(stage, 100'000));
  if (!append_rest(stage, session, upload, 0) || !commit(stage, session, upload)) return;
  const std::string destination = stage.destination();
  const auto publish = [&] {
    return stage.publish(session, {.destination = destination,
                                   .mode = stage.mode(),
                                   .attributes = {{"dataref", upload.dataref}}});
  };
  const Published one = publish(), other = publish(), third = publish();
  for (const Published* gone : {&one, &third}) {
    if (auto removed = session.remove(*gone); !removed)
      stage.give_up("bus/delete", removed.error());
    read_whole(stage, session, upload.bytes, other.transaction_id);
  }
}

/// Stores and reads the same bytes twice: in small payloads, then in one.
void through_memory(Stage& stage) {
  // The smaller the chunks, the less has to go through to tell them from the whole.
  const std::string_view variant = stage.has_variant(kSmallChunks) ? kSmallChunks : "";
  stage.stop_bus();
  stage.start_bus(variant);
  const std::int64_t chunk = *stage.claims().limit("chunk_bytes");
  const std::int64_t whole = checkers::telling_payload(chunk);
  const std::int64_t small = checkers::small_payload(chunk);
  const std::int64_t most = stage.claims().limit("payload_bytes_max").value_or(whole);
  if (std::min(most, kToldMost) < whole)
    throw Abandoned{Verdict::unverified,
                    fmt::format("{} bytes are the least that would tell, and out of reach", whole)};
  Session& session = stage.connect();
  std::vector<Upload> pieces;
  stage.mark_memory();
  for (std::int64_t left = whole; left > 0; left -= small) {
    pieces.push_back(open(stage, session, random_bytes(stage, static_cast<std::size_t>(small))));
    if (!append_rest(stage, session, pieces.back(), 0) || !commit(stage, session, pieces.back()))
      return;
  }
  stage.mark_memory();
  Upload upload = open(stage, session, random_bytes(stage, static_cast<std::size_t>(whole)));
  if (!append_rest(stage, session, upload, 0) || !commit(stage, session, upload)) return;
  stage.mark_memory();
  session.close();
  // What storing took and gave back would hide what reading takes.
  stage.stop_bus();
  stage.start_bus(variant);
  Session& reader = stage.connect();
  stage.mark_memory();
  for (const Upload& piece : pieces) read_whole(stage, reader, piece.bytes, piece.transaction_id);
  stage.mark_memory();
  read_whole(stage, reader, upload.bytes, upload.transaction_id);
  stage.mark_memory();
}

constexpr JudgedCase kUnseen[] = {{"CHUNK-4.invisible", checkers::judge_upload_invisible}};
constexpr JudgedCase kLeft[] = {{"CHUNK-4.abandoned", checkers::judge_upload_abandoned}};
constexpr JudgedCase kSwept[] = {{"CHUNK-4.swept", checkers::judge_orphans_swept}};
constexpr JudgedCase kResumes[] = {{"CHUNK-5.resumes", checkers::judge_upload_resumes}};
constexpr JudgedCase kOffsets[] = {{"CHUNK-5.wrong_offset", checkers::judge_upload_offset}};
constexpr JudgedCase kKilled[] = {{"CHUNK-5.durable", checkers::judge_upload_after_kill},
                                  {"DUR-2.upload", checkers::judge_upload_survives}};
constexpr JudgedCase kApart[] = {{"CHUNK-7.interleaved", checkers::judge_uploads_apart}};
constexpr JudgedCase kMemory[] = {{"CHUNK-6.storing", checkers::judge_memory_storing},
                                  {"CHUNK-6.reading", checkers::judge_memory_reading}};
constexpr JudgedCase kTwice[] = {{"STORE-11.other_publish", checkers::judge_upload_shared}};

constexpr std::array kScenarios = {
    Scenario{
        .name = "Chunk.CHUNK_4_left_alone", .cases = kLeft, .bus = Bus::own, .run = left_alone},
    Scenario{.name = "Chunk.CHUNK_4_cut_off_half_way",
             .cases = kSwept,
             .bus = Bus::own,
             .run = cut_off_half_way},
    Scenario{.name = "Chunk.DUR_2_survives_a_kill",
             .cases = kKilled,
             .bus = Bus::own,
             .run = survives_a_kill},
    Scenario{.name = "Chunk.CHUNK_4_unseen_before_its_commit", .cases = kUnseen, .run = unseen},
    Scenario{
        .name = "Chunk.CHUNK_5_goes_on_elsewhere", .cases = kResumes, .run = goes_on_elsewhere},
    Scenario{.name = "Chunk.CHUNK_5_at_other_offsets", .cases = kOffsets, .run = at_other_offsets},
    Scenario{.name = "Chunk.CHUNK_6_through_memory",
             .cases = kMemory,
             .bus = Bus::own,
             .run = through_memory},
    Scenario{.name = "Chunk.CHUNK_7_side_by_side", .cases = kApart, .run = side_by_side},
    Scenario{.name = "Chunk.STORE_11_published_twice", .cases = kTwice, .run = published_twice},
};

}  // namespace

std::span<const Scenario> uploads() { return kScenarios; }

}  // namespace busproof::families
