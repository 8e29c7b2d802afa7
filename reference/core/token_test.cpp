// Tokens as any issuer would make them: which are taken, what a connection is by one, and how it
// ends with it.
#include "reference/core/token.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "reference/core/base64.hpp"
#include "reference/core/policies.hpp"
#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

constexpr const char* kSecret = "a secret of two and thirty bytes";
constexpr Instant kNow = 1'700'000'000'000;  // a Rig's, too

std::string base64url(std::string_view bytes) {
  auto text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string by_secret(std::string_view secret, std::string_view text) {
  std::array<unsigned char, 32> made{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(),
       made.data(), &size);
  return {made.begin(), made.end()};
}

struct Key {
  std::shared_ptr<EVP_PKEY> key;

  [[nodiscard]] std::string pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(out, key.get());
    char* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(out, &data));
    std::string text(data, size);
    BIO_free(out);
    return text;
  }

  [[nodiscard]] std::string sign(std::string_view text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::array<unsigned char, 512> made{};
    std::size_t size = made.size();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key.get());
    EVP_DigestSign(context, made.data(), &size, bytes_of(text), text.size());
    EVP_MD_CTX_free(context);
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC) return {made.data(), made.data() + size};
    const unsigned char* at = made.data();
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    std::array<unsigned char, 64> raw{};
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw.data() + 32, 32);
    ECDSA_SIG_free(pair);
    return {raw.begin(), raw.end()};
  }
};

Key curve_key(const char* curve = "P-256") {
  return {std::shared_ptr<EVP_PKEY>(EVP_EC_gen(curve), EVP_PKEY_free)};
}
Key rsa_key(unsigned bits = 2048) {
  return {std::shared_ptr<EVP_PKEY>(EVP_RSA_gen(bits), EVP_PKEY_free)};
}

std::string unsigned_token(const std::string& header, const std::string& claims) {
  return base64url(header) + '.' + base64url(claims);
}

// `claims` are added with a leading comma.
std::string token(const std::string& claims = "", const std::string& ends = "1700000060",
                  const std::string& secret = kSecret) {
  const auto text = unsigned_token(R"({"alg":"HS256"})", R"({"exp":)" + ends + claims + "}");
  return text + '.' + base64url(by_secret(secret, text));
}

std::shared_ptr<Authority> authority(Algorithm algorithm, const std::string& key) {
  return std::get<std::shared_ptr<Authority>>(Authority::make(algorithm, key));
}

std::optional<Flaw> flaw(const Authority& authority, const std::string& token, Instant now = kNow) {
  const auto read = read_token(authority, Policies(), token, now);
  if (const auto* found = std::get_if<Flaw>(&read)) return *found;
  return std::nullopt;
}

