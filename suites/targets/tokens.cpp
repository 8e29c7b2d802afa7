#include "suites/targets/tokens.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"
#include "suites/history/clock.hpp"

namespace busproof::targets {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using contract::refused;
using contract::Result;

constexpr std::size_t kSecretBytes = 32;
constexpr unsigned kRsaBits = 2048;
constexpr int kEs256Half = 32;
constexpr std::int64_t kHour = 3600;

std::string base64url(std::string_view bytes) {
  std::string text = contract::to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(),
       made.data(), &size);
  return {made.begin(), made.begin() + size};
}

std::string digest_signed(EVP_PKEY* key, std::string_view text) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::size_t size = 0;
  std::string made;
  if (EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestSign(context, nullptr, &size, bytes_of(text), text.size()) == 1) {
    made.resize(size);
    auto* out = reinterpret_cast<unsigned char*>(made.data());
    if (EVP_DigestSign(context, out, &size, bytes_of(text), text.size()) != 1) size = 0;
    made.resize(size);
  }
  EVP_MD_CTX_free(context);
  return made;
}

/// ES256 writes the signature's two numbers side by side.
std::string raw_pair(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  std::array<unsigned char, 2 * kEs256Half> raw{};
  if (pair != nullptr) {
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw.data(), kEs256Half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw.data() + kEs256Half, kEs256Half);
    ECDSA_SIG_free(pair);
  }
  return {raw.begin(), raw.end()};
}

std::shared_ptr<EVP_PKEY> new_key(const std::string& algorithm) {
  EVP_PKEY* key = algorithm == "RS256" ? EVP_RSA_gen(kRsaBits) : EVP_EC_gen("P-256");
  return {key, EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> read_key(const fs::path& file) {
  BIO* source = BIO_new_file(file.c_str(), "r");
  if (source == nullptr) return nullptr;
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(source, nullptr, nullptr, nullptr),
                                EVP_PKEY_free);
  BIO_free(source);
  return key;
}

std::string public_pem(EVP_PKEY* key) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(out, key);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(std::max(size, 0L)));
  BIO_free(out);
  return text;
}

/// One character in the middle of it is another.
std::string with_another(std::string text, std::size_t at) {
  if (at < text.size()) text[at] = text[at] == 'A' ? 'B' : 'A';
  return text;
}

}  // namespace

Result<std::shared_ptr<const Tokens>> Tokens::make(const Auth& auth, const fs::path& work) {
  std::shared_ptr<Tokens> tokens(new Tokens());  // The constructor is private.
  tokens->auth_ = auth;
  if (!tokens->makes()) return std::shared_ptr<const Tokens>(tokens);
  if (auth.algorithm == "HS256") {
    if (auth.secret.empty()) tokens->auth_.secret = random_hex(kSecretBytes);
    tokens->values_["auth_secret"] = tokens->auth_.secret;
    return std::shared_ptr<const Tokens>(tokens);
  }
  tokens->key_ = auth.private_key.empty() ? new_key(auth.algorithm) : read_key(auth.private_key);
  if (!tokens->key_)
    return refused("bad_target", fmt::format("auth.jwt.private_key: {} holds no private key as PEM",
                                             auth.private_key));
  tokens->other_key_ = new_key(auth.algorithm);
  tokens->public_pem_ = public_pem(tokens->key_.get());
  const fs::path file = work / "public.pem";
  std::ofstream(file, std::ios::binary) << tokens->public_pem_;
  tokens->values_["auth_public_key"] = file.string();
  return std::shared_ptr<const Tokens>(tokens);
}

std::optional<std::string> Tokens::good(const json::object& who) const {
  if (!makes()) return auth_.good.empty() ? std::nullopt : std::optional(auth_.good);
  const auto now = std::chrono::floor<std::chrono::seconds>(history::unix_now()).count();
  return jwt({.ends = now + kHour, .who = who});
}

std::string Tokens::jwt(const Wanted& wanted) const {
  const bool other = wanted.sign == Sign::other_kind;
  const std::string another = auth_.algorithm == "HS256" ? "ES256" : "HS256";
  const std::string algorithm =
      wanted.sign == Sign::none ? "none" : (other ? another : auth_.algorithm);
  json::object claims{{"sub", "busproof"}, {"iat", wanted.ends - 2 * kHour}, {"exp", wanted.ends}};
  const std::string& audience = wanted.audience.empty() ? auth_.audience : wanted.audience;
  if (!audience.empty()) claims["aud"] = audience;
  if (!auth_.issuer.empty()) claims["iss"] = auth_.issuer;
  for (const char* name : {"session_id", "user_id", "agent_id", "workspace_id"})
    if (const auto* value = wanted.who.if_contains(name)) claims[name] = *value;
  const std::string text =
      base64url(json::serialize(json::object{{"alg", algorithm}, {"typ", "JWT"}})) + '.' +
      base64url(json::serialize(claims));
  return text + '.' + base64url(signature(text, wanted.sign));
}

std::string Tokens::signature(const std::string& text, Sign sign) const {
  const bool symmetric = auth_.algorithm == "HS256";
  switch (sign) {
    case Sign::none:
      return {};
    case Sign::other_kind:
      // Whoever lets the token choose takes the public key for a secret.
      if (!symmetric) return hmac(public_pem_, text);
      return raw_pair(digest_signed(new_key("ES256").get(), text));
    case Sign::other_key:
      if (symmetric) return hmac(random_hex(kSecretBytes), text);
      break;
    case Sign::right:
      if (symmetric) return hmac(auth_.secret, text);
      break;
  }
  const std::string made = digest_signed(sign == Sign::right ? key_.get() : other_key_.get(), text);
  return auth_.algorithm == "ES256" ? raw_pair(made) : made;
}

std::vector<std::string> Tokens::altered() const {
  const auto token = good();
  if (!token) return {};
  const std::size_t last = token->rfind('.');
  if (!makes() || last == std::string::npos)
    return {with_another(*token, token->size() / 2), token->substr(0, token->size() / 2)};
  // Another's claims under this one's signature; then changes of the signature. The last character
  // of base 64 may hold bits that count for nothing.
  const std::string others = *good({{"user_id", "somebody-else"}});
  return {others.substr(0, others.rfind('.')) + token->substr(last),
          with_another(*token, last + (token->size() - last) / 2),
          token->substr(0, token->size() - 8), token->substr(0, last + 1)};
}

std::string secret_part(const std::string& token) {
  const std::size_t last = token.rfind('.');
  return last == std::string::npos || last + 1 == token.size() ? token : token.substr(last + 1);
}

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> drawn(bytes);
  RAND_bytes(drawn.data(), static_cast<int>(bytes));
  std::string text;
  for (const unsigned char byte : drawn) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace busproof::targets
