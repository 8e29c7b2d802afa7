// Uploads by PUT: the body in parts of the upload's chunk, one stored while the next is read.
// Source: CHUNK-5, CHUNK-6, ROUTE-6; RFC 9110 section 9.3.4, RFC 9530.
#include <algorithm>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>

#include "reference/server/http_fields.hpp"
#include "reference/server/transfer.hpp"

namespace reference::server {
namespace {

// Read at once by Beast, and no more of it.
constexpr std::size_t kReadBytes = 65'536;
constexpr int kPartsUnderWay = 1;  // while another is read

class Upload : public Transfer {
 public:
  Upload(Line line, HeaderParser& header, executor::Executor& executor, GiveBack back)
      : Transfer(std::move(line), header, executor, std::move(back)), parser_(std::move(header)) {
    parser_.body_limit(boost::none);
    line_.buffer.reserve(kReadBytes);
  }

  void start() override {
    const auto digest = read_repr_digest(request_["Repr-Digest"]);
    const auto from = read_content_range(request_[http::field::content_range]);
    if (!digest) return object("Repr-Digest is no list of digests");
    if (!from) return object("Content-Range names no bytes");
    const auto encoding = request_[http::field::content_encoding];
    if (!encoding.empty() && encoding != "identity")
      return object("Content-Encoding: the payload's own bytes are wanted");
    digest_ = *digest;
    offset_ = *from;
    ask(core::FindUpload{name_}, [this](core::DoorAnswer answer) {
      if (const auto* fault = std::get_if<core::Fault>(&answer)) return refuse(*fault, true);
      const auto& upload = std::get<boost::json::object>(answer);
      begin(upload.at("offset").to_number<std::uint64_t>(),
            upload.at("datasize").to_number<std::uint64_t>(),
            upload.at("chunk").to_number<std::uint64_t>());
    });
  }

 private:
  void object(const char* why) { refuse(core::invalid_argument(why), true); }

  void begin(std::uint64_t reached, std::uint64_t size, std::uint64_t chunk) {
    size_ = size;
    chunk_ = chunk;
    if (offset_ != reached)
      return refuse({core::Kind::upload_offset,
                     "the upload goes on elsewhere",
                     true,
                     {{"expected", reached}}},
                    true);
    const auto length = parser_.content_length();
    if (length && *length > size - reached)
      return refuse({core::Kind::payload_too_large,
                     "the upload was opened with " + std::to_string(size) + " bytes"},
                    true);
    if (request_[http::field::expect] != "100-continue") return read_part();
    go_on_.emplace(http::status::continue_, request_.version());
    auto self = std::static_pointer_cast<Upload>(shared_from_this());
    http::async_write(line_.stream, *go_on_, [self](Error error, std::size_t) {
      if (!error) self->read_part();
    });
  }

  // Up to the chunk's end, so that no chunk is written twice. One more, to see the body's end.
  void read_part() {
    part_.resize(chunk_ - offset_ % chunk_);
    auto& body = parser_.get().body();
    body.data = part_.data();
    body.size = part_.size();
    limit_time();
    auto self = std::static_pointer_cast<Upload>(shared_from_this());
    http::async_read(line_.stream, line_.buffer, parser_,
                     [self](Error error, std::size_t) { self->took(error); });
  }

  void took(Error error) {
    timer_.cancel();
    part_.resize(part_.size() - parser_.get().body().size);
    // What came before the connection broke is kept: the upload goes on behind it.
    broken_ = error && error != http::error::need_buffer;
    body_read_ = broken_ || parser_.is_done();
    if (!part_.empty()) add_part();
    go_on();
  }

  void add_part() {
    ++under_way_;
    const auto bytes = part_.size();
    ask(core::AddPart{name_, offset_, std::move(part_)}, [this](core::DoorAnswer answer) {
      --under_way_;
      if (const auto* fault = std::get_if<core::Fault>(&answer); fault && !fault_) fault_ = *fault;
      if (std::exchange(waiting_, false)) go_on();
    });
    part_.clear();
    offset_ += bytes;
  }

  void go_on() {
    const bool more = !fault_ && !body_read_;
    waiting_ = under_way_ > (more ? kPartsUnderWay : 0);
    if (waiting_) return;
    if (more) return read_part();
    if (broken_) return cut();
    if (fault_) return refuse(*fault_, !body_read_);
    if (!digest_ || offset_ < size_) return report({{"offset", offset_}}, http::status::ok);
    ask(core::FinishUpload{name_, *digest_}, [this](core::DoorAnswer answer) {
      if (const auto* fault = std::get_if<core::Fault>(&answer)) {
        // The sender's digest, not what is stored.
        if (fault->kind == core::Kind::digest_mismatch) return object(fault->message.c_str());
        return refuse(*fault);
      }
      report(std::get<boost::json::object>(answer), http::status::created);
    });
  }

  void report(const boost::json::object& what, http::status status) {
    auto made = response(status);
    made.set(http::field::content_type, "application/json");
    if (status == http::status::created) {
      made.set(http::field::location, "/payloads/" + name_);
      made.set(http::field::etag, etag_of(*digest_));
      made.set("Repr-Digest", core::digest_text(*digest_));
    }
    made.body() = boost::json::serialize(what) + '\n';
    made.prepare_payload();
    finish(std::move(made));
  }

  http::request_parser<http::buffer_body> parser_;
  std::optional<http::response<http::empty_body>> go_on_;
  std::optional<core::Digest> digest_;
  std::uint64_t offset_ = 0;  // behind what was read
  std::uint64_t size_ = 0;
  std::uint64_t chunk_ = 0;
  std::string part_;
  int under_way_ = 0;
  bool waiting_ = false;  // for parts under way
  bool body_read_ = false;
  bool broken_ = false;
  std::optional<core::Fault> fault_;
};

}  // namespace

std::shared_ptr<Transfer> make_upload(Line line, HeaderParser& header, executor::Executor& executor,
                                      GiveBack back) {
  return std::make_shared<Upload>(std::move(line), header, executor, std::move(back));
}

}  // namespace reference::server