TEST(Token, IsTakenWhileItHolds) {
  const auto by = authority(Algorithm::hs256, kSecret);
  EXPECT_EQ(flaw(*by, token()), std::nullopt);
  EXPECT_EQ(flaw(*by, token(), kNow + 59'999), std::nullopt);
  EXPECT_EQ(flaw(*by, token(), kNow + 60'000), Flaw::expired);
  EXPECT_EQ(flaw(*by, token("", "1700000000.5"), kNow + 400), std::nullopt);
  EXPECT_EQ(flaw(*by, token("", "1700000000.5"), kNow + 500), Flaw::expired);
  EXPECT_EQ(flaw(*by, token(R"(,"nbf":1700000001)")), Flaw::not_yet);
  for (const auto* ends : {"\"1700000060\"", "null", "1e300", "true"})
    EXPECT_EQ(flaw(*by, token("", ends)), Flaw::malformed) << ends;
}

TEST(Token, IsForWhomItSays) {
  const auto by = authority(Algorithm::hs256, kSecret);
  by->audience = "bus";
  by->issuer = "issuer";
  EXPECT_EQ(flaw(*by, token(R"(,"aud":"bus","iss":"issuer")")), std::nullopt);
  EXPECT_EQ(flaw(*by, token(R"(,"aud":["other","bus"],"iss":"issuer")")), std::nullopt);
  for (const auto* aud : {R"("bus-too")", R"("Bus")", R"(["other"])", "[]", "7", R"({"bus":1})"})
    EXPECT_EQ(flaw(*by, token(std::string(R"(,"iss":"issuer","aud":)") + aud)), Flaw::audience);
  EXPECT_EQ(flaw(*by, token(R"(,"iss":"issuer")")), Flaw::audience);
  EXPECT_EQ(flaw(*by, token(R"(,"aud":"bus","iss":"another")")), Flaw::issuer);
  EXPECT_EQ(flaw(*by, token(R"(,"aud":"bus")")), Flaw::issuer);
}

TEST(Token, IsSignedAsTheConfigurationHasIt) {
  const auto curve = curve_key(), other = curve_key();
  const auto rsa = rsa_key();
  const std::string claims = R"({"exp":1700000060})";
  const auto by_curve = authority(Algorithm::es256, curve.pem());
  const auto by_rsa = authority(Algorithm::rs256, rsa.pem());
  const auto es = unsigned_token(R"({"alg":"ES256"})", claims);
  const auto rs = unsigned_token(R"({"alg":"RS256"})", claims);
  const auto hs = unsigned_token(R"({"alg":"HS256"})", claims);
  const auto none = unsigned_token(R"({"alg":"none"})", claims);
  const auto with = [](const std::string& text, const std::string& signature) {
    return text + '.' + base64url(signature);
  };
  EXPECT_EQ(flaw(*by_curve, with(es, curve.sign(es))), std::nullopt);
  EXPECT_EQ(flaw(*by_rsa, with(rs, rsa.sign(rs))), std::nullopt);
  EXPECT_EQ(flaw(*by_curve, with(es, other.sign(es))), Flaw::signature);
  EXPECT_EQ(flaw(*by_curve, with(es, std::string(64, '\0'))), Flaw::signature);
  EXPECT_EQ(flaw(*by_curve, with(es, "")), Flaw::signature);
  EXPECT_EQ(flaw(*by_curve, with(rs, rsa.sign(rs))), Flaw::algorithm);
  // The public key taken for a secret.
  EXPECT_EQ(flaw(*by_curve, with(hs, by_secret(curve.pem(), hs))), Flaw::algorithm);
  EXPECT_EQ(flaw(*by_rsa, with(hs, by_secret(rsa.pem(), hs))), Flaw::algorithm);
  for (const auto& by : {by_curve, by_rsa, authority(Algorithm::hs256, kSecret)})
    EXPECT_EQ(flaw(*by, none + '.'), Flaw::not_signed);
}

TEST(Token, IsRefusedForRubbish) {
  const auto by = authority(Algorithm::hs256, kSecret);
  const auto good = token();
  for (const auto& rubbish :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), good + ".x",
        good.substr(0, good.rfind('.')), good + '=', std::string(20'000, 'a'),
        base64url("[]") + good.substr(good.find('.'))})
    EXPECT_EQ(flaw(*by, rubbish), Flaw::malformed) << rubbish.substr(0, 80);
  const auto critical = unsigned_token(R"({"alg":"HS256","crit":["exp"]})", R"({"exp":2e9})");
  EXPECT_EQ(flaw(*by, critical + '.' + base64url(by_secret(kSecret, critical))), Flaw::malformed);
}

TEST(Token, KeysAreOfTheirKind) {
  const auto why = [](Algorithm algorithm, const std::string& key) {
    auto made = Authority::make(algorithm, key);
    return std::holds_alternative<std::string>(made) ? std::get<std::string>(made) : "";
  };
  EXPECT_NE(why(Algorithm::hs256, "too short"), "");
  EXPECT_EQ(why(Algorithm::hs256, "too short").find("too short"), std::string::npos);
  EXPECT_NE(why(Algorithm::es256, kSecret), "");
  EXPECT_NE(why(Algorithm::es256, rsa_key().pem()), "");
  EXPECT_NE(why(Algorithm::es256, curve_key("P-384").pem()), "");
  EXPECT_NE(why(Algorithm::rs256, curve_key().pem()), "");
  EXPECT_NE(why(Algorithm::rs256, rsa_key(1024).pem()), "");
}

class TokenHolders : public testing::Test {
 protected:
  TokenHolders() {
    rig.authority = authority(Algorithm::hs256, kSecret);
    rig.restart();
  }
  static std::string hello(const std::string& token, const std::string& more = "") {
    return R"({"protocol":["1.0"],"client":{"name":"test","version":"1"},"token":")" + token + '"' +
           more + "}";
  }
  Rig rig;
};

TEST_F(TokenHolders, AreWhoTheirTokensSay) {
  const auto nobody = rig.connect(false);
  EXPECT_EQ(rig.error(nobody, "bus/hello",
                      R"({"protocol":["1.0"],"client":{"name":"test","version":"1"}})"),
            "unauthenticated");
  EXPECT_EQ(rig.error(nobody, "bus/stats", "{}"), "hello_first");
  EXPECT_EQ(rig.error(nobody, "bus/hello", hello(token(), R"(,"agent_id":"ann")")), "forbidden");
  EXPECT_EQ(
      rig.error(nobody, "bus/hello", hello(token(R"(,"agent_id":"bob")"), R"(,"agent_id":"ann")")),
      "forbidden");
  rig.ok(nobody, "bus/hello", hello(token(R"(,"agent_id":"ann")"), R"(,"agent_id":"ann")"));
  rig.ok(nobody, "bus/subscribe", R"({"destination":"agent:ann:inbox","mode":"queue"})");
}

TEST_F(TokenHolders, MayBringThemWithTheHandshake) {
  const Conn conn{777};
  rig.core->opened(conn, Role::client, rig.now, token(R"(,"agent_id":"ann")"));
  rig.ok(conn, "bus/hello", R"({"protocol":["1.0"],"client":{"name":"test","version":"1"}})");
  rig.ok(conn, "bus/subscribe", R"({"destination":"agent:ann:inbox","mode":"queue"})");
}

TEST_F(TokenHolders, LoseTheirConnectionsWithThem) {
  const auto brief = rig.connect(false), other = rig.connect(false);
  rig.ok(brief, "bus/hello", hello(token("", "1700000010")));
  rig.ok(other, "bus/hello", hello(token()));
  rig.ok(brief, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  rig.ok(other, "bus/publish", message("q", "1"));
  ASSERT_TRUE(rig.delivery(brief));
  rig.advance(Ms(9'900));
  EXPECT_TRUE(rig.closed.empty());
  rig.advance(Ms(200));
  EXPECT_EQ(rig.closed, std::vector<Conn>{brief});
  rig.ok(other, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  const auto again = rig.delivery(other);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at("attempt"), 2);
}

TEST_F(TokenHolders, MayRenewThem) {
  const auto conn = rig.connect(false);
  rig.ok(conn, "bus/hello", hello(token("", "1700000010")));
  const auto only = [](const std::string& text) { return R"({"token":")" + text + R"("})"; };
  EXPECT_EQ(rig.error(conn, "bus/hello", only(token(R"(,"sub":"another")"))), "forbidden");
  EXPECT_EQ(rig.error(conn, "bus/hello", only(token("", "1600000000"))), "unauthenticated");
  rig.ok(conn, "bus/hello", only(token("", "1700000030")));
  rig.advance(Ms(20'000));
  EXPECT_TRUE(rig.closed.empty());
  rig.ok(conn, "bus/stats", "{}");
  rig.advance(Ms(11'000));
  EXPECT_EQ(rig.closed, std::vector<Conn>{conn});
}

}  // namespace
}  // namespace reference::core
