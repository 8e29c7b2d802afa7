#include "suites/checkers/life.hpp"

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {

using history::Operation;
using history::Time;
using history::View;

namespace {

const boost::json::object* attributes_of(const Operation& publish) {
  const auto* attributes = publish.asked.if_contains("attributes");
  return attributes != nullptr && attributes->is_object() ? &attributes->get_object() : nullptr;
}

bool has_expirytime(const Operation& publish) {
  const auto* attributes = attributes_of(publish);
  return attributes != nullptr && attributes->contains("expirytime");
}

}  // namespace

std::optional<contract::Instant> expirytime_of(const Operation& publish) {
  if (!has_expirytime(publish)) return std::nullopt;
  return contract::instant_from(history::text_of(*attributes_of(publish), "expirytime"));
}

std::optional<Time> asked_life(const Operation& publish) {
  constexpr std::int64_t kCenturyMs = 100LL * 365 * 24 * 3'600'000;
  const std::int64_t ttl = history::number_of(publish.asked, "ttl_ms");
  if (ttl <= 0 || ttl > kCenturyMs) return std::nullopt;
  return std::chrono::milliseconds(ttl);
}

bool is_mortal(const Operation& publish) {
  return publish.asked.contains("ttl_ms") || has_expirytime(publish);
}

std::optional<Time> life_of(const Operation& publish) {
  return has_expirytime(publish) ? std::nullopt : asked_life(publish);
}

bool certainly_over(const View& view, const contract::Claims& claims, const Operation& publish,
                    Time at, Time longer) {
  const auto life = life_of(publish);
  return publish.ok() && life && at > publish.answered &&
         view.passed_at_least(publish.answered, at) > *life + longer + granularity(claims);
}

bool maybe_over(const View& view, const contract::Claims& claims, const Operation& publish,
                Time at) {
  const auto life = life_of(publish);
  if (is_mortal(publish) && !life) return true;
  const auto lives = life ? life : declared(claims, "ttl_default_ms");
  return lives && view.passed_at_most(publish.invoked, at) >= *lives - granularity(claims);
}

}  // namespace busproof::checkers
