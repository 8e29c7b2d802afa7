#include "suites/checkers/raw_peers.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include <boost/json/parse.hpp>

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Note;
using history::number_of;
using history::text_of;

std::optional<json::object> message_in(const Note& note) {
  if (opcode_of(note) != kTextFrame) return std::nullopt;
  boost::system::error_code failed;
  json::value message = json::parse(text_of(note.said, "text"), failed);
  if (failed || !message.is_object()) return std::nullopt;
  return std::move(message.get_object());
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

void add_frame(RawMessage& message, const Note& frame) {
  message.frames.push_back(&frame);
  message.bytes += number_of(frame.said, "bytes");
  if (const std::string id = text_of(frame.said, "id"); !id.empty()) message.id = id;
  const json::value* fin = frame.said.if_contains("fin");
  message.whole = fin != nullptr && fin->is_bool() && fin->get_bool();
  if (frame.said.contains("text"))
    message.payload += text_of(frame.said, "text");
  else if (frame.said.contains("hex"))
    message.payload += from_hex(text_of(frame.said, "hex"));
  else
    message.known = message.known && number_of(frame.said, "bytes") == 0;
}

void add(RawPeer& peer, const Note& note) {
  peer.session = note.session;
  if (note.name == "raw_open") peer.open = &note;
  if (note.name == "raw_sent") peer.sent.push_back(&note);
  if (note.name == "raw_ended") peer.end = &note;
  if (note.name != "raw_got") return;
  peer.got.push_back(&note);
  constexpr int kSwitching = 101;
  if (number_of(note.said, "handshake") == kSwitching) peer.shaken = &note;
}

}  // namespace

// The parser takes nothing else within quotes.
bool is_utf8(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text)
    quoted += static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ? ' ' : c;
  boost::system::error_code failed;
  json::parse(quoted + '"', failed);
  return !failed;
}

int opcode_of(const Note& note) { return static_cast<int>(number_of(note.said, "opcode", -1)); }

std::optional<std::int64_t> close_code(const Note& close) {
  if (!close.said.contains("code")) return std::nullopt;
  return number_of(close.said, "code");
}

bool is_result(const Note& answer) {
  const auto message = message_in(answer);
  return message && message->contains("result");
}

bool RawPeer::ended_by_bus() const {
  return end != nullptr && text_of(end->said, "how") != "dropped";
}

bool RawPeer::was_reset() const { return end != nullptr && text_of(end->said, "how") == "reset"; }

std::vector<RawMessage> RawPeer::messages() const {
  std::vector<RawMessage> found;
  for (const Note* note : sent) {
    const int opcode = opcode_of(*note);
    if (opcode < 0 || opcode >= kCloseFrame) continue;
    if (found.empty() || found.back().whole) found.emplace_back();
    add_frame(found.back(), *note);
  }
  return found;
}

const Note* RawPeer::answer(std::string_view id, std::size_t after) const {
  for (const Note* note : got) {
    if (note->index <= after) continue;
    const auto message = message_in(*note);
    if (message && text_of(*message, "id") == id) return note;
  }
  return nullptr;
}

const Note* RawPeer::got_frame(int opcode, std::size_t after) const {
  const auto found = std::find_if(got.begin(), got.end(), [&](const Note* note) {
    return note->index > after && opcode_of(*note) == opcode;
  });
  return found == got.end() ? nullptr : *found;
}

const Note* RawPeer::stray_answer(std::size_t after) const {
  for (const Note* note : got) {
    if (note->index <= after) continue;
    const auto message = message_in(*note);
    if (message && message->contains("error") &&
        (!message->contains("id") || message->at("id").is_null()))
      return note;
  }
  return nullptr;
}

std::vector<RawPeer> raw_peers(const history::View& view) {
  std::map<std::uint32_t, RawPeer> peers;
  for (const char* name : {"raw_open", "raw_sent", "raw_got", "raw_ended"})
    for (const Note& note : view.marks(name)) add(peers[note.session], note);
  std::vector<RawPeer> found;
  for (auto& [session, peer] : peers) found.push_back(std::move(peer));
  return found;
}

}  // namespace busproof::checkers
