#include "reference/stores/redis/relay.hpp"

#include <fmt/format.h>

namespace reference::stores::redis {
namespace {

constexpr core::Ms kAgain{200};
constexpr core::Ms kPingAfter{2'000};  // of silence; as much again, and the link counts as cut
constexpr std::size_t kBurst = 256;    // messages of one round trip

}  // namespace

RedisRelay::RedisRelay(const Address& address, const std::string& prefix, std::uint64_t self)
    : speaking_(address),
      listening_(address),
      channel_(prefix + "nodes"),
      self_(fmt::format("{:016x}", self)) {}

RedisRelay::~RedisRelay() { end(); }

void RedisRelay::start(Heard& heard) {
  heard_ = &heard;
  speaker_ = std::thread([this] { speak(); });
  listener_ = std::thread([this] { listen(); });
}

void RedisRelay::end() {
  outbox_.end();
  waker_.wake();
  if (speaker_.joinable()) speaker_.join();
  if (listener_.joinable()) listener_.join();
}

// What cannot be said now is not said later: a ring is a hint, and a topic message is live.
void RedisRelay::speak() {
  for (Outbox::Batch batch; outbox_.take(batch);) {
    std::vector<Command> commands;
    const auto say = [&](char what, std::string_view text) {
      Command& command = commands.emplace_back(Command{"PUBLISH", channel_});
      command.add((self_ + what).append(text));
    };
    const auto flush = [&] {
      // A connection that had died is found dead by the first try.
      if (auto said = speaking_.exchange(commands); !said && said.error().definite())
        said = speaking_.exchange(commands);
      commands.clear();
    };
    for (const auto& text : batch.tells) {
      say('t', text);
      if (commands.size() == kBurst) flush();
    }
    for (const auto& destination : batch.rings) {
      say('r', destination);
      if (commands.size() == kBurst) flush();
    }
    if (!commands.empty()) flush();
  }
}

void RedisRelay::listen() {
  while (!outbox_.ending()) {
    if (!listening_.subscribe(channel_)) {
      std::ignore = waker_.wait(-1, kAgain);
      continue;
    }
    heard_->roused();
    for (bool pinged = false; !outbox_.ending();) {
      const bool any = waker_.wait(listening_.socket(), kPingAfter);
      if (outbox_.ending()) return;
      if (!any && (pinged || !listening_.ping())) break;
      pinged = !any;
      if (!any) continue;
      const auto messages = listening_.pushed();
      if (!messages) break;
      for (const auto& message : *messages) hear(message);
    }
    listening_.close();
  }
}

void RedisRelay::hear(std::string_view message) {
  if (message.size() <= self_.size() || message.starts_with(self_)) return;
  const auto text = message.substr(self_.size() + 1);
  if (message[self_.size()] == 'r') heard_->rung(text);
  if (message[self_.size()] == 't') heard_->told(text);
}

}  // namespace reference::stores::redis
