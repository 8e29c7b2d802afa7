#include "suites/families/uploading.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::Stage;
using targets::Session;

constexpr std::size_t kPartMost = 256 * 1024, kEnvelope = 2048;

void note(Stage& stage, const char* mark, const json::object& detail) {
  stage.recorder().add({.action = history::Action::mark},
                       {.error = mark, .detail = json::serialize(detail)});
}

}  // namespace

std::size_t part_bytes(const Stage& stage) {
  const auto most = stage.claims().limit("message_bytes_max").value_or(64 << 20);
  const auto fits = (static_cast<std::size_t>(most) - kEnvelope) / 4 * 3;
  return std::min(fits, kPartMost) - 1;
}

void go_on(Stage& stage, Session& session, const contract::Error& error) {
  if (session.closed()) stage.give_up("an upload", error);
}

Upload open(Stage& stage, Session& session, std::string bytes) {
  auto opened = session.call("bus/upload_open", {{"datasize", bytes.size()}});
  if (!opened) stage.give_up("bus/upload_open", opened.error());
  Upload upload{history::text_of(*opened, "upload"), std::move(bytes)};
  note(stage, "content",
       {{"upload", upload.id},
        {"size", upload.bytes.size()},
        {"digest", contract::sha256_digest(upload.bytes)}});
  return upload;
}

json::object part(const Upload& upload, std::size_t offset, std::size_t length) {
  return {{"upload", upload.id},
          {"offset", offset},
          {"data_base64", contract::to_base64(upload.bytes.substr(offset, length))}};
}

bool append(Stage& stage, Session& session, const Upload& upload, std::size_t offset,
            std::size_t length) {
  auto answer = session.call("bus/upload_append", part(upload, offset, length));
  if (!answer) go_on(stage, session, answer.error());
  return answer.has_value();
}

bool append_rest(Stage& stage, Session& session, const Upload& upload, std::size_t offset) {
  const std::size_t step = part_bytes(stage);
  for (; offset < upload.bytes.size(); offset += step)
    if (!append(stage, session, upload, offset, step)) return false;
  return true;
}

bool commit(Stage& stage, Session& session, Upload& upload) {
  auto answer =
      session.call("bus/upload_commit",
                   {{"upload", upload.id}, {"datadigest", contract::sha256_digest(upload.bytes)}});
  if (!answer) {
    go_on(stage, session, answer.error());
    return false;
  }
  upload.transaction_id = history::text_of(*answer, "transaction_id");
  upload.dataref = history::text_of(*answer, "dataref");
  return true;
}

}  // namespace busproof::families
