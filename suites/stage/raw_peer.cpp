#include "suites/stage/raw_peer.hpp"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "suites/checkers/raw_peers.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Verdict;
using std::chrono::milliseconds;

constexpr std::size_t kTextShown = 300;
// A bus that takes nothing more for so long will not take the rest.
constexpr milliseconds kWriteLimit{5'000};
// Any key does: it hides nothing from us.
constexpr std::array<unsigned char, 4> kKey{0x5A, 0x0F, 0xC3, 0x99};

/// `bytes` of a number, the most significant first.
void put_number(std::string& to, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>((number >> (8 * i)) & 0xFFU);
}

std::uint64_t number_in(std::string_view from, std::size_t at, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    number = number << 8U | static_cast<unsigned char>(from[at + i]);
  return number;
}

std::vector<unsigned char> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

bool has_id(const Frame& frame, std::string_view id) {
  if (frame.opcode != Frame::kText) return false;
  boost::system::error_code failed;
  const json::value message = json::parse(frame.payload, failed);
  if (failed || !message.is_object()) return false;
  return history::text_of(message.get_object(), "id") == id;
}

int connected_socket(const std::string& host, const std::string& port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) != 0) return -1;
  int socket = -1;
  const timeval limit{.tv_sec = kWriteLimit.count() / 1000, .tv_usec = 0};
  for (const addrinfo* one = found; one != nullptr && socket < 0; one = one->ai_next) {
    socket = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (socket < 0) continue;
    // That holds for connecting, too.
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket, one->ai_addr, one->ai_addrlen) != 0) {
      ::close(socket);
      socket = -1;
    }
  }
  ::freeaddrinfo(found);
  const int on = 1;
  if (socket >= 0) ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

int left_until(std::chrono::steady_clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace

std::string close_payload(int code, std::string_view reason) {
  std::string payload;
  put_number(payload, static_cast<std::uint64_t>(code), 2);
  return payload.append(reason);
}

contract::Result<RawPeer> RawPeer::open(history::Recorder& recorder, const std::string& url,
                                        const std::shared_ptr<const targets::Trust>& trust) {
  const auto parsed = boost::urls::parse_uri(url);
  const bool secure = targets::is_secure(url);
  if (!parsed || parsed->scheme() != (secure ? "wss" : "ws"))
    return contract::refused("bad_address", url);
  const std::string host = parsed->host_address();
  const std::string port = parsed->has_port() ? std::string(parsed->port()) : secure ? "443" : "80";
  const auto target = parsed->encoded_target();
  const int socket = connected_socket(host, port);
  if (socket < 0) return contract::refused("unreachable", url + ": no connection");
  std::optional<RawTls> tls;
  if (secure) {
    const std::string why = tls.emplace(trust, host).shake_hands(socket, kWriteLimit);
    if (!why.empty()) {
      ::close(socket);
      return contract::refused("unreachable", url + ": " + why);
    }
  }
  return RawPeer(recorder, socket, std::move(tls), host + ":" + port,
                 target.empty() ? "/" : std::string(target.data(), target.size()));
}

RawPeer::RawPeer(history::Recorder& recorder, int socket, std::optional<RawTls> tls,
                 std::string host, std::string path)
    : recorder_(&recorder),
      socket_(socket),
      tls_(std::move(tls)),
      number_(recorder.next_session()),
      host_(std::move(host)),
      path_(std::move(path)) {
  mark("raw_open", {});
}

RawPeer::RawPeer(RawPeer&& other) noexcept
    : recorder_(other.recorder_),
      socket_(std::exchange(other.socket_, -1)),
      tls_(std::move(other.tls_)),
      number_(other.number_),
      host_(std::move(other.host_)),
      path_(std::move(other.path_)),
      unread_(std::move(other.unread_)),
      status_(other.status_),
      got_(std::move(other.got_)) {}

RawPeer::~RawPeer() { drop(); }

std::string RawPeer::handshake() const {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: busproof.v1\r\nUser-Agent: busproof\r\n\r\n",
      path_, host_);
}

