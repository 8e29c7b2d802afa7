#include "suites/checkers/whose.hpp"

#include <algorithm>

namespace busproof::checkers {

using history::Action;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

namespace {

constexpr std::string_view kAgent = "agent:";
constexpr std::string_view kInbox = ":inbox";
constexpr std::string_view kWorkspace = "workspace:";

}  // namespace

std::optional<std::string_view> inbox_owner(std::string_view destination) {
  if (destination.size() <= kAgent.size() + kInbox.size() || !destination.starts_with(kAgent) ||
      !destination.ends_with(kInbox))
    return std::nullopt;
  return destination.substr(kAgent.size(), destination.size() - kAgent.size() - kInbox.size());
}

std::optional<std::string_view> workspace_of(std::string_view destination) {
  if (!destination.starts_with(kWorkspace)) return std::nullopt;
  return destination.substr(kWorkspace.size());
}

std::map<std::uint32_t, Who> everybody(const View& view) {
  std::map<std::uint32_t, Who> all;
  for (const Operation& hello : view.operations(Action::hello))
    if (hello.ok())
      all.try_emplace(hello.session, Who{text_of(hello.asked, "agent_id"),
                                         text_of(hello.asked, "workspace_id"), &hello});
  return all;
}

Judgement from_token() {
  return Judgement::unverified("who an agent is the bus takes from a token");
}

const std::string& destination_of(const View& view, const Operation& operation) {
  return view.history().text(operation.destination);
}

bool is_foreign_inbox(const Who& who, std::string_view destination) {
  const auto owner = inbox_owner(destination);
  return owner && *owner != who.agent;
}

bool is_foreign_workspace(const Who& who, std::string_view destination) {
  const auto workspace = workspace_of(destination);
  return workspace && *workspace != who.workspace;
}

bool heard_later(const View& view, std::uint32_t session, Time after) {
  const auto all = view.deliveries();
  return std::any_of(all.begin(), all.end(), [&](const history::Delivery& delivery) {
    const Operation* publish =
        delivery.session == session ? view.publish_of(delivery.message) : nullptr;
    return publish != nullptr && publish->invoked > after;
  });
}

}  // namespace busproof::checkers
