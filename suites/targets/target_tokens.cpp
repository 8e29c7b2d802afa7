// What a target is shown and must not show: tokens, origins and secrets.
#include <fstream>
#include <iterator>

#include "suites/targets/target.hpp"

namespace busproof::targets {

bool Target::demands_tokens() const {
  return tokens_ && (variant_.starts_with("auth.") || !has_variant("auth.on"));
}

std::string Target::bearer(const boost::json::object& who) const {
  if (!demands_tokens() || tokens_->auth().carry != Auth::Carry::hello) return {};
  return tokens_->good(who).value_or("");
}

Handshake Target::handshake() const {
  Handshake handshake;
  if (variant_.starts_with("origins.")) handshake.origin = kListedOrigin;
  if (!demands_tokens()) return handshake;
  if (tokens_->auth().carry == Auth::Carry::header) handshake.bearer = tokens_->good().value_or("");
  if (tokens_->auth().carry == Auth::Carry::subprotocol)
    handshake.subprotocol = tokens_->good().value_or("");
  return handshake;
}

std::map<std::string, std::string> Target::secrets() const {
  std::map<std::string, std::string> found;
  if (!control_token_.empty()) found["the token of the control hooks"] = control_token_;
  if (tokens_ && !tokens_->secret().empty())
    found["the secret that tokens are signed with"] = tokens_->secret();
  for (const auto& [name, lodging] : lodgings_)
    if (const std::string password = lodging.space->for_bus().password; !password.empty())
      found[fmt::format("the password of {}", name)] = password;
  return found;
}

std::string Target::whole_log() const {
  std::ifstream file(work_ / "bus.log", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace busproof::targets
