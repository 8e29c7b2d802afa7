// What steps have in common.
#include "reference/core/step.hpp"

namespace reference::core {

const Copy* settled_copy(const QueueOp& op) {
  if (const auto* ack = std::get_if<Ack>(&op)) return &ack->copy;
  if (const auto* fail = std::get_if<Fail>(&op)) return &fail->copy;
  if (const auto* extend = std::get_if<Extend>(&op)) return &extend->copy;
  return nullptr;
}

}  // namespace reference::core
