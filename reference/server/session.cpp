// A WebSocket connection over Beast: callbacks on a strand of its own.
//
// Threads: the strand; what other threads hand over goes through the outbox.
// Errors: too long a message closes with 1009, invalid UTF-8 with 1007 (Beast does both), a binary
// message with 1003.
// Source: END-3, END-4, END-7.
#include "reference/server/session.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <mutex>

#include "reference/server/gate.hpp"
#include "reference/server/gathering_socket.hpp"

namespace reference::server {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using beast::error_code;

constexpr std::string_view kSubprotocol = "busproof.v1";
// Reading allocates as a message grows; a buffer this large is not kept for the next one.
constexpr std::size_t kKeptBuffer = 1'048'576;
// Written bytes are reported to the core in portions, or when nothing is left to write.
constexpr std::uint64_t kReportBytes = 65'536;
// Silence is looked for so often within one span after which the peer is pinged.
constexpr int kLooks = 4;
constexpr std::chrono::seconds kCloseTime{3};
constexpr std::chrono::seconds kLastWordsTime{60};

bool offers_subprotocol(const HttpRequest& request) {
  return any_in_list(request[beast::http::field::sec_websocket_protocol],
                     [](std::string_view one) { return one == kSubprotocol; });
}

class WebSocketSession : public Session, public std::enable_shared_from_this<WebSocketSession> {
 public:
  WebSocketSession(Stream stream, HttpRequest request, executor::Executor& executor, Roster& roster,
                   core::Role role, Bounds bounds)
      : stream_(GatheringSocket(std::move(stream))),
        timer_(stream_.get_executor()),
        silence_(stream_.get_executor()),
        request_(std::move(request)),
        executor_(executor),
        roster_(roster),
        role_(role),
        bounds_(bounds) {}

