// Digests over payload bytes, by OpenSSL.
#include "reference/core/payload.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>

#include "reference/core/base64.hpp"

namespace reference::core {
namespace {
constexpr std::string_view kPrefix = "sha-256=:";
}

Digest sha256(std::string_view bytes) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

RunningDigest::RunningDigest() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void RunningDigest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

void RunningDigest::add(std::string_view bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

Digest RunningDigest::finish() {
  Digest digest;
  EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
  return digest;
}

std::string digest_text(const Digest& digest) {
  std::string text(kPrefix);
  append_base64(text, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return text += ':';
}

std::optional<Digest> parse_digest(std::string_view text) {
  if (!text.starts_with(kPrefix) || !text.ends_with(':') || text.size() <= kPrefix.size())
    return std::nullopt;
  text.remove_prefix(kPrefix.size());
  text.remove_suffix(1);
  const auto bytes = from_base64(text);
  Digest digest;
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

std::string_view route_text(Route route) {
  return route == Route::inlined ? "inline" : "reference";
}

}  // namespace reference::core
