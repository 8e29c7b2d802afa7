// See the header for what belongs to whom.
#include "reference/core/agents.hpp"

#include <algorithm>
#include <array>

namespace reference::core {
namespace {

constexpr std::string_view kAgent = "agent:";
constexpr std::string_view kInbox = ":inbox";
constexpr std::string_view kWorkspace = "workspace:";
constexpr std::string_view kNotInIds(":*?[]\\\0", 7);

}  // namespace

std::optional<std::string_view> inbox_owner(std::string_view destination) {
  if (!destination.starts_with(kAgent) || !destination.ends_with(kInbox) ||
      destination.size() < kAgent.size() + kInbox.size())
    return std::nullopt;
  destination.remove_prefix(kAgent.size());
  destination.remove_suffix(kInbox.size());
  return destination;
}

std::optional<std::string_view> workspace_of(std::string_view destination) {
  if (!destination.starts_with(kWorkspace)) return std::nullopt;
  return destination.substr(kWorkspace.size());
}

bool is_agent_id(std::string_view id, std::size_t name_bytes_max) {
  return !id.empty() && id.find_first_of(kNotInIds) == std::string_view::npos &&
         kAgent.size() + id.size() + kInbox.size() <= name_bytes_max;
}

bool is_workspace_id(std::string_view id, std::size_t name_bytes_max) {
  return !id.empty() && id.find('\0') == std::string_view::npos &&
         kWorkspace.size() + id.size() <= name_bytes_max;
}

bool is_message_type(std::string_view type) {
  constexpr std::array<std::string_view, 4> kTypes{"request", "response", "notification",
                                                   "command"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

}  // namespace reference::core