  void start() {
    // Beast's own idle time sets a timer at every read.
    stream_.set_option(
        ws::stream_base::timeout{std::chrono::seconds(10), ws::stream_base::none(), false});
    const bool offered = offers_subprotocol(request_);
    stream_.set_option(ws::stream_base::decorator([offered](ws::response_type& response) {
      if (offered) response.set(beast::http::field::sec_websocket_protocol, kSubprotocol);
    }));
    stream_.read_message_max(bounds_.message_bytes_max);
    stream_.auto_fragment(false);
    stream_.text(true);
    stream_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (!error) self->accepted();
    });
  }

  void send(std::string text) override {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      outbox_.push_back(std::move(text));
      wake = !std::exchange(woken_, true);
    }
    if (wake) post([this] { write(); });
  }

  void throttle(bool paused) override {
    post([this, paused] {
      paused_ = paused;
      if (!paused && !reading_) read();
    });
  }

  void go_away() override {
    post([this] { close(ws::close_code::going_away, kCloseTime); });
  }

  void cut_off(std::string last) override {
    {
      const std::lock_guard lock(mutex_);
      outbox_.clear();
      outbox_.push_back(std::move(last));
    }
    post([this] {
      // The message being written stays whole.
      if (batch_.size() > 1) batch_.erase(batch_.begin() + (writing_ ? 1 : 0), batch_.end());
      close(ws::close_code::policy_error, kLastWordsTime);
    });
  }

 private:
  template <typename F>
  void post(F work) {
    boost::asio::post(stream_.get_executor(),
                      [self = shared_from_this(), work = std::move(work)] { work(); });
  }

  // A peer that reads nothing would never let the close through: it gets `within`.
  void close(ws::close_code code, std::chrono::seconds within) {
    closing_ = code;
    timer_.expires_after(within);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->cut_now();
    });
    write();
  }

  void accepted() {
    auto token = Gate::token_in(request_).value_or("");
    request_ = {};
    conn_ = roster_.add(shared_from_this(), role_, std::move(token));
    read();
    listen_for_silence();
  }

  void listen_for_silence() {
    silence_.expires_after(bounds_.ping / kLooks);
    silence_.async_wait([self = shared_from_this(), before = reads()](error_code error) {
      if (!error && !self->ended_) self->heard(before != self->reads());
    });
  }

  // Who is not read from cannot be heard. The silence is up to one look longer than was seen, and
  // a look may come a little late.
  void heard(bool anything) {
    silent_looks_ = anything || paused_ ? 0 : silent_looks_ + 1;
    const core::Ms silence = silent_looks_ * (bounds_.ping / kLooks), margin = bounds_.ping / 2;
    if (silence >= bounds_.idle - margin) return cut_now();
    if (silent_looks_ == kLooks / 2 && !pinging_) ping();
    listen_for_silence();
  }

  // A peer that says something and reads nothing keeps a ping waiting; Beast takes one at a time.
  void ping() {
    pinging_ = true;
    stream_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
  }

  [[nodiscard]] std::uint64_t reads() const { return stream_.next_layer().reads(); }

  void read() {
    if (paused_ || ended_) return;
    reading_ = true;
    stream_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      self->reading_ = false;
      if (error) return self->ended();
      self->took();
    });
  }

  void took() {
    if (!stream_.got_text()) {
      closing_ = ws::close_code::unknown_data;
      return write();
    }
    const auto data = buffer_.cdata();
    executor_.received(*conn_, {static_cast<const char*>(data.data()), data.size()});
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kKeptBuffer) buffer_ = beast::flat_buffer();
    read();
  }

  // One message at a time; close follows the last.
  void write() {
    if (writing_ || ended_) return;
    if (batch_.empty()) {
      const std::lock_guard lock(mutex_);
      batch_.swap(outbox_);
      woken_ = !batch_.empty();
    }
    if (batch_.empty()) {
      report(true);
      if (closing_) shut();
      return;
    }
    writing_ = true;
    stream_.next_layer().hold(batch_.size() > 1);
    stream_.async_write(boost::asio::buffer(batch_.front()),
                        [self = shared_from_this()](error_code error, std::size_t bytes) {
                          self->wrote(error, bytes);
                        });
  }

  void wrote(error_code error, std::size_t bytes) {
    writing_ = false;
    if (error) return cut_now();
    batch_.pop_front();
    written_ += bytes;
    report(false);
    write();
  }

  void report(bool all) {
    if (written_ == 0 || (!all && written_ < kReportBytes)) return;
    executor_.written(*conn_, std::exchange(written_, 0));
  }

  void shut() {
    writing_ = true;
    stream_.async_close(ws::close_reason(*closing_),
                        [self = shared_from_this()](error_code) { self->cut_now(); });
  }

  void cut_now() {
    error_code ignored;
    stream_.next_layer().socket().close(ignored);
  }

  // The read side ended: nothing more can come, and nothing can be settled any more.
  void ended() {
    if (std::exchange(ended_, true)) return;
    timer_.cancel();
    silence_.cancel();
    roster_.remove(*conn_);
  }

  ws::stream<GatheringSocket> stream_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer silence_;
  HttpRequest request_;
  executor::Executor& executor_;
  Roster& roster_;
  core::Role role_;
  Bounds bounds_;
  beast::flat_buffer buffer_;
  std::optional<core::Conn> conn_;
  bool reading_ = false;
  bool paused_ = false;
  bool writing_ = false;
  bool pinging_ = false;
  bool ended_ = false;
  int silent_looks_ = 0;
  std::optional<ws::close_code> closing_;
  std::uint64_t written_ = 0;
  std::deque<std::string> batch_;

  std::mutex mutex_;
  std::deque<std::string> outbox_;
  bool woken_ = false;
};

}  // namespace

void start_session(Stream stream, HttpRequest request, executor::Executor& executor, Roster& roster,
                   core::Role role, Bounds bounds) {
  std::make_shared<WebSocketSession>(std::move(stream), std::move(request), executor, roster, role,
                                     bounds)
      ->start();
}

}  // namespace reference::server
