// Agents and workspaces: which destinations are somebody's own.
//
// `agent:{id}:inbox` is that agent's, `workspace:{id}` its members'. `broadcast`, plain topics
// `agent:{name}` and every other name are everybody's.
//
// Threads: pure. Errors: none.
// Source:  AGT-1, AGT-2, AGT-6, SEC-7.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace reference::core {

/// Whom a connection speaks for, as its hello said.
struct Caller {
  std::optional<std::string> agent;
  std::optional<std::string> workspace;
  std::string tenant{};  ///< its mark
};

/// The agent whose inbox that destination is.
std::optional<std::string_view> inbox_owner(std::string_view destination);

/// The workspace that destination belongs to.
std::optional<std::string_view> workspace_of(std::string_view destination);

/// Whether an agent may be called that: not empty, no colon, no sign of a pattern, no NUL, and its
/// inbox has a name of at most `name_bytes_max` bytes.
bool is_agent_id(std::string_view id, std::size_t name_bytes_max);

/// The same for a workspace, whose id may hold any sign but NUL.
bool is_workspace_id(std::string_view id, std::size_t name_bytes_max);

/// Whether `type` is one of request, response, notification, command [AGT-5].
bool is_message_type(std::string_view type);

}  // namespace reference::core
