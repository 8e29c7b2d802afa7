// CHUNK-1..3, ROUTE-6, SUM-5: payloads that lie in chunks.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/chunks.hpp"
#include "suites/checkers/payload.hpp"
#include "suites/checkers/ranges.hpp"
#include "suites/checkers/uploads.hpp"
#include "suites/contract/base64.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/ranges.hpp"
#include "suites/families/uploading.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using contract::Verdict;
using stage::Abandoned;
using stage::Bus;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Session;

constexpr std::string_view kSmall = "limits.small";
constexpr std::int64_t kThresholdMost = 8 << 20, kLargestMost = 8 << 20;

/// Appends, commits and reads it; false where the bus refused something.
bool through(Stage& stage, Session& session, Upload& upload) {
  if (!append_rest(stage, session, upload, 0) || !commit(stage, session, upload)) return false;
  read_whole(stage, session, upload.bytes, upload.transaction_id);
  return true;
}

/// Starts the variant with small limits where those of the bus are out of reach.
std::int64_t within_reach(Stage& stage, const char* limit, std::int64_t most) {
  const auto is_small = [&] { return stage.claims().limit(limit).value_or(most + 1) <= most; };
  if (!is_small()) {
    stage.need_variant(kSmall);
    stage.stop_bus();
    stage.start_bus(kSmall);
  }
  if (is_small()) return *stage.claims().limit(limit);
  throw Abandoned{Verdict::unverified, fmt::format("{} is above {}: out of reach", limit, most)};
}

void in_chunks(Stage& stage) {
  const auto threshold =
      static_cast<std::size_t>(within_reach(stage, "chunk_threshold_bytes", kThresholdMost));
  const auto chunk = stage.claims().limit("chunk_bytes").value_or(1 << 20);
  Session& session = stage.connect();
  for (const std::size_t size :
       {threshold + 1, threshold + static_cast<std::size_t>(2 * chunk) + 7}) {
    for (const bool dense : {true, false}) {
      Upload upload =
          open(stage, session, dense ? random_bytes(stage, size) : std::string(size, 'c'));
      if (!append_rest(stage, session, upload, 0) || !commit(stage, session, upload)) return;
      auto shown = session.call("bus/inspect", {{"transaction_id", upload.transaction_id}});
      if (!shown) go_on(stage, session, shown.error());
    }
  }
}

void at_edges(Stage& stage) {
  within_reach(stage, "chunk_threshold_bytes", kThresholdMost);
  const auto chunk = stage.claims().limit("chunk_bytes").value_or(1 << 20);
  const auto most = stage.claims().limit("payload_bytes_max").value_or(64 << 20);
  Session& session = stage.connect();
  for (const std::int64_t times : {std::int64_t{1}, std::int64_t{3}}) {
    for (const std::int64_t more : {-1, 0, 1}) {
      const std::int64_t size = times * chunk + more;
      if (size > most || size < 1) continue;
      Upload upload = open(stage, session, random_bytes(stage, static_cast<std::size_t>(size)));
      through(stage, session, upload);
    }
  }
}

void largest(Stage& stage) {
  const std::int64_t most = within_reach(stage, "payload_bytes_max", kLargestMost);
  Session& session = stage.connect();
  const auto beyond = [&](std::int64_t size) {
    auto refused = session.call("bus/upload_open", {{"datasize", size}});
    if (!refused) go_on(stage, session, refused.error());
  };
  beyond(most + 1);
  beyond(most * 3);
  Upload upload = open(stage, session, random_bytes(stage, static_cast<std::size_t>(most)));
  if (!append_rest(stage, session, upload, 0)) return;
  auto grown = session.call("bus/upload_append", {{"upload", upload.id},
                                                  {"offset", upload.bytes.size()},
                                                  {"data_base64", contract::to_base64("more")}});
  if (!grown) go_on(stage, session, grown.error());
  if (commit(stage, session, upload))
    read_whole(stage, session, upload.bytes, upload.transaction_id);
}

