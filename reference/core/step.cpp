// What steps have in common.
#include "reference/core/step.hpp"

#include <map>

namespace reference::core {

std::string_view overflow_text(Overflow overflow) {
  if (overflow == Overflow::drop_oldest) return "drop_oldest";
  return overflow == Overflow::drop_newest ? "drop_newest" : "refuse";
}

std::optional<Overflow> parse_overflow(std::string_view text) {
  for (const auto overflow : {Overflow::refuse, Overflow::drop_oldest, Overflow::drop_newest})
    if (overflow_text(overflow) == text) return overflow;
  return std::nullopt;
}

const Copy* settled_copy(const QueueOp& op) {
  if (const auto* ack = std::get_if<Ack>(&op)) return &ack->copy;
  if (const auto* fail = std::get_if<Fail>(&op)) return &fail->copy;
  if (const auto* extend = std::get_if<Extend>(&op)) return &extend->copy;
  return nullptr;
}

Totals& operator+=(Totals& sum, const Totals& more) {
  for (const auto member :
       {&Totals::published, &Totals::delivered, &Totals::acked, &Totals::rejected,
        &Totals::redelivered, &Totals::dead_lettered, &Totals::expired, &Totals::deleted,
        &Totals::topic_published, &Totals::topic_delivered, &Totals::payload_count,
        &Totals::payload_bytes, &Totals::payload_corrupt})
    sum.*member += more.*member;
  return sum;
}

Outcome outcome_of(Status status) {
  switch (status) {
    case Status::pending:
      return Outcome::pending;
    case Status::complete:
      return Outcome::complete;
    case Status::error:
      return Outcome::error;
    case Status::expired:
      return Outcome::expired;
  }
  return Outcome::error;
}

std::optional<std::size_t> first_without_room(
    const Step& step, const std::function<std::int64_t(const std::string&)>& waiting) {
  std::map<std::string, std::int64_t> taken;
  for (std::size_t i = 0; i < step.ops.size(); ++i) {
    const auto* op = std::get_if<Enqueue>(&step.ops[i]);
    if (op == nullptr || !op->fan_out || !op->messages_max) continue;
    if (op->overflow != Overflow::refuse) continue;
    const auto found = taken.find(op->destination);
    auto& count = found != taken.end()
                      ? found->second
                      : taken.emplace(op->destination, waiting(op->destination)).first->second;
    if (count >= *op->messages_max) return i;
    ++count;
  }
  return std::nullopt;
}

}  // namespace reference::core
