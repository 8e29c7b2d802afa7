// hiredis, its synchronous part, which 0.14 and 1.x have alike; the only file that includes it.
#include "reference/stores/redis/connection.hpp"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "reference/stores/witness.hpp"

namespace reference::stores::redis {

using core::Result;
using core::StoreError;

namespace {

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
    : address_(std::move(address)), timeouts_(timeouts) {}

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

Result<void> Connection::connect() {
  const auto timeout = to_timeval(timeouts_.connect);
  context_.reset(address_.socket.empty()
                     ? redisConnectWithTimeout(address_.host.c_str(), address_.port, timeout)
                     : redisConnectUnixWithTimeout(address_.socket.c_str(), timeout));
  const auto failed = [&](const std::string& why) {
    context_.reset();
    return tl::unexpected(StoreError::did_not_happen("Redis at " + address_.text() + ": " + why));
  };
  if (!context_) return failed("out of memory");
  if (context_->err != 0) {
    auto error = StoreError::unreachable("Redis at " + address_.text() + ": " + context_->errstr);
    context_.reset();
    return tl::unexpected(std::move(error));
  }
  if (redisSetTimeout(context_.get(), to_timeval(timeouts_.call)) != REDIS_OK)
    return failed("no time limit can be set");
  if (address_.socket.empty() && redisEnableKeepAlive(context_.get()) != REDIS_OK)
    return failed(context_->errstr);
  if (auto greeted = greet(); !greeted) {
    const auto why = "Redis at " + address_.text() + ": " + greeted.error().detail();
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
  // The last one shows whether commands are carried out at all: a server may be loading its data.
  commands.push_back(Command{"EXISTS", "refbus"});
  if (!expected_.empty()) commands.push_back(Command{"HEXISTS", expected_key_, expected_});
  auto replies = transfer(commands);
  if (!replies) return tl::unexpected(StoreError::unreachable(replies.error().detail()));
  for (const auto& reply : *replies)
    if (reply.is_error())
      return tl::unexpected(reply.text.starts_with("LOADING")
                                ? StoreError::unreachable(reply.text)
                                : StoreError::did_not_happen(reply.text));
  if (!expected_.empty() && replies->back().number() == 0)
    return tl::unexpected(StoreError::did_not_happen(missing_witness(expected_)));
  return {};
}

void Connection::expect(std::string key, std::string field) {
  expected_key_ = std::move(key);
  expected_ = std::move(field);
}

StoreError Connection::lost(bool sent) {
  std::string why = context_->errstr;
  if (why.empty()) why = "connection lost";
  context_.reset();
  const auto detail = "Redis at " + address_.text() + ": " + why;
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

Result<std::vector<Reply>> Connection::exchange(std::span<const Command> commands) {
  if (context_ && stale()) context_.reset();
  if (!context_)
    if (auto connected = connect(); !connected) return tl::unexpected(connected.error());
  return transfer(commands);
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