void ranges(Stage& stage) {
  within_reach(stage, "chunk_threshold_bytes", kThresholdMost);
  const auto chunk = static_cast<std::size_t>(stage.claims().limit("chunk_bytes").value_or(65'536));
  Session& session = stage.connect();
  Upload upload = open(stage, session, random_bytes(stage, 3 * chunk + 11));
  if (!append_rest(stage, session, upload, 0) || !commit(stage, session, upload)) return;
  read_ranges(stage, session, upload.bytes, upload.transaction_id, chunk);
}

using Damage = Stage::Damage;

/// A message that lies in four chunks or more, and `rest` bytes: without any no chunk is told from
/// another by its size.
targets::Published publish_in_chunks(Stage& stage, Session& session, std::int64_t rest) {
  const std::int64_t chunk = stage.claims().limit("chunk_bytes").value_or(1 << 20);
  const std::int64_t threshold = stage.claims().limit("chunk_threshold_bytes").value_or(0);
  const std::int64_t size = std::max(std::int64_t{4}, threshold / chunk + 1) * chunk + rest;
  const auto payload =
      targets::Payload::binary(random_bytes(stage, static_cast<std::size_t>(size)));
  if (!fits(stage.claims(), payload))
    throw Abandoned{Verdict::unverified,
                    fmt::format("{} bytes in chunks do not fit one message", size)};
  return stage.publish(session, {.destination = stage.destination(), .payload = payload});
}

/// Puts chunks out of place, from outside and by the hook as far as they go, and reads them. With
/// `foreign` the chunk it is exchanged with is another message's.
void displace(Stage& stage, const char* op, bool foreign) {
  within_reach(stage, "chunk_threshold_bytes", kThresholdMost);
  stage.need("queue");
  Session& session = stage.connect();
  for (const bool through_hook : {false, true}) {
    Damage damage{.part = "chunk", .op = op, .through_hook = through_hook};
    const bool twice = stage.reaches(damage) && stage.claims().has("control.corrupt");
    if (through_hook && !twice) continue;
    for (const std::int64_t chunk : {1, 2}) {
      const std::int64_t rest = chunk == 1 ? 0 : 100;
      const auto message = publish_in_chunks(stage, session, rest);
      damage.chunk = chunk;
      if (foreign)
        damage.with_id = publish_in_chunks(stage, session, rest).transaction_id;
      else if (damage.op == "swap")
        damage.with_chunk = stage.any(0, 1) == 0 ? chunk + 1 : chunk - 1;
      stage.corrupt(message, damage);
      read(stage, session, message);
    }
  }
}

void swapped(Stage& stage) { displace(stage, "swap", false); }
void missing(Stage& stage) { displace(stage, "delete", false); }
void doubled(Stage& stage) { displace(stage, "double", false); }
void foreign(Stage& stage) { displace(stage, "swap", true); }

constexpr JudgedCase kInChunks[] = {{"CHUNK-1.above_threshold", checkers::judge_chunked},
                                    {"CHUNK-1.chunk_size", checkers::judge_chunk_size}};
constexpr JudgedCase kEdges[] = {{"CHUNK-2.edges", checkers::judge_chunk_edges}};
constexpr JudgedCase kLargest[] = {{"CHUNK-2.largest", checkers::judge_largest_payload},
                                   {"ROUTE-6.upload", checkers::judge_upload_too_large}};
constexpr JudgedCase kRanges[] = {{"CHUNK-3.slice", checkers::judge_slices},
                                  {"CHUNK-3.at_end", checkers::judge_range_at_end},
                                  {"CHUNK-3.beyond", checkers::judge_range_beyond}};
constexpr JudgedCase kSwapped[] = {{"SUM-5.swapped", checkers::judge_corruption_found}};
constexpr JudgedCase kMissing[] = {{"SUM-5.missing", checkers::judge_corruption_found}};
constexpr JudgedCase kDoubled[] = {{"SUM-5.doubled", checkers::judge_corruption_found}};
constexpr JudgedCase kForeign[] = {{"SUM-5.foreign", checkers::judge_corruption_found}};

constexpr std::array kScenarios = {
    Scenario{
        .name = "Chunk.CHUNK_1_in_chunks", .cases = kInChunks, .bus = Bus::own, .run = in_chunks},
    Scenario{.name = "Chunk.CHUNK_2_at_edges", .cases = kEdges, .bus = Bus::own, .run = at_edges},
    Scenario{
        .name = "Chunk.CHUNK_2_the_largest", .cases = kLargest, .bus = Bus::own, .run = largest},
    Scenario{.name = "Chunk.CHUNK_3_ranges", .cases = kRanges, .bus = Bus::own, .run = ranges},
    Scenario{.name = "Sum.SUM_5_finds_chunks_swapped",
             .cases = kSwapped,
             .bus = Bus::own,
             .run = swapped},
    Scenario{.name = "Sum.SUM_5_finds_a_chunk_missing",
             .cases = kMissing,
             .bus = Bus::own,
             .run = missing},
    Scenario{.name = "Sum.SUM_5_finds_a_chunk_doubled",
             .cases = kDoubled,
             .bus = Bus::own,
             .run = doubled},
    Scenario{.name = "Sum.SUM_5_finds_another_message_s_chunk",
             .cases = kForeign,
             .bus = Bus::own,
             .run = foreign},
};

}  // namespace

std::span<const Scenario> chunks() { return kScenarios; }

}  // namespace busproof::families
