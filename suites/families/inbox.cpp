#include "suites/families/inbox.hpp"

namespace busproof::families {

void need_own_identity(const stage::Stage& stage) {
  if (stage.claims().has("auth"))
    throw stage::Abandoned{contract::Verdict::unverified, "who an agent is comes from its token"};
}

targets::Session& connect_as(stage::Stage& stage, const std::string& agent,
                             const std::string& workspace) {
  need_own_identity(stage);
  boost::json::object identity{{"agent_id", agent}};
  if (!workspace.empty()) identity["workspace_id"] = workspace;
  targets::Session& session = stage.connect_silently();
  if (auto claims = session.hello(identity); !claims) stage.give_up("bus/hello", claims.error());
  return session;
}

}  // namespace busproof::families
