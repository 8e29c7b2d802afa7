// Signatures by OpenSSL; the rest by hand, since it is little.
#include "reference/core/token.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "reference/core/base64.hpp"
#include "reference/core/policies.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr std::size_t kTokenBytesMost = 16'384;
constexpr std::size_t kSecretBytesLeast = 32;  // RFC 7518, section 3.2
constexpr int kRsaBitsLeast = 2'048;           // section 3.3
constexpr std::size_t kEs256Bytes = 64;        // section 3.4: two numbers, side by side
constexpr double kSecondsMost = 9e12;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* one) const {
    Free(one);
  }
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Base 64 for URLs, without padding (RFC 4648, section 5).
std::optional<std::string> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != text.npos) return std::nullopt;
  std::string usual(text);
  std::replace(usual.begin(), usual.end(), '-', '+');
  std::replace(usual.begin(), usual.end(), '_', '/');
  usual.append((4 - usual.size() % 4) % 4, '=');
  return from_base64(usual);
}

std::optional<json::object> object_in(std::string_view part) {
  const auto text = from_base64url(part);
  if (!text) return std::nullopt;
  json::error_code error;
  auto value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<std::string> text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

// A NumericDate: seconds, whole or not. The outer one is empty where it is no such thing.
std::optional<std::optional<Instant>> instant_in(const json::object& object,
                                                 std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::optional<Instant>();
  if (!value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  if (!(std::fabs(seconds) < kSecondsMost)) return std::nullopt;
  return std::optional(static_cast<Instant>(std::floor(seconds * 1000)));
}

bool is_for(const json::object& claims, const std::string& audience) {
  const auto* meant = claims.if_contains("aud");
  if (meant == nullptr) return false;
  if (meant->is_string()) return meant->get_string() == audience;
  if (!meant->is_array()) return false;
  const auto& all = meant->get_array();
  return std::any_of(all.begin(), all.end(), [&](const json::value& one) {
    return one.is_string() && one.get_string() == audience;
  });
}

bool signed_by_secret(std::string_view secret, std::string_view text, std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text),
           text.size(), made.data(), &size) == nullptr)
    return false;
  return signature.size() == size && CRYPTO_memcmp(made.data(), signature.data(), size) == 0;
}

// The two numbers as OpenSSL takes them.
std::string der_of(std::string_view signature) {
  if (signature.size() != kEs256Bytes) return {};
  constexpr int kHalf = static_cast<int>(kEs256Bytes / 2);
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  auto* r = BN_bin2bn(bytes_of(signature), kHalf, nullptr);
  auto* s = BN_bin2bn(bytes_of(signature) + kHalf, kHalf, nullptr);
  if (ECDSA_SIG_set0(pair.get(), r, s) != 1) return {};
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string text(der, der + size);
  OPENSSL_free(der);
  return text;
}

bool signed_by_key(EVP_PKEY* key, std::string_view text, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

// Why that key is none for the algorithm; empty where it is one.
std::string unfit(Algorithm algorithm, const EVP_PKEY* key) {
  if (algorithm == Algorithm::rs256) {
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return "RS256 needs an RSA key";
    return EVP_PKEY_get_bits(key) < kRsaBitsLeast ? "an RSA key has at least 2048 bits" : "";
  }
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return "ES256 needs an elliptic curve key";
  std::array<char, 32> curve{};
  if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) != 1 ||
      std::string_view(curve.data()) != "prime256v1")
    return "ES256 needs a key on the curve P-256";
  return "";
}

std::variant<json::object, Flaw> verified(const Authority& authority, const Policies& policies,
                                          std::string_view token) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (token.size() > kTokenBytesMost || first == token.npos || first == last ||
      token.find('.', first + 1) != last)
    return Flaw::malformed;
  const auto header = object_in(token.substr(0, first));
  auto claims = object_in(token.substr(first + 1, last - first - 1));
  const auto signature = from_base64url(token.substr(last + 1));
  // What a header calls critical must be understood, and nothing is.
  if (!header || !claims || !signature || header->contains("crit")) return Flaw::malformed;
  const auto name = text_in(*header, "alg").value_or("");
  if (name == "none") {
    if (policies.counts(Flaw::not_signed)) return Flaw::not_signed;
    return std::move(*claims);
  }
  const auto algorithm = parse_algorithm(name);
  if (!algorithm) return Flaw::algorithm;
  if (*algorithm != authority.algorithm() && policies.counts(Flaw::algorithm))
    return Flaw::algorithm;
  if (!authority.signed_by_it(*algorithm, token.substr(0, last), *signature) &&
      policies.counts(Flaw::signature))
    return Flaw::signature;
  return std::move(*claims);
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  if (name == "HS256") return Algorithm::hs256;
  if (name == "RS256") return Algorithm::rs256;
  if (name == "ES256") return Algorithm::es256;
  return std::nullopt;
}

