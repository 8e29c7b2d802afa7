// Answers and downloads. Source: STORE-1, SUM-2, CHUNK-3; RFC 9110 sections 13 and 14.
#include "reference/server/side_door.hpp"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <map>

#include "reference/server/http_fields.hpp"
#include "reference/server/transfer.hpp"

namespace reference::server {
namespace {

constexpr std::string_view kPath = "/payloads/";
// For one piece to leave or to come.
constexpr std::chrono::seconds kPieceTime{60};
constexpr std::chrono::seconds kLingerTime{2};
// One leaves, one is checked, one is read; the store may hold the last of them twice.
constexpr std::uint32_t kPiecesHeld = 3;

}  // namespace

bool is_side_door(std::string_view path) { return path.starts_with(kPath); }

std::string name_in(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  return unescape(path.substr(kPath.size())).value_or("");
}

std::optional<std::string> session_in(const http::request_header<>& request) {
  const auto found = request.find("X-Session-Id");
  if (found == request.end()) return std::nullopt;
  return std::string(found->value());
}

http::status status_of(core::Kind kind) {
  switch (kind) {
    case core::Kind::not_found:
      return http::status::not_found;
    case core::Kind::expired:
      return http::status::gone;
    case core::Kind::conflict:
    case core::Kind::upload_offset:
      return http::status::conflict;
    case core::Kind::payload_too_large:
      return http::status::payload_too_large;
    case core::Kind::invalid_argument:
      return http::status::bad_request;
    case core::Kind::store_unavailable:
    case core::Kind::closed:
      return http::status::service_unavailable;
    default:
      return http::status::internal_server_error;
  }
}

Transfer::Transfer(Line line, const HeaderParser& header, executor::Executor& executor,
                   GiveBack back)
    : line_(std::move(line)),
      timer_(line_.stream.get_executor()),
      executor_(executor),
      back_(std::move(back)),
      request_(header.get().base()),
      name_(name_in(header.get().target())),
      session_(session_in(header.get())),
      keep_alive_(header.get().keep_alive()) {
  // A body where none belongs stays unread.
  const bool body = header.chunked() || header.content_length().value_or(0) > 0;
  if (body && request_.method() != http::verb::put) keep_alive_ = false;
}

void Transfer::ask(core::DoorRequest request, std::function<void(core::DoorAnswer)> then) {
  executor_.knock(std::move(request), session_,
                  [self = shared_from_this(), then = std::move(then)](core::DoorAnswer answer) {
                    auto held = std::make_shared<core::DoorAnswer>(std::move(answer));
                    boost::asio::post(self->timer_.get_executor(),
                                      [self, then, held] { then(std::move(*held)); });
                  });
}

Transfer::Response Transfer::response(http::status status) const {
  Response made(status, request_.version());
  made.keep_alive(keep_alive_);
  return made;
}

void Transfer::refuse(const core::Fault& fault, bool body_unread) {
  keep_alive_ = keep_alive_ && !body_unread;
  auto made = response(status_of(fault.kind));
  made.set(http::field::content_type, "application/json");
  made.set(http::field::cache_control, "no-store");
  const auto text = boost::json::serialize(core::error_object(fault)) + '\n';
  made.content_length(text.size());
  if (request_.method() != http::verb::head) made.body() = text;
  finish(std::move(made));
}

void Transfer::finish(Response response) {
  response_.emplace(std::move(response));
  limit_time();
  http::async_write(line_.stream, *response_,
                    [self = shared_from_this()](Error error, std::size_t) {
                      if (error) return self->cut();
                      if (!self->response_->keep_alive()) return self->end();
                      self->give_back();
                    });
}

void Transfer::give_back() {
  timer_.cancel();
  if (!keep_alive_) return end();
  back_(std::move(line_));
}

void Transfer::limit_time() {
  timer_.expires_after(kPieceTime);
  timer_.async_wait([weak = weak_from_this()](Error error) {
    const auto self = weak.lock();
    if (!error && self) self->cut();
  });
}

// A peer that is still sending would lose the answer to a reset: what it sends is read for a while.
void Transfer::end() {
  timer_.expires_after(kLingerTime);
  timer_.async_wait([weak = weak_from_this()](Error error) {
    const auto self = weak.lock();
    if (!error && self) self->cut();
  });
  line_.stream.async_farewell([self = shared_from_this()](Error /*unsaid*/) { self->shut(); });
}

void Transfer::shut() {
  Error ignored;
  line_.stream.socket().shutdown(Stream::Socket::shutdown_send, ignored);
  linger();
}

void Transfer::linger() {
  line_.stream.socket().async_read_some(boost::asio::buffer(unread_),
                                        [self = shared_from_this()](Error error, std::size_t) {
                                          if (error) return self->cut();
                                          self->linger();
                                        });
}

void Transfer::cut() {
  Error ignored;
  timer_.cancel();
  line_.stream.socket().shutdown(Stream::Socket::shutdown_both, ignored);
  line_.stream.socket().close(ignored);
}

namespace {

class Download : public Transfer {
 public:
  using Transfer::Transfer;

