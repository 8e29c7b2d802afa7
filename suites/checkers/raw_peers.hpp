// What peers on the bare socket beneath a WebSocket said and were told, read from their marks
// (suites/stage/raw_peer.hpp).
//
// Threads: values only; they point into the view.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/history/view.hpp"

namespace busproof::checkers {

inline constexpr int kTextFrame = 1, kCloseFrame = 8, kPingFrame = 9, kPongFrame = 10;

/// A message that a peer sent, in as many frames as it took.
struct RawMessage {
  std::vector<const history::Note*> frames;
  std::string id;            ///< Of the request that it is; may be empty.
  std::int64_t bytes = 0;    ///< As announced.
  std::string payload = {};  ///< Where all of it is in the history.
  bool known = true;         ///< Whether it is.
  bool whole = false;        ///< Its last frame was sent.
};

/// One peer: its marks in order, and what they come to.
struct RawPeer {
  std::uint32_t session = 0;
  std::vector<const history::Note*> sent, got;
  const history::Note* open = nullptr;
  const history::Note* shaken = nullptr;  ///< The handshake's answer, where that was 101.
  const history::Note* end = nullptr;

  [[nodiscard]] bool ended_by_bus() const;
  [[nodiscard]] bool was_reset() const;

  /// What it sent in data frames.
  [[nodiscard]] std::vector<RawMessage> messages() const;

  /// The answer to that request, or null. What lies behind `after` alone.
  [[nodiscard]] const history::Note* answer(std::string_view id, std::size_t after = 0) const;
  [[nodiscard]] const history::Note* got_frame(int opcode, std::size_t after) const;

  /// An answer that names no request: some message was no JSON to the bus.
  [[nodiscard]] const history::Note* stray_answer(std::size_t after) const;
};

std::vector<RawPeer> raw_peers(const history::View& view);

bool is_utf8(std::string_view text);

/// Its opcode, or -1 where it is no frame.
int opcode_of(const history::Note& note);

/// The status code of a close frame; nothing where it has none.
std::optional<std::int64_t> close_code(const history::Note& close);

/// Whether an answer is a result.
bool is_result(const history::Note& answer);

}  // namespace busproof::checkers
