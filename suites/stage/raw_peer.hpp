// RawPeer: a peer on the bare socket beneath a WebSocket (or, with wss://, on TLS). It makes the
// handshake and the frames itself, and wrongly where a scenario wants that.
//
// All that goes over the socket becomes marks of a session number of its own: "raw_open";
// "raw_sent" before a piece leaves, its bytes as the amount, with "raw_unsent" behind it where some
// of them could not be sent; "raw_got" behind the last byte of a piece that came; "raw_ended" with
// "how": closed or reset by the bus, or dropped here. A frame is {"opcode", "fin", "bytes"}, and
// where they are so "id" (the request that it is of), "reserved", "unmasked", "code" (of a close),
// "text" (of a short one); a handshake {"handshake": "request" or its status}.
//
// Threads: one thread per peer; every wait has a limit.
// Errors:  a peer that is gone is no error: what it is asked to send goes nowhere, and ended() says
//          so.
#pragma once

#include <chrono>
#include <cstdint>

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "suites/contract/result.hpp"
#include "suites/history/recorder.hpp"
#include "suites/stage/raw_tls.hpp"

namespace busproof::stage {

/// One frame of RFC 6455, section 5.2, as it is sent: right unless it is said otherwise.
struct Frame {
  static constexpr int kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

  int opcode = kText;
  std::string payload = {};
  std::string of = {};  ///< the id of the request that it is a part of
  bool fin = true;
  bool masked = true;
  int reserved = 0;                             ///< the three bits behind FIN: 4, 2 and 1
  std::optional<std::uint64_t> announced = {};  ///< another length than the payload's
};

/// The payload of a close frame.
std::string close_payload(int code, std::string_view reason = {});

class RawPeer {
 public:
  using milliseconds = std::chrono::milliseconds;

  /// Connects to ws://HOST:PORT/PATH, or to wss:// with a `trust`.
  static contract::Result<RawPeer> open(history::Recorder& recorder, const std::string& url,
                                        const std::shared_ptr<const targets::Trust>& trust = {});
  ~RawPeer();
  RawPeer(RawPeer&& other) noexcept;
  RawPeer& operator=(RawPeer&&) = delete;

  /// The request that asks for the WebSocket.
  [[nodiscard]] std::string handshake() const;

  /// Sends it and waits for its answer: whether that is 101.
  bool shake_hands(milliseconds limit);
  /// Waits for that answer alone.
  bool await_handshake(milliseconds limit);

  /// False where the bus did not take all of it: it ended the connection, or does not read.
  bool send(const Frame& frame);
  /// A part of a handshake or a frame; `what` goes into the mark.
  bool send_bytes(std::string_view bytes, const boost::json::object& what);
  /// Bytes as they go over the wire in a masked frame, from its first on or a multiple of four.
  [[nodiscard]] static std::string masked(std::string_view payload);
  /// A frame as it goes over the wire, and what its mark says.
  [[nodiscard]] static std::string wire(const Frame& frame);
  [[nodiscard]] static boost::json::object shown(const Frame& frame);

  /// Reads until a frame of that opcode has come, or the text with that id; false where the
  /// connection ended before, or `limit` did.
  bool await(int opcode, milliseconds limit);
  bool await_answer(std::string_view id, milliseconds limit);

  [[nodiscard]] bool ended() const { return socket_ < 0; }
  /// Ends it from here.
  void drop();

 private:
  using Clock = std::chrono::steady_clock;
  RawPeer(history::Recorder& recorder, int socket, std::optional<RawTls> tls, std::string host,
          std::string path);
  std::size_t write(std::string_view bytes);  // How many are left.
  [[nodiscard]] bool came(int opcode) const;
  bool read_some(Clock::time_point until);
  bool take_frame();
  void mark(std::string_view name, const boost::json::object& detail, std::int64_t amount = 0);
  void over(std::string_view how);
  template <typename Enough>
  bool read_until(milliseconds limit, Enough enough);

  history::Recorder* recorder_;
  int socket_;
  std::optional<RawTls> tls_;  // Nothing: bare TCP.
  std::uint32_t number_;
  std::string host_, path_;
  std::string unread_;
  std::optional<int> status_;
  bool cut_short_ = false;  // The bus was gone before it had taken all that was sent.
  std::deque<Frame> got_;
};

}  // namespace busproof::stage
