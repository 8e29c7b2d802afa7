// COMP, and the cases of SUM that are about compressed bodies.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/compression.hpp"
#include "suites/checkers/integrity.hpp"
#include "suites/checkers/payload.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::Bus;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;
using Damage = Stage::Damage;

constexpr std::size_t kKilobyte = 1024;

/// A size at which a payload is stored, not kept with its message, and compressed.
std::size_t stored_size(const Stage& stage) {
  const auto limit = stage.claims().limit("inline_bytes_max").value_or(0);
  return std::max(64 * kKilobyte, static_cast<std::size_t>(limit) + 1);
}

Published publish(Stage& stage, Session& session, Payload payload) {
  return stage.publish(session,
                       {.destination = stage.destination(), .payload = std::move(payload)});
}

std::string shown_compression(Stage& stage, Session& session, const Published& message) {
  auto shown = session.inspect(message);
  if (!shown) stage.give_up("bus/inspect", shown.error());
  const auto* named = shown->if_contains("compression");
  return named != nullptr && named->is_string() ? std::string(named->get_string()) : "";
}

/// A session on a bus that compresses with `algorithm`: as it is, or as that variant.
Session& compressing(Stage& stage, const std::string& algorithm) {
  Session& session = stage.connect();
  const auto probe = publish(stage, session, Payload::text(words(stage, stored_size(stage))));
  if (shown_compression(stage, session, probe) == algorithm) return session;
  stage.need_variant("compression." + algorithm);
  stage.stop_bus();
  stage.start_bus("compression." + algorithm);
  return stage.connect();
}

