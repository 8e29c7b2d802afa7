#include "suites/families/listening.hpp"

#include <algorithm>

namespace busproof::families {

using targets::Delivered;
using targets::Session;

void Listening::subscribe(Session& session, const std::string& topic) {
  open_.push_back(
      {&session, stage_.subscribe(session, {.destination = topic, .mode = "topic"}), topic});
}

void Listening::subscribe_pattern(Session& session, const std::string& pattern) {
  const targets::Subscribe wanted{.destination = pattern, .mode = "topic", .pattern = true};
  open_.push_back({&session, stage_.subscribe(session, wanted), pattern});
}

bool Listening::has(const Open& open, std::uint32_t message) {
  return open.session->wait(open.subscription, stage_.patience(), [&](const auto& deliveries) {
    return std::any_of(deliveries.begin(), deliveries.end(),
                       [&](const Delivered& came) { return came.message == message; });
  });
}

bool Listening::fence(Session& publisher, const std::string& topic) {
  const auto fence = stage_.publish(
      publisher,
      {.destination = topic, .mode = "topic", .payload = targets::Payload::text("fence")});
  stage_.recorder().mark("fence", fence.message);
  bool all = true;
  for (const Open& open : open_)
    if (open.name == topic) all = has(open, fence.message) && all;
  return all;
}

bool Listening::wait_for(const std::string& pattern, const targets::Published& message) {
  return std::all_of(open_.begin(), open_.end(), [&](const Open& open) {
    return open.name != pattern || has(open, message.message);
  });
}

}  // namespace busproof::families
