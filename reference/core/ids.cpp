// Transaction ids: a time prefix, then 122 random bits. Source: STORE-2.
#include "reference/core/ids.hpp"

namespace reference::core {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kTimeDigits = 10;
constexpr std::size_t kWordDigits = 13;  // of the first random word; the second gives 12 more
constexpr std::size_t kLength = 35;

void append_digits(std::string& out, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0;) {
    const std::size_t shift = i * 5;
    out += kAlphabet[shift >= 64 ? 0 : (value >> shift) & 31U];
  }
}

}  // namespace

TransactionId make_transaction_id(std::uint64_t unix_ms, std::uint64_t high, std::uint64_t low) {
  TransactionId id;
  id.reserve(kLength);
  append_digits(id, unix_ms & 0xFFFF'FFFF'FFFFU, kTimeDigits);
  append_digits(id, high & 0x3FFF'FFFF'FFFF'FFFFU, kWordDigits);
  append_digits(id, low, kLength - kTimeDigits - kWordDigits);
  return id;
}

bool is_transaction_id(std::string_view text) {
  return text.size() == kLength && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace reference::core
