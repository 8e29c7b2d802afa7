// One connection to a Redis server: commands in, their replies out, in one round trip.
//
// It connects when it is first used and again after it was lost; nothing that may have been carried
// out is ever sent twice. On a Redis Cluster it goes to the node that its key is on, with the key
// where that moves, and to the other nodes where it finds none.
// Threads: one at a time.
// Errors: StoreError, definite where nothing can have been carried out; a server that refuses a
// command answers with a Reply of kind error.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/result.hpp"
#include "reference/stores/redis/address.hpp"

struct redisContext;
struct redisReply;

namespace reference::stores::redis {

struct Reply {
  enum class Kind : std::uint8_t { nil, integer, text, error, array };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;  ///< of a text, status or error
  std::vector<Reply> items;

  [[nodiscard]] bool is_error() const { return kind == Kind::error; }
  /// An integer, or a text that is one; 0 for anything else.
  [[nodiscard]] std::int64_t number() const;
};

/// A command's words. Those that are added as views must outlive it.
class Command {
 public:
  Command() = default;
  explicit Command(std::initializer_list<std::string_view> words) {
    for (const auto word : words) add(std::string(word));
  }
  Command& view(std::string_view word) {
    words_.push_back(word);
    return *this;
  }
  Command& add(std::string word) { return view(owned_.emplace_back(std::move(word))); }
  Command& add(std::int64_t number) { return add(std::to_string(number)); }
  void replace(std::size_t at, std::string word) {
    words_.at(at) = owned_.emplace_back(std::move(word));
  }
  [[nodiscard]] const std::vector<std::string_view>& words() const { return words_; }

  Command(Command&&) = default;
  Command& operator=(Command&&) = default;

 private:
  std::deque<std::string> owned_;  ///< whose elements never move
  std::vector<std::string_view> words_;
};

struct Timeouts {
  std::chrono::milliseconds connect{1'000};
  std::chrono::milliseconds call{5'000};  ///< of one read or write
};

class Connection {
 public:
  explicit Connection(Address address, Timeouts timeouts = {});
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// How the server's list of clients shows this connection from the next connect on.
  void name(std::string name);

  /// The key that its commands are about: it connects to the node which that is on, where there are
  /// several. Without one any node will do.
  void home(std::string key) { home_ = std::move(key); }

  /// What the hash `key` must hold wherever it connects from now on; an empty field: nothing.
  void expect(std::string key, std::string field);

  /// Sends all and reads one reply each. After an error the connection is gone.
  core::Result<std::vector<Reply>> exchange(std::span<const Command> commands);
  core::Result<Reply> exchange(const Command& command);

  /// Connects anew to hear what is published to `channel`, and does nothing else from then on:
  /// exchange() is no longer for it.
  core::Result<void> subscribe(const std::string& channel);
  /// To be waited on; then pushed() reads what came and gives all messages that are whole.
  [[nodiscard]] int socket() const;
  core::Result<std::vector<std::string>> pushed();
  /// Makes the server say something. False where the connection is gone.
  bool ping();
  void close() { context_.reset(); }
  [[nodiscard]] bool is_open() const { return context_ != nullptr; }

  /// Where it was told to begin.
  [[nodiscard]] const Address& address() const { return address_; }
  /// Where it is, or was last.
  [[nodiscard]] const Address& place() const { return place_; }

 private:
  core::Result<void> connect();
  core::Result<void> connect_from(Address start, const std::optional<Address>& useless);
  core::Result<void> open();
  core::Result<void> greet();
  core::Result<std::vector<Reply>> transfer(std::span<const Command> commands);
  core::StoreError lost(bool sent);
  [[nodiscard]] std::string at(const std::string& why) const;
  void hear_of(const Reply& nodes);
  bool sent_on(std::span<const Reply> replies);
  [[nodiscard]] bool stale() const;

  struct Release {
    void operator()(redisContext* context) const;
  };
  Address address_, place_;
  std::optional<Address> moved_;  ///< the node that the last refusal has named
  std::vector<Address> nodes_;    ///< all that it has heard of, where it was told to begin first
  std::size_t next_ = 0;          ///< of those, the one to be tried when another is gone
  Timeouts timeouts_;
  std::string name_, home_;
  std::string expected_key_, expected_;
  std::unique_ptr<redisContext, Release> context_;
};

/// What an error reply means for the call: definite unless a script failed half way.
core::StoreError refused(const Reply& error);

}  // namespace reference::stores::redis
