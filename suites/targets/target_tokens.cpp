// What a target is shown and must not show: tokens, origins, certificates and secrets.
#include <fmt/format.h>

#include "suites/targets/certificates.hpp"
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

/// A bus and its siblings have the same ones: whoever trusts one of them trusts all.
contract::Result<void> Target::make_certificates(const Target* sibling) {
  if (!file_.tls.made) return {};
  if (sibling != nullptr) {
    file_.tls = sibling->file_.tls;
    for (const char* name : {"tls_ca", "tls_certificate", "tls_key"})
      values_[name] = sibling->values_.at(name);
    return {};
  }
  auto authority = Authority::make(work_);
  if (!authority) return tl::make_unexpected(authority.error());
  const auto bus = authority->issue("bus"), harness = authority->issue("busproof");
  for (const auto* issued : {&bus, &harness})
    if (!*issued) return tl::make_unexpected(issued->error());
  values_["tls_ca"] = authority->certificate().string();
  values_["tls_certificate"] = bus->certificate.string();
  values_["tls_key"] = bus->key.string();
  file_.tls = {.ca = authority->certificate().string(),
               .certificate = harness->certificate.string(),
               .key = harness->key.string(),
               .made = true};
  return {};
}

contract::Result<void> Target::make_trust() {
  const bool page = file_.launch && is_secure(file_.launch->ready.what);
  if (!page && !is_secure(file_.connect.address) && !is_secure(file_.control) &&
      !is_secure(file_.http.base))
    return {};
  Tls tls = file_.tls;
  for (std::string* file : {&tls.ca, &tls.certificate, &tls.key})
    if (!file->empty()) *file = (file_.folder / *file).string();
  auto trust = Trust::make(tls);
  if (!trust) return tl::make_unexpected(trust.error());
  trust_ = std::move(*trust);
  return {};
}

}  // namespace busproof::targets
