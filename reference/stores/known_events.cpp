#include "reference/stores/known_events.hpp"

namespace reference::stores {

std::optional<std::int64_t> KnownEvents::find(const core::Identity& event,
                                              core::Instant now) const {
  const auto found = known_.find(event);
  if (found == known_.end() || found->second.until <= now) return std::nullopt;
  return found->second.seq;
}

void KnownEvents::put(const core::Identity& event, std::int64_t seq, core::Instant until) {
  known_[event] = {seq, until};
  ends_.emplace_back(until, event);
}

void KnownEvents::trim(core::Instant now) {
  for (; !ends_.empty() && ends_.front().first <= now; ends_.pop_front()) {
    const auto found = known_.find(ends_.front().second);
    if (found != known_.end() && found->second.until <= now) known_.erase(found);
  }
}

void KnownEvents::clear() {
  known_.clear();
  ends_.clear();
}

}  // namespace reference::stores