bool RawPeer::shake_hands(milliseconds limit) {
  send_bytes(handshake(), {{"handshake", "request"}});
  return await_handshake(limit);
}

bool RawPeer::await_handshake(milliseconds limit) {
  read_until(limit, [&] {
    const auto end = unread_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    int status = 0;
    constexpr std::size_t kStatusAt = 9, kStatusLength = 3;  // HTTP/1.1 101
    if (end < kStatusAt + kStatusLength) return true;
    std::from_chars(unread_.data() + kStatusAt, unread_.data() + kStatusAt + kStatusLength, status);
    status_ = status;
    unread_.erase(0, end + 4);
    mark("raw_got", {{"handshake", status}});
    return true;
  });
  return status_ == 101;
}

std::string RawPeer::masked(std::string_view payload) {
  std::string bytes(payload);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ kKey.at(i % kKey.size()));
  return bytes;
}

std::string RawPeer::wire(const Frame& frame) {
  std::string bytes;
  const int first = (frame.fin ? 0x80 : 0) | frame.reserved << 4 | frame.opcode;
  bytes += static_cast<char>(first);
  const std::uint64_t length = frame.announced.value_or(frame.payload.size());
  const int mask = frame.masked ? 0x80 : 0;
  constexpr std::uint64_t kShort = 125, kMiddle = 65'535;
  if (length <= kShort) {
    bytes += static_cast<char>(mask | static_cast<int>(length));
  } else if (length <= kMiddle) {
    bytes += static_cast<char>(mask | 126);
    put_number(bytes, length, 2);
  } else {
    bytes += static_cast<char>(mask | 127);
    put_number(bytes, length, 8);
  }
  if (frame.masked) bytes.append(kKey.begin(), kKey.end());
  return bytes + (frame.masked ? masked(frame.payload) : frame.payload);
}

json::object RawPeer::shown(const Frame& frame) {
  json::object detail{{"opcode", frame.opcode},
                      {"fin", frame.fin},
                      {"bytes", frame.announced.value_or(frame.payload.size())}};
  if (!frame.of.empty()) detail["id"] = frame.of;
  if (frame.reserved != 0) detail["reserved"] = frame.reserved;
  if (!frame.masked) detail["unmasked"] = true;
  if (frame.opcode == Frame::kClose && frame.payload.size() >= 2)
    detail["code"] = number_in(frame.payload, 0, 2);
  const bool data = frame.opcode != Frame::kClose && frame.payload.size() <= kTextShown;
  if (data && checkers::is_utf8(frame.payload))
    detail["text"] = frame.payload;
  else if (data)
    detail["hex"] = fmt::format("{:02x}", fmt::join(bytes_of(frame.payload), ""));
  return detail;
}

bool RawPeer::send(const Frame& frame) { return send_bytes(wire(frame), shown(frame)); }

bool RawPeer::send_bytes(std::string_view bytes, const json::object& what) {
  if (ended()) return false;
  mark("raw_sent", what, static_cast<std::int64_t>(bytes.size()));
  const std::size_t left = tls_ ? write(tls_->seal(bytes)) : write(bytes);
  if (left > 0) mark("raw_unsent", {}, static_cast<std::int64_t>(left));
  return left == 0;
}

// What the bus says meanwhile is read along: it may end the connection before it has taken all.
std::size_t RawPeer::write(std::string_view bytes) {
  const auto until = Clock::now() + kWriteLimit;
  while (!bytes.empty() && !ended()) {
    pollfd ready{.fd = socket_, .events = POLLOUT | POLLIN, .revents = 0};
    if (::poll(&ready, 1, left_until(until)) <= 0) break;
    if ((ready.revents & POLLOUT) != 0) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      // What the bus said before it went may lie there to be read, or be gone with it.
      cut_short_ = sent < 0 && errno != EAGAIN;
      if (cut_short_) break;
    }
    if ((ready.revents & POLLIN) != 0 && !read_some(until)) break;
    // After a close frame nothing that we say is heard.
    if (!bytes.empty() && came(Frame::kClose)) break;
  }
  return bytes.size();
}

