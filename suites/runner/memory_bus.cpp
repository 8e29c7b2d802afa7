#include "suites/runner/memory_bus.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"

namespace busproof::runner {
namespace {

namespace json = boost::json;
using targets::Listener;

constexpr std::int64_t kPriorityDefault = 4;

struct Message {
  std::string transaction;
  json::object event;
  std::int64_t priority = kPriorityDefault;
  std::uint64_t order = 0;
  int attempts = 0;
};

struct Member {
  Listener* listener;
  std::string name, destination;
  std::int64_t credit = 1;
  std::map<std::string, Message> leased;  // by delivery id
};

class MemoryBus {
 public:
  void answer(Listener& listener, std::string_view text);
  void leave(Listener& listener);

 private:
  json::object hello() const;
  json::object publish(const json::object& params);
  json::object subscribe(Listener& listener, const json::object& params);
  json::object credit(const json::object& params);
  json::object ack(const json::object& params);
  json::object reject(const json::object& params);
  json::object retrieve(const json::object& params) const;
  json::object dispatch(Listener& listener, const std::string& method, const json::object& params);
  void put_back(const std::string& destination, Message message);
  void deliver_all();
  void deliver(Member& member, Message message);

  std::map<std::string, std::vector<Message>> ready_;  // by destination, in order of delivery
  std::map<std::string, std::string> stored_;          // payload by transaction id
  std::deque<Member> members_;
  std::uint64_t count_ = 0;
};

std::string payload_of(const json::object& event) {
  if (const json::value* encoded = event.if_contains("data_base64"))
    return contract::from_base64(encoded->as_string()).value_or("");
  const json::value* data = event.if_contains("data");
  if (data == nullptr) return {};
  return data->is_string() ? std::string(data->get_string()) : json::serialize(*data);
}

json::object MemoryBus::hello() const {
  return {
      {"protocol", "1.0"},
      {"server", {{"name", "memory"}, {"version", "1"}}},
      {"capabilities",
       {{"queue", {{"lease", "connection"}}},
        {"priority", json::object()},
        {"store", json::object()}}},
      {"limits",
       {{"priority", {{"min", 0}, {"max", 9}, {"default", kPriorityDefault}}},
        {"credit_default", 1},
        {"credit_max", 100},
        {"payload_bytes_max", 1 << 20},
        {"message_bytes_max", 4 << 20}}},
      {"guarantees",
       {{"delivery", "at_least_once"}, {"durability", "memory"}, {"ordering", "per_destination"}}}};
}

json::object MemoryBus::publish(const json::object& params) {
  Message message;
  message.event = params.at("event").as_object();
  message.order = ++count_;
  message.transaction = fmt::format("tx-{}", message.order);
  if (const json::value* priority = message.event.if_contains("priority"))
    message.priority = priority->to_number<std::int64_t>();
  stored_[message.transaction] = payload_of(message.event);
  json::object answer{{"transaction_id", message.transaction}, {"route", "inline"}};
  put_back(std::string(params.at("destination").as_string()), std::move(message));
  return answer;
}

/// To its place: by priority, then by order of acceptance.
void MemoryBus::put_back(const std::string& destination, Message message) {
  const auto later = [](const Message& a, const Message& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.order < b.order;
  };
  auto& queue = ready_[destination];
  const auto place = std::upper_bound(queue.begin(), queue.end(), message, later);
  queue.insert(place, std::move(message));
}

json::object MemoryBus::subscribe(Listener& listener, const json::object& params) {
  Member member{&listener,
                fmt::format("s{}", ++count_),
                std::string(params.at("destination").as_string()),
                1,
                {}};
  if (const json::value* credit = params.if_contains("credit"))
    member.credit = credit->to_number<std::int64_t>();
  members_.push_back(member);
  return {{"subscription", member.name}};
}

json::object MemoryBus::credit(const json::object& params) {
  for (Member& member : members_)
    if (member.name == params.at("subscription").as_string())
      member.credit = params.at("credit").to_number<std::int64_t>();
  return {};
}

json::object MemoryBus::ack(const json::object& params) {
  for (Member& member : members_)
    member.leased.erase(std::string(params.at("delivery_id").as_string()));
  return {};
}

json::object MemoryBus::reject(const json::object& params) {
  for (Member& member : members_) {
    auto leased = member.leased.extract(std::string(params.at("delivery_id").as_string()));
    if (!leased.empty() && params.at("requeue").as_bool())
      put_back(member.destination, std::move(leased.mapped()));
  }
  return {};
}

json::object MemoryBus::retrieve(const json::object& params) const {
  const std::string& bytes = stored_.at(std::string(params.at("transaction_id").as_string()));
  return {{"offset", 0},
          {"data_base64", contract::to_base64(bytes)},
          {"datasize", bytes.size()},
          {"datadigest", contract::sha256_digest(bytes)},
          {"more", false}};
}

json::object MemoryBus::dispatch(Listener& listener, const std::string& method,
                                 const json::object& params) {
  if (method == "bus/hello") return hello();
  if (method == "bus/publish") return publish(params);
  if (method == "bus/subscribe") return subscribe(listener, params);
  if (method == "bus/credit") return credit(params);
  if (method == "bus/ack") return ack(params);
  if (method == "bus/reject") return reject(params);
  if (method == "bus/retrieve") return retrieve(params);
  return {};
}

void MemoryBus::answer(Listener& listener, std::string_view text) {
  const json::object request = json::parse(text).as_object();
  json::object answer{{"jsonrpc", "2.0"}, {"id", request.at("id")}};
  answer["result"] = dispatch(listener, std::string(request.at("method").as_string()),
                              request.at("params").as_object());
  listener.on_text(json::serialize(answer), history::now());
  deliver_all();
}

void MemoryBus::leave(Listener& listener) {
  for (Member& member : members_)
    if (member.listener == &listener)
      for (auto& [delivery, message] : member.leased)
        put_back(member.destination, std::move(message));
  std::erase_if(members_, [&](const Member& member) { return member.listener == &listener; });
}

void MemoryBus::deliver_all() {
  for (Member& member : members_) {
    auto& queue = ready_[member.destination];
    while (!queue.empty() && static_cast<std::int64_t>(member.leased.size()) < member.credit) {
      Message message = queue.front();
      queue.erase(queue.begin());
      deliver(member, std::move(message));
    }
  }
}

void MemoryBus::deliver(Member& member, Message message) {
  const std::string delivery = fmt::format("d{}", ++count_);
  const json::object note{{"jsonrpc", "2.0"},
                          {"method", "bus/deliver"},
                          {"params",
                           {{"subscription", member.name},
                            {"delivery_id", delivery},
                            {"transaction_id", message.transaction},
                            {"destination", member.destination},
                            {"attempt", ++message.attempts},
                            {"route", "inline"},
                            {"event", message.event}}}};
  member.leased[delivery] = std::move(message);
  member.listener->on_text(json::serialize(note), history::now());
}

class MemoryTransport : public targets::Transport {
 public:
  MemoryTransport(targets::Reactor& reactor, std::shared_ptr<MemoryBus> bus, Listener& listener)
      : reactor_(reactor), bus_(std::move(bus)), listener_(listener) {}
  ~MemoryTransport() override { cut(); }
  void send(std::string text) override {
    reactor_.post([this, text = std::move(text)] { bus_->answer(listener_, text); });
  }
  void read(bool) override {}  // Nothing lies between it and the bus that could fill up.
  void close() override { cut(); }
  void cut() override {
    const auto end = [this] {
      if (std::exchange(ended_, true)) return;
      bus_->leave(listener_);
      listener_.on_closed({true, 0, "closed"}, history::now());
    };
    reactor_.is_this_thread() ? end() : reactor_.run(end);
  }

 private:
  targets::Reactor& reactor_;
  std::shared_ptr<MemoryBus> bus_;
  Listener& listener_;
  bool ended_ = false;
};

class MemoryConnector : public targets::Connector {
 public:
  explicit MemoryConnector(targets::Reactor& reactor) : reactor_(reactor) {}
  contract::Result<std::unique_ptr<targets::Transport>> connect(Listener& listener) override {
    return std::unique_ptr<targets::Transport>(
        std::make_unique<MemoryTransport>(reactor_, bus_, listener));
  }
  [[nodiscard]] std::string describe() const override { return "memory"; }

 private:
  targets::Reactor& reactor_;
  std::shared_ptr<MemoryBus> bus_ = std::make_shared<MemoryBus>();
};

}  // namespace

std::unique_ptr<targets::Connector> memory_bus(targets::Reactor& reactor) {
  return std::make_unique<MemoryConnector>(reactor);
}

}  // namespace busproof::runner
