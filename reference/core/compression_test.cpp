// Method: what was compressed comes back; anything else that a store may hold is refused, and never
// takes more room than was declared. Rules COMP-1, SUM-4, SUM-8.
#include "reference/core/compression.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace reference::core {
namespace {

constexpr Codec kCodecs[] = {Codec::none, Codec::gzip, Codec::zstd};

RC_GTEST_PROP(Compression, GivesBackWhatItTook, (const std::string& bytes)) {
  for (const auto codec : kCodecs) {
    const auto back = inflate(codec, compress(codec, bytes), bytes.size());
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == bytes);
  }
}

RC_GTEST_PROP(Compression, DamageIsRefusedOrHarmless, (const std::string& bytes)) {
  for (const auto codec : {Codec::gzip, Codec::zstd}) {
    auto stored = compress(codec, bytes);
    const auto at = *rc::gen::inRange<std::size_t>(0, stored.size());
    stored[at] = static_cast<char>(stored[at] ^ 1 << *rc::gen::inRange(0, 8));
    // zstd has no check sum of its own here: the digest is what finds changed bytes.
    const auto back = inflate(codec, stored, bytes.size());
    if (back) RC_ASSERT(back->size() == bytes.size());
    if (codec == Codec::gzip && back) RC_ASSERT(*back == bytes);
  }
}

TEST(Compression, AStreamOfAnotherLengthIsRefused) {
  const std::string bytes(100'000, 'a');
  for (const auto codec : kCodecs) {
    const auto stored = compress(codec, bytes);
    EXPECT_FALSE(inflate(codec, stored, bytes.size() - 1)) << codec_text(codec);
    EXPECT_FALSE(inflate(codec, stored, bytes.size() + 1)) << codec_text(codec);
    EXPECT_FALSE(inflate(codec, stored.substr(0, stored.size() - 1), bytes.size()));
    EXPECT_FALSE(inflate(codec, stored + '\0', bytes.size())) << codec_text(codec);
    EXPECT_FALSE(inflate(codec, "", bytes.size())) << codec_text(codec);
  }
}

TEST(Compression, CodecsHaveTheirNames) {
  for (const auto codec : kCodecs) EXPECT_EQ(parse_codec(codec_text(codec)), codec);
  EXPECT_FALSE(parse_codec("GZIP"));
  EXPECT_FALSE(parse_codec(""));
}

}  // namespace
}  // namespace reference::core
