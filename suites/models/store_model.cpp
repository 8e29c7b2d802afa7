#include "suites/models/store_model.hpp"

#include <fmt/format.h>

namespace busproof::models {
namespace {

double millis(Instant time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace

void StoreModel::asked(Message message, const When& when, std::optional<Instant> life) {
  Record record;
  record.asked = when;
  record.life = life;
  records_.try_emplace(message, record);
}

void StoreModel::accepted(Message message, const When& when) {
  const auto found = records_.find(message);
  if (found == records_.end()) return;
  found->second.accepted = when;
  found->second.known = true;
}

void StoreModel::in_doubt(Message message) { records_.erase(message); }

void StoreModel::settling(Message message) {
  const auto found = records_.find(message);
  if (found != records_.end() && !rules_.keeps_settled) found->second.may_go = true;
}

void StoreModel::removing(Message message) {
  if (const auto found = records_.find(message); found != records_.end())
    found->second.may_go = true;
}

void StoreModel::removed(Message message, const When& when) {
  if (const auto found = records_.find(message); found != records_.end())
    found->second.removed_at = when.seen;
}

StoreModel::Record* StoreModel::known(Message message) {
  const auto found = records_.find(message);
  return found == records_.end() || !found->second.known ? nullptr : &found->second;
}

std::optional<Broken> StoreModel::found(Message message, const When& from) {
  const Record* record = known(message);
  if (record == nullptr) return std::nullopt;
  if (record->removed_at && from.seen > *record->removed_at)
    return Broken{"there_removed",
                  fmt::format("Message m{} was deleted, and was there afterwards.", message)};
  ++judged_;
  if (!record->life || !rules_.grace) return std::nullopt;
  const Instant late = from.least - record->accepted.most - *record->life - *rules_.grace;
  if (late <= rules_.granularity) return std::nullopt;
  return Broken{"there_late",
                fmt::format("Message m{} was there {:.0f} ms after its {:.0f} ms and the grace.",
                            message, millis(late), millis(*record->life))};
}

std::optional<Broken> StoreModel::gone(Message message, const When& to) {
  const Record* record = known(message);
  if (record == nullptr || !record->life) return std::nullopt;
  const Instant passed = to.most - record->asked.least;
  if (record->may_go || passed >= *record->life - rules_.granularity) {
    ++judged_;
    return std::nullopt;
  }
  return Broken{"gone_early",
                fmt::format("Message m{} was gone when at most {:.0f} of its {:.0f} ms had passed.",
                            message, millis(passed), millis(*record->life))};
}

std::optional<Broken> StoreModel::told_end(Message message, std::chrono::microseconds end,
                                           std::chrono::microseconds slack) {
  Record* record = known(message);
  if (record == nullptr) return std::nullopt;
  if (!record->end) {
    record->end = end;
    record->slack = slack;
    return std::nullopt;
  }
  ++judged_;
  const auto off = end - *record->end, most = slack + record->slack;
  if (off <= most && off >= -most) return std::nullopt;
  return Broken{"expiry_moved",
                fmt::format("The end of message m{} moved by {:.0f} ms.", message,
                            std::chrono::duration<double, std::milli>(off).count())};
}

}  // namespace busproof::models