bool RawPeer::came(int opcode) const {
  return std::any_of(got_.begin(), got_.end(),
                     [&](const Frame& frame) { return frame.opcode == opcode; });
}

// One piece, with the frames that it completes; false where the connection is over or time is.
bool RawPeer::read_some(Clock::time_point until) {
  if (ended()) return false;
  pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, left_until(until)) <= 0) return false;
  constexpr std::size_t kPiece = 65'536;
  std::string piece(kPiece, '\0');
  const auto count = ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return true;
  if (count <= 0) {
    over(count == 0 && !cut_short_ ? "closed" : "reset");
    return false;
  }
  piece.resize(static_cast<std::size_t>(count));
  if (tls_) {
    auto opened = tls_->open(piece);
    if (!opened) {
      over("reset");
      return false;
    }
    piece = std::move(*opened);
  }
  unread_ += piece;
  if (status_ == 101)
    while (take_frame()) continue;
  return true;
}

bool RawPeer::take_frame() {
  constexpr std::size_t kHead = 2;
  if (unread_.size() < kHead) return false;
  const auto first = static_cast<unsigned char>(unread_[0]);
  const auto second = static_cast<unsigned char>(unread_[1]);
  std::size_t at = kHead;
  std::uint64_t length = second & 0x7FU;
  const std::size_t wide = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (unread_.size() < at + wide) return false;
  if (wide != 0) length = number_in(unread_, at, wide);
  at += wide + ((second & 0x80U) != 0 ? kKey.size() : 0);
  if (unread_.size() < at + length) return false;
  Frame frame{.opcode = first & 0x0F,
              .payload = unread_.substr(at, length),
              .fin = (first & 0x80U) != 0,
              .masked = (second & 0x80U) != 0,
              .reserved = first >> 4 & 0x07};
  unread_.erase(0, at + length);
  json::object detail = shown(frame);
  detail.erase("unmasked");  // As it must be, this way.
  if (frame.masked) detail["masked"] = true;
  // Of an answer the id is wanted, however long the rest is.
  if (frame.opcode == Frame::kText && !detail.contains("text")) {
    boost::system::error_code failed;
    const json::value message = json::parse(frame.payload, failed);
    if (!failed && message.is_object() && message.get_object().contains("id"))
      detail["text"] = json::serialize(
          json::object{{"id", message.get_object().at("id")},
                       {message.get_object().contains("result") ? "result" : "error", nullptr}});
  }
  mark("raw_got", detail);
  got_.push_back(std::move(frame));
  return true;
}

template <typename Enough>
bool RawPeer::read_until(milliseconds limit, Enough enough) {
  const auto until = Clock::now() + limit;
  while (!enough())
    if (ended() || Clock::now() >= until || !read_some(until)) return enough();
  return true;
}

bool RawPeer::await(int opcode, milliseconds limit) {
  return read_until(limit, [&] { return came(opcode); });
}

bool RawPeer::await_answer(std::string_view id, milliseconds limit) {
  return read_until(limit, [&] {
    return std::any_of(got_.begin(), got_.end(),
                       [&](const Frame& frame) { return has_id(frame, id); });
  });
}

void RawPeer::drop() {
  if (ended()) return;
  over("dropped");
}

void RawPeer::over(std::string_view how) {
  mark("raw_ended", {{"how", how}});
  ::close(std::exchange(socket_, -1));
}

void RawPeer::mark(std::string_view name, const json::object& detail, std::int64_t amount) {
  recorder_->add({.action = history::Action::mark, .session = number_, .amount = amount},
                 {.error = name, .detail = detail.empty() ? "" : json::serialize(detail)});
}

RawPeer Stage::connect_raw() {
  const auto& connect = setting_.target.file().connect;
  if (connect.how != targets::Connect::How::websocket)
    throw Abandoned{Verdict::unverified, "the bus is not spoken to over a WebSocket"};
  auto peer = RawPeer::open(recorder(), connect.address, setting_.target.trust());
  if (!peer) give_up("connecting", peer.error());
  return std::move(*peer);
}

}  // namespace busproof::stage
