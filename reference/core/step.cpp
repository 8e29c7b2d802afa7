// What steps have in common.
#include "reference/core/step.hpp"

#include <map>

namespace reference::core {

const Copy* settled_copy(const QueueOp& op) {
  if (const auto* ack = std::get_if<Ack>(&op)) return &ack->copy;
  if (const auto* fail = std::get_if<Fail>(&op)) return &fail->copy;
  if (const auto* extend = std::get_if<Extend>(&op)) return &extend->copy;
  return nullptr;
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
