// hiredis, its synchronous part, which 0.14 and 1.x have alike; the only file that includes it.
#include "reference/stores/redis/connection.hpp"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "reference/stores/redis/cluster.hpp"
#include "reference/stores/witness.hpp"

namespace reference::stores::redis {

using core::Result;
using core::StoreError;

namespace {

// Nodes agree on where a slot is within moments: more hops than that lead nowhere.
constexpr int kHopsMost = 5;

timeval to_timeval(std::chrono::milliseconds ms) {
  return {.tv_sec = ms.count() / 1'000, .tv_usec = (ms.count() % 1'000) * 1'000};
}

// A reply's text is moved out of hiredis' hands by copying once.
Reply convert(const redisReply& from) {
  Reply reply;
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::integer;
      reply.integer = from.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.kind = Reply::Kind::text;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = Reply::Kind::error;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::array;
      reply.items.reserve(from.elements);
      for (std::size_t i = 0; i < from.elements; ++i)
        reply.items.push_back(convert(*from.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

// Whether none of them can have been carried out: each was refused, or all as one transaction.
bool undone(std::span<const Command> commands, std::span<const Reply> replies) {
  if (commands.front().words().front() == "MULTI") return replies.back().is_error();
  return std::all_of(replies.begin(), replies.end(), [](const Reply& r) { return r.is_error(); });
}

}  // namespace

std::int64_t Reply::number() const {
  if (kind == Kind::integer) return integer;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

StoreError refused(const Reply& error) {
  // What a server says before it carries anything out. A script that fails for another reason may
  // have written before it did.
  static constexpr std::array kDefinite{
      "NOSCRIPT",  "OOM",      "READONLY",    "LOADING",    "NOAUTH",   "WRONGPASS",
      "NOPERM",    "MISCONF",  "MASTERDOWN",  "BUSY",       "MOVED",    "ASK",
      "CROSSSLOT", "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS", "EXECABORT"};
  const auto code = error.text.substr(0, error.text.find(' '));
  const auto detail = "Redis: " + error.text;
  const bool definite = std::find(kDefinite.begin(), kDefinite.end(), code) != kDefinite.end();
  return definite ? StoreError::did_not_happen(detail) : StoreError::may_have_happened(detail);
}

void Connection::Release::operator()(redisContext* context) const { redisFree(context); }

Connection::Connection(Address address, Timeouts timeouts)
    : address_(std::move(address)), place_(address_), nodes_{address_}, timeouts_(timeouts) {}

Connection::~Connection() = default;

void Connection::name(std::string name) {
  name_ = std::move(name);
  context_.reset();
}

// Whether the server has hung up since the last reply, or said what nobody asked for: found before
// a command is written, this is no command in doubt.
bool Connection::stale() const {
  pollfd socket{.fd = context_->fd, .events = POLLIN, .revents = 0};
  return ::poll(&socket, 1, 0) != 0;
}

std::string Connection::at(const std::string& why) const {
  return "Redis at " + place_.text() + ": " + why;
}

// To where it was last; where that is of no use any more, to the others one after the other: for
// the time of one try, since whoever calls waits, and from the next one on another time.
Result<void> Connection::connect() {
  const auto until = std::chrono::steady_clock::now() + timeouts_.connect;
  auto connected = connect_from(place_, std::nullopt);
  if (connected) return connected;
  const Address useless = place_;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (i > 0 && std::chrono::steady_clock::now() > until) break;
    const Address node = nodes_[next_++ % nodes_.size()];
    if (node == useless) continue;
    if (auto again = connect_from(node, useless)) return again;
  }
  return connected;
}

// Each node tells which one it rather is, if it is not the one.
Result<void> Connection::connect_from(Address start, const std::optional<Address>& useless) {
  place_ = std::move(start);
  for (int hop = 0; hop < kHopsMost; ++hop) {
    moved_.reset();
    auto opened = open();
    if (!moved_ || moved_ == useless) return opened;
    place_ = std::move(*moved_);
  }
  return tl::unexpected(StoreError::unreachable(at("the nodes do not agree on where it is")));
}

Result<void> Connection::open() {
  const auto timeout = to_timeval(timeouts_.connect);
  context_.reset(place_.socket.empty()
                     ? redisConnectWithTimeout(place_.host.c_str(), place_.port, timeout)
                     : redisConnectUnixWithTimeout(place_.socket.c_str(), timeout));
  const auto failed = [&](const std::string& why) {
    context_.reset();
    return tl::unexpected(StoreError::did_not_happen(at(why)));
  };
  if (!context_) return failed("out of memory");
  if (context_->err != 0) {
    auto error = StoreError::unreachable(at(context_->errstr));
    context_.reset();
    return tl::unexpected(std::move(error));
  }
  if (redisSetTimeout(context_.get(), to_timeval(timeouts_.call)) != REDIS_OK)
    return failed("no time limit can be set");
  if (place_.socket.empty() && redisEnableKeepAlive(context_.get()) != REDIS_OK)
    return failed(context_->errstr);
  if (auto greeted = greet(); !greeted) {
    const auto why = at(greeted.error().detail());
    context_.reset();
    return tl::unexpected(greeted.error().away() ? StoreError::unreachable(why)
                                                 : StoreError::did_not_happen(why));
  }
  return {};
}

Result<void> Connection::greet() {
  std::vector<Command> commands;
  if (!address_.user.empty())
    commands.push_back(Command{"AUTH", address_.user, address_.password});
  else if (!address_.password.empty())
    commands.push_back(Command{"AUTH", address_.password});
  if (address_.database != 0)
    commands.push_back(Command{"SELECT", std::to_string(address_.database)});
  if (!name_.empty()) commands.push_back(Command{"CLIENT", "SETNAME", name_});
  // This shows whether commands are carried out at all, a server may be loading its data, and
  // whether that is done here.
  commands.push_back(home_.empty() ? Command{"PING"} : Command{"EXISTS", home_});
  if (!expected_.empty()) commands.push_back(Command{"HEXISTS", expected_key_, expected_});
  // A server by itself refuses this one, and may.
  commands.push_back(Command{"CLUSTER", "NODES"});
  auto replies = transfer(commands);
  if (!replies) return tl::unexpected(StoreError::unreachable(replies.error().detail()));
  hear_of(replies->back());
  replies->pop_back();
  for (const auto& reply : *replies)
    if (reply.is_error()) {
      moved_ = moved_to(reply.text, place_);
      return tl::unexpected(moved_ || is_passing(reply.text)
                                ? StoreError::unreachable(reply.text)
                                : StoreError::did_not_happen(reply.text));
    }
  if (!expected_.empty() && replies->back().number() == 0)
    return tl::unexpected(StoreError::did_not_happen(missing_witness(expected_)));
  return {};
}

void Connection::hear_of(const Reply& nodes) {
  if (nodes.kind != Reply::Kind::text) return;
  auto named = nodes_in(nodes.text, place_);
  if (named.empty()) return;
  nodes_ = {address_};
  for (auto& node : named)
    if (node != address_) nodes_.push_back(std::move(node));
}

void Connection::expect(std::string key, std::string field) {
  expected_key_ = std::move(key);
  expected_ = std::move(field);
}

StoreError Connection::lost(bool sent) {
  std::string why = context_->errstr;
  if (why.empty()) why = "connection lost";
  context_.reset();
  const auto detail = at(why);
  return sent ? StoreError::may_have_happened(detail) : StoreError::did_not_happen(detail);
}

Result<std::vector<Reply>> Connection::transfer(std::span<const Command> commands) {
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const auto& command : commands) {
    starts.clear();
    sizes.clear();
    for (const auto word : command.words()) {
      starts.push_back(word.data());
      sizes.push_back(word.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(starts.size()), starts.data(),
                               sizes.data()) != REDIS_OK)
      return tl::unexpected(lost(false));
  }
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  while (replies.size() < commands.size()) {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK) return tl::unexpected(lost(true));
    const std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(raw),
                                                             freeReplyObject);
    replies.push_back(convert(*reply));
  }
  return replies;
}

// Whether another node is to be asked: the next connect goes there.
bool Connection::sent_on(std::span<const Reply> replies) {
  for (const auto& reply : replies) {
    if (!reply.is_error()) continue;
    auto node = moved_to(reply.text, place_);
    if (!node) continue;
    place_ = std::move(*node);
    context_.reset();
    return true;
  }
  return false;
}

Result<std::vector<Reply>> Connection::exchange(std::span<const Command> commands) {
  for (int hop = 0;; ++hop) {
    if (context_ && stale()) context_.reset();
    if (!context_)
      if (auto connected = connect(); !connected) return tl::unexpected(connected.error());
    auto replies = transfer(commands);
    if (!replies || !sent_on(*replies) || !undone(commands, *replies) || hop == kHopsMost)
      return replies;
  }
}

Result<void> Connection::subscribe(const std::string& channel) {
  if (auto connected = connect(); !connected) return connected;
  const Command command{"SUBSCRIBE", channel};
  auto replies = transfer(std::span(&command, 1));
  if (!replies) return tl::unexpected(replies.error());
  if (replies->front().is_error()) {
    context_.reset();
    return tl::unexpected(refused(replies->front()));
  }
  return {};
}

int Connection::socket() const { return context_ ? context_->fd : -1; }

Result<std::vector<std::string>> Connection::pushed() {
  std::vector<std::string> messages;
  if (redisBufferRead(context_.get()) != REDIS_OK) return tl::unexpected(lost(true));
  while (true) {
    void* raw = nullptr;
    if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK)
      return tl::unexpected(lost(true));
    if (raw == nullptr) return messages;
    const std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(raw),
                                                             freeReplyObject);
    auto read = convert(*reply);
    if (read.items.size() == 3 && read.items[0].text == "message")
      messages.push_back(std::move(read.items[2].text));
  }
}

bool Connection::ping() {
  int done = 0;
  if (redisAppendCommand(context_.get(), "PING") != REDIS_OK) return false;
  while (done == 0)
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return false;
  return true;
}

Result<Reply> Connection::exchange(const Command& command) {
  auto replies = exchange(std::span(&command, 1));
  if (!replies) return tl::unexpected(replies.error());
  return std::move(replies->front());
}

}  // namespace reference::stores::redis
