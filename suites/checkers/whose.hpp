// Whose a destination is, and who a connection is: what every judge of agents asks first.
//
// Who a connection is its hello said. Where the bus takes that from a token nothing is known, and
// the judges say unverified.
//
// Threads: no state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// The agent whose inbox that destination is, or the workspace that it belongs to.
std::optional<std::string_view> inbox_owner(std::string_view destination);
std::optional<std::string_view> workspace_of(std::string_view destination);

/// What a connection called itself.
struct Who {
  std::string agent, workspace;  ///< Empty: none.
  const history::Operation* hello = nullptr;
};

/// Every connection whose hello was answered with a result, by session.
std::map<std::uint32_t, Who> everybody(const history::View& view);

/// What is said where the bus takes from a token who a connection is.
Judgement from_token();

const std::string& destination_of(const history::View& view, const history::Operation& operation);

/// Whose a destination is not.
using Foreign = bool (*)(const Who& who, std::string_view destination);

/// Whether the destination is another agent's inbox, or a workspace that it is no member of.
bool is_foreign_inbox(const Who& who, std::string_view destination);
bool is_foreign_workspace(const Who& who, std::string_view destination);

/// Whether that session received something that was published after `after`: what should have come
/// to it before would have.
bool heard_later(const history::View& view, std::uint32_t session, history::Time after);

}  // namespace busproof::checkers