  void start() override {
    ask(core::FindPayload{name_}, [this](core::DoorAnswer answer) {
      if (const auto* fault = std::get_if<core::Fault>(&answer)) return refuse(*fault);
      head_ = std::get<core::SharedHead>(std::move(answer));
      begin();
    });
  }

 private:
  [[nodiscard]] std::string_view field(http::field name) const { return request_[name]; }
  [[nodiscard]] bool has(http::field name) const { return request_.count(name) > 0; }

  void begin() {
    const auto etag = etag_of(head_->digest);
    if (has(http::field::if_match) && !names_etag(field(http::field::if_match), etag, false))
      return nothing(http::status::precondition_failed);
    if (has(http::field::if_none_match) &&
        names_etag(field(http::field::if_none_match), etag, true))
      return nothing(http::status::not_modified);
    slice_ = {0, head_->size};
    const bool same =
        !has(http::field::if_range) || names_etag(field(http::field::if_range), etag, false);
    auto status = http::status::ok;
    if (has(http::field::range) && same && request_.method() == http::verb::get) {
      const auto range = read_range(field(http::field::range), head_->size);
      if (std::holds_alternative<Unsatisfiable>(range))
        return nothing(http::status::range_not_satisfiable);
      if (const auto* part = std::get_if<Slice>(&range)) {
        slice_ = *part;
        status = http::status::partial_content;
      }
    }
    auto made = described(status);
    made.content_length(slice_.length);
    if (request_.method() == http::verb::head) return finish(std::move(made));
    read_first(std::move(made));
  }

  // An answer without a body about a payload.
  void nothing(http::status status) {
    auto made = described(status);
    if (status == http::status::range_not_satisfiable)
      made.set(http::field::content_range, "bytes */" + std::to_string(head_->size));
    if (status != http::status::not_modified) made.content_length(0);
    finish(std::move(made));
  }

  [[nodiscard]] Response described(http::status status) const {
    auto made = response(status);
    made.set(http::field::etag, etag_of(head_->digest));
    made.set("Repr-Digest", core::digest_text(head_->digest));
    made.set(http::field::accept_ranges, "bytes");
    made.set(http::field::cache_control, "private, no-cache");
    const bool carries = status == http::status::ok || status == http::status::partial_content;
    if (!carries) return made;
    made.set(http::field::content_type, head_->type);
    // Whose bytes they are nobody knows: no browser shall take them for a page of this server's.
    made.set("X-Content-Type-Options", "nosniff");
    made.set(http::field::content_disposition, "attachment");
    if (status == http::status::partial_content)
      made.set(http::field::content_range, "bytes " + std::to_string(slice_.offset) + '-' +
                                               std::to_string(slice_.offset + slice_.length - 1) +
                                               '/' + std::to_string(head_->size));
    return made;
  }

