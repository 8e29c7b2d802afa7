// Requests at the gate: where a token is looked for, and which origins are the listed ones.
#include "reference/server/gate.hpp"

#include <gtest/gtest.h>

namespace reference::server {
namespace {

namespace http = boost::beast::http;

class StoppedClock : public stores::Clock {
 public:
  [[nodiscard]] core::Instant now() const override { return 1'700'000'000'000; }
};

Gate::Fields with(http::field name, const std::string& value) {
  Gate::Fields fields;
  fields.set(name, value);
  return fields;
}

TEST(Gate, FindsTheTokenWhereItBelongs) {
  EXPECT_EQ(Gate::token_in(with(http::field::authorization, "Bearer a.b.c")), "a.b.c");
  EXPECT_EQ(Gate::token_in(with(http::field::authorization, "bearer a.b.c")), "a.b.c");
  EXPECT_EQ(Gate::token_in(with(http::field::authorization, "Basic a.b.c")), std::nullopt);
  const auto offered = http::field::sec_websocket_protocol;
  EXPECT_EQ(Gate::token_in(with(offered, "busproof.v1, bearer.a.b.c")), "a.b.c");
  EXPECT_EQ(Gate::token_in(with(offered, "busproof.v1")), std::nullopt);
  EXPECT_EQ(Gate::token_in({}), std::nullopt);
}

TEST(Gate, TakesListedOriginsAlone) {
  const core::Policies policies;
  const StoppedClock clock;
  const Gate gate(nullptr, {"https://a.example", "https://b.example:8443"}, policies, clock);
  const auto takes = [&](const std::string& origin) {
    return gate.takes_origin(with(http::field::origin, origin));
  };
  EXPECT_TRUE(gate.takes_origin({}));
  EXPECT_TRUE(takes("https://a.example"));
  EXPECT_TRUE(takes("https://b.example:8443"));
  for (const auto* other : {"", "null", "http://a.example", "https://a.example:8443",
                            "https://b.example", "https://a.example.evil", "https://a.exampl"})
    EXPECT_FALSE(takes(other)) << other;
  auto two = with(http::field::origin, "https://a.example");
  two.insert(http::field::origin, "https://evil.example");
  EXPECT_FALSE(gate.takes_origin(two));
  EXPECT_TRUE(Gate(nullptr, {}, policies, clock).takes_origin(two)) << "no list";
}

TEST(Gate, WantsAGoodTokenWhereAnyIsWanted) {
  const core::Policies policies;
  const StoppedClock clock;
  auto made = core::Authority::make(core::Algorithm::hs256, std::string(32, 's'));
  const Gate gate(std::get<std::shared_ptr<core::Authority>>(made), {}, policies, clock);
  const auto bad = with(http::field::authorization, "Bearer a.b.c");
  EXPECT_FALSE(gate.takes_token({}));
  EXPECT_FALSE(gate.takes_token(bad));
  EXPECT_TRUE(gate.takes_handshake({})) << "hello may bring it";
  EXPECT_FALSE(gate.takes_handshake(bad));
  EXPECT_TRUE(Gate(nullptr, {}, policies, clock).takes_token({}));
}

}  // namespace
}  // namespace reference::server