/// One of each kind: text, zeros, what cannot be compressed, mixtures, and around chunks.
std::vector<Payload> kinds(Stage& stage) {
  const std::size_t size = stored_size(stage);
  std::vector<Payload> payloads = {
      Payload::text(words(stage, size)),
      Payload::binary(std::string(size + 1, '\0')),
      Payload::binary(random_bytes(stage, size)),
      Payload::binary(random_bytes(stage, size / 2) + words(stage, size)),
      Payload::json("[" + std::string(2 * size, ' ') + "1.5, \"" + words(stage, size) + "\"]"),
      Payload::text(words(stage, 2 * size - 1)),
      Payload::text(words(stage, 2 * size))};
  for (const std::size_t small : {std::size_t{0}, std::size_t{1}, std::size_t{5'000}})
    payloads.push_back(Payload::text(words(stage, small)));
  return payloads;
}

void round_trip(Stage& stage, const std::string& algorithm) {
  stage.need("queue");
  Session& session = compressing(stage, algorithm);
  for (Payload& payload : kinds(stage)) {
    if (!fits(stage.claims(), payload)) continue;
    const auto message = publish(stage, session, std::move(payload));
    shown_compression(stage, session, message);
    read(stage, session, message);
  }
}

void gzip(Stage& stage) { round_trip(stage, "gzip"); }
void zstd(Stage& stage) { round_trip(stage, "zstd"); }

/// Publishes and inspects, under the mark that says what can be expected of it.
void show(Stage& stage, Session& session, const char* mark, Payload payload) {
  if (!fits(stage.claims(), payload)) return;
  const auto message = publish(stage, session, std::move(payload));
  stage.recorder().mark(mark, message.message);
  shown_compression(stage, session, message);
}

void room(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::size_t size = stored_size(stage);
  show(stage, session, "compressible", Payload::text(words(stage, size)));
  show(stage, session, "compressible", Payload::text(words(stage, 3 * size)));
  show(stage, session, "compressible", Payload::binary(std::string(size, '\0')));
  for (const std::size_t one : {std::size_t{10'000}, 64 * kKilobyte, size, 3 * size})
    show(stage, session, "incompressible", Payload::binary(random_bytes(stage, one)));
}

/// Every setting that the target has a variant for: each reads what was written under all before.
void settings(Stage& stage) {
  stage.need("queue");
  std::vector<std::string> variants;
  for (const char* name : {"none", "gzip", "zstd", "none"})
    if (const auto variant = fmt::format("compression.{}", name); stage.has_variant(variant))
      variants.push_back(variant);
  if (variants.empty()) stage.need_variant("compression.gzip");
  std::vector<Published> written;
  const auto write = [&](Session& session) {
    written.push_back(publish(stage, session, Payload::text(words(stage, stored_size(stage)))));
    written.push_back(
        publish(stage, session, Payload::binary(random_bytes(stage, stored_size(stage)))));
    written.push_back(publish(stage, session, Payload::text("small")));
  };
  write(stage.connect());
  for (const std::string& variant : variants) {
    stage.stop_bus();
    stage.start_bus(variant);
    Session& session = stage.connect();
    for (const Published& message : written) read(stage, session, message);
    write(session);
  }
}

void without_zstd(Stage& stage) {
  stage.need("queue");
  stage.need_variant("compression.without_zstd");
  stage.stop_bus();
  stage.start_bus("compression.without_zstd");
  Session& session = stage.connect();
  show(stage, session, "compressible", Payload::text(words(stage, stored_size(stage))));
}

/// Payloads that are stored as compressed streams, and how many bytes each takes.
struct Streams {
  Stage& stage;
  Session& session;
  std::size_t size = stored_size(stage);

  Published make() { return publish(stage, session, Payload::text(words(stage, size))); }
  std::int64_t stored(const Published& message) {
    auto shown = session.inspect(message);
    if (!shown) stage.give_up("bus/inspect", shown.error());
    const auto* named = shown->if_contains("compression");
    const bool compressed = named != nullptr && named->is_string() && *named != "none";
    const auto* bytes = shown->if_contains("stored_bytes");
    if (!compressed || bytes == nullptr || !bytes->is_int64())
      throw Abandoned{Verdict::inconclusive, "bus/inspect shows no compressed body"};
    return bytes->get_int64();
  }
};

/// Reads intact ones first, so that what reading takes at all is not blamed on the damage.
void read_watched(Stage& stage, Session& session, const Published& intact,
                  const std::vector<Published>& damaged) {
  for (std::size_t i = 0; i < 4; ++i) read(stage, session, intact);
  stage.watch_memory();
  for (const Published& message : damaged) read(stage, session, message);
  read(stage, session, intact);
  stage.mark_memory();
}

void damaged_streams(Stage& stage) {
  stage.need("queue");
  Streams streams{stage, stage.connect()};
  const Published intact = streams.make();
  std::vector<Published> damaged;
  const auto damage = [&](const char* op, std::int64_t at) {
    damaged.push_back(streams.make());
    const std::int64_t stored = streams.stored(damaged.back());
    stage.corrupt(damaged.back(),
                  {.op = op, .at = at < 0 ? stored + at : std::min(at, stored - 1)});
  };
  for (const std::int64_t at : {3, 12, 1000, -500, -1}) damage("flip", at);
  damage("truncate", -1);
  damage("truncate", 20);
  damage("zero", 2000);
  damage("extend", 0);
  read_watched(stage, streams.session, intact, damaged);
}

void bombs(Stage& stage) {
  stage.need("queue");
  Streams streams{stage, stage.connect()};
  const Published intact = streams.make();
  std::vector<Published> planted;
  for (const bool through_hook : {false, true}) {
    const Damage bomb{.op = "bomb", .through_hook = through_hook};
    if (through_hook && !(stage.claims().has("control.corrupt") && stage.reaches(bomb))) continue;
    planted.push_back(streams.make());
    streams.stored(planted.back());
    stage.corrupt(planted.back(), bomb);
  }
  read_watched(stage, streams.session, intact, planted);
}

constexpr JudgedCase kGzip[] = {{"COMP-1.gzip", checkers::judge_gzip_round_trip}};
constexpr JudgedCase kZstd[] = {{"COMP-1.zstd", checkers::judge_zstd_round_trip}};
constexpr JudgedCase kRoom[] = {{"COMP-2.compressible", checkers::judge_compression_pays},
                                {"COMP-2.incompressible", checkers::judge_compression_is_cheap},
                                {"COMP-4.original", checkers::judge_stated_sizes},
                                {"COMP-4.stored", checkers::judge_stored_size}};
constexpr JudgedCase kSettings[] = {{"COMP-3.readable", checkers::judge_readable_under_another}};
constexpr JudgedCase kWithout[] = {{"COMP-5.gzip_instead", checkers::judge_gzip_instead}};
constexpr JudgedCase kStreams[] = {{"SUM-4.found", checkers::judge_corruption_found},
                                   {"SUM-4.survives", checkers::judge_stays_up},
                                   {"SUM-4.bounded", checkers::judge_memory_bounded}};
constexpr JudgedCase kBombs[] = {{"SUM-8.refused", checkers::judge_corruption_found},
                                 {"SUM-8.bounded", checkers::judge_memory_bounded}};

constexpr std::array kScenarios = {
    Scenario{.name = "Comp.COMP_3_reads_what_another_setting_wrote",
             .cases = kSettings,
             .bus = Bus::own,
             .run = settings},
    Scenario{.name = "Sum.SUM_8_refuses_bombs", .cases = kBombs, .bus = Bus::own, .run = bombs},
    Scenario{.name = "Sum.SUM_4_finds_damage_in_compressed_streams",
             .cases = kStreams,
             .bus = Bus::own,
             .run = damaged_streams},
    Scenario{.name = "Comp.COMP_1_gives_back_what_gzip_took",
             .cases = kGzip,
             .bus = Bus::own,
             .run = gzip},
    Scenario{.name = "Comp.COMP_1_gives_back_what_zstd_took",
             .cases = kZstd,
             .bus = Bus::own,
             .run = zstd},
    Scenario{.name = "Comp.COMP_5_takes_gzip_where_zstd_is_missing",
             .cases = kWithout,
             .bus = Bus::own,
             .run = without_zstd},
    Scenario{.name = "Comp.COMP_2_takes_no_more_room_than_it_must", .cases = kRoom, .run = room},
};

}  // namespace

std::span<const Scenario> compression() { return kScenarios; }

}  // namespace busproof::families