  // The header leaves when the first bytes are known to be good: until then it may be a refusal.
  void read_first(Response made) {
    header_ = http::response_header<>(made.base());
    if (!head_->stored) {
      piece_ = head_->bytes.substr(slice_.offset, slice_.length);
      return write_header();
    }
    const auto end = slice_.offset + slice_.length;
    // Who reads up to the end is owed the whole's digest, as by bus/retrieve.
    if (end == head_->size && end > 0) order_ = std::make_shared<core::PieceLine>();
    next_ = order_ ? 0 : static_cast<std::uint32_t>(slice_.offset / head_->piece);
    end_ = static_cast<std::uint32_t>((end + head_->piece - 1) / head_->piece);
    asked_ = next_;
    if (slice_.length == 0) {
      next_ = end_;
      return write_header();
    }
    fetch();
  }

  // Pieces are read and checked while those before them leave.
  void fetch() {
    for (; asked_ < end_ && asked_ - next_ + (writing_ ? 1 : 0) < kPiecesHeld; ++asked_) {
      const auto n = asked_;
      ask(core::FetchPiece{head_, n, order_, n + 1 == end_}, [this, n](core::DoorAnswer answer) {
        arrived_.emplace(n, std::move(answer));
        go_on();
      });
    }
  }

  void go_on() {
    while (!over_ && !writing_ && arrived_.contains(next_)) {
      auto answer = std::move(arrived_.extract(next_).mapped());
      if (const auto* fault = std::get_if<core::Fault>(&answer)) {
        over_ = true;
        return header_written_ ? cut() : refuse(*fault);
      }
      take(next_++, std::get<std::string>(std::move(answer)));
    }
    if (!over_ && head_->stored) fetch();
  }

  void take(std::uint32_t n, std::string bytes) {
    const std::uint64_t start = n * head_->piece;
    const auto from = std::max(slice_.offset, start);
    const auto to = std::min(slice_.offset + slice_.length, start + bytes.size());
    if (from >= to) return;  // before the slice: for the digest alone
    if (to - from < bytes.size()) bytes = bytes.substr(from - start, to - from);
    piece_ = std::move(bytes);
    header_written_ ? write() : write_header();
  }

  void write_header() {
    header_written_ = true;
    writing_ = true;
    only_header_.emplace(std::move(*header_));
    limit_time();
    auto self = std::static_pointer_cast<Download>(shared_from_this());
    http::async_write_header(line_.stream, serializer_.emplace(*only_header_),
                             [self](Error error, std::size_t) {
                               if (error) return self->stop();
                               self->write();
                             });
  }

  void write() {
    writing_ = true;
    limit_time();
    auto self = std::static_pointer_cast<Download>(shared_from_this());
    boost::asio::async_write(line_.stream, boost::asio::buffer(piece_),
                             [self](Error error, std::size_t) {
                               if (error) return self->stop();
                               self->wrote();
                             });
  }

  void wrote() {
    writing_ = false;
    piece_.clear();
    if (next_ < end_) return go_on();
    over_ = true;
    give_back();
  }

  void stop() {
    over_ = true;
    cut();
  }

  core::SharedHead head_;
  Slice slice_;
  std::shared_ptr<core::PieceLine> order_;
  std::uint32_t asked_ = 0;  // the piece to be asked for
  std::uint32_t next_ = 0;   // the piece to be taken
  std::uint32_t end_ = 0;
  std::map<std::uint32_t, core::DoorAnswer> arrived_;
  std::string piece_;  // on its way to the client
  bool writing_ = false;
  bool over_ = false;
  bool header_written_ = false;
  std::optional<http::response_header<>> header_;
  std::optional<http::response<http::empty_body>> only_header_;
  std::optional<http::response_serializer<http::empty_body>> serializer_;
};

}  // namespace

void serve_side_door(Line line, HeaderParser& header, executor::Executor& executor, GiveBack back) {
  const auto method = header.get().method();
  if (method == http::verb::put)
    return make_upload(std::move(line), header, executor, std::move(back))->start();
  std::make_shared<Download>(std::move(line), header, executor, std::move(back))->start();
}

}  // namespace reference::server
