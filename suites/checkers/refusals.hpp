// What an answer that is no result is worth: whether the bus gave it, and whether it speaks of the
// request or of the moment.
//
// Threads: no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// Whether the bus answered at all; that the connection ended or the time was up is no answer.
bool was_answered(const history::Operation& operation);

/// A refusal for want of room, time or a working store, which a bus may give at any moment: it says
/// nothing about the request itself.
bool is_passing(const history::Operation& operation);

/// The same, but for the errors of the bus' own inside: those are nobody's want of room.
bool is_momentary(const history::Operation& operation);

/// Whether the request was answered for what it is: not left unanswered, and not refused for what
/// the bus or its store could not do just then.
bool answered_for_itself(const history::Operation& operation);

/// What should have been refused with that kind, because of `what`: a violation where it was done
/// (accepted) or refused for another reason (wrong_error). A passing refusal says nothing; else
/// `judged` grows.
std::optional<Judgement> not_refused(const history::Operation& operation, std::string_view kind,
                                     std::string_view what, std::uint64_t& judged);

/// Whether a request of that session was answered that was sent after `after`: it lives.
bool lives(const history::View& view, std::uint32_t session, history::Time after);

/// The note that the bus ended the session on its own account, at `after` or later; or null. A bus
/// that was told to stop or was killed does not, nor do we.
const history::Note* ended_by_bus(const history::View& view, std::uint32_t session,
                                  history::Time after);

/// Whether a fence came, to whoever, that was published at that destination after `after`: what the
/// bus had done there by then has been seen.
bool watched(const history::View& view, history::Text destination, history::Time after);

/// "success or a defined error": a violation where the bus failed inside (undefined_error), ended
/// the connection over it (connection_lost), or answered later requests and never this one
/// (unanswered). `what` names the request: "The second unsubscribe".
std::optional<Judgement> undefined_outcome(const history::View& view,
                                           const history::Operation& operation,
                                           std::string_view what);

}  // namespace busproof::checkers