std::string_view flaw_text(Flaw flaw) {
  switch (flaw) {
    case Flaw::malformed:
      return "is none that can be read";
    case Flaw::not_signed:
      return "is not signed";
    case Flaw::algorithm:
      return "is signed in another way than it must be";
    case Flaw::signature:
      return "is not signed with the right key";
    case Flaw::expired:
      return "has expired";
    case Flaw::not_yet:
      return "is not valid yet";
    case Flaw::audience:
      return "is meant for another audience";
    case Flaw::issuer:
      return "comes from another issuer";
  }
  return "is wrong";
}

Authority::Authority(Algorithm algorithm, std::string key, std::shared_ptr<evp_pkey_st> pkey)
    : algorithm_(algorithm), key_(std::move(key)), pkey_(std::move(pkey)) {}

std::variant<std::shared_ptr<Authority>, std::string> Authority::make(Algorithm algorithm,
                                                                      std::string key) {
  if (algorithm == Algorithm::hs256) {
    if (key.size() < kSecretBytesLeast) return "HS256 needs a secret of at least 32 bytes";
    return std::make_shared<Authority>(algorithm, std::move(key), nullptr);
  }
  const std::unique_ptr<BIO, Freed<BIO_free>> source(
      BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  std::shared_ptr<EVP_PKEY> pkey(PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr),
                                 EVP_PKEY_free);
  if (!pkey) return "it holds no public key as PEM";
  if (auto why = unfit(algorithm, pkey.get()); !why.empty()) return why;
  return std::make_shared<Authority>(algorithm, std::move(key), std::move(pkey));
}

bool Authority::signed_by_it(Algorithm algorithm, std::string_view text,
                             std::string_view signature) const {
  if (algorithm == Algorithm::hs256) return signed_by_secret(key_, text, signature);
  if (algorithm != algorithm_) return false;
  if (algorithm == Algorithm::rs256) return signed_by_key(pkey_.get(), text, signature);
  const auto der = der_of(signature);
  return !der.empty() && signed_by_key(pkey_.get(), text, der);
}

bool Bearer::same_as(const Bearer& other) const {
  return session == other.session && user == other.user && agent == other.agent &&
         workspace == other.workspace;
}

std::variant<Bearer, Flaw> read_token(const Authority& authority, const Policies& policies,
                                      std::string_view token, Instant now) {
  auto read = verified(authority, policies, token);
  if (const auto* flaw = std::get_if<Flaw>(&read)) return *flaw;
  const auto& claims = std::get<json::object>(read);
  const auto ends = instant_in(claims, "exp");
  const auto begins = instant_in(claims, "nbf");
  // One that never ended could never be taken back.
  if (!ends || !*ends || !begins) return Flaw::malformed;
  if (now >= **ends && policies.counts(Flaw::expired)) return Flaw::expired;
  if (*begins && now < **begins && policies.counts(Flaw::not_yet)) return Flaw::not_yet;
  if (authority.audience && !is_for(claims, *authority.audience) && policies.counts(Flaw::audience))
    return Flaw::audience;
  if (authority.issuer && text_in(claims, "iss") != authority.issuer &&
      policies.counts(Flaw::issuer))
    return Flaw::issuer;
  Bearer bearer{text_in(claims, "session_id"), text_in(claims, "user_id"),
                text_in(claims, "agent_id"), text_in(claims, "workspace_id"), **ends};
  if (!bearer.user) bearer.user = text_in(claims, "sub");
  return bearer;
}

}  // namespace reference::core
