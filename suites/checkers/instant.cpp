#include "suites/checkers/instant.hpp"

#include <charconv>

namespace busproof::checkers {
namespace {

/// Takes `count` digits off the front.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  const char* end = text.data() + count;
  const auto [stop, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc() || stop != end || value < 0) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Digits after the point, as microseconds.
std::optional<std::chrono::microseconds> fraction(std::string_view& text) {
  std::int64_t value = 0;
  std::size_t count = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++count) {
    if (count < 6) value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (count == 0) return std::nullopt;
  for (std::size_t i = count; i < 6; ++i) value *= 10;
  return std::chrono::microseconds(value);
}

/// "Z" or "+02:00", all that is left.
std::optional<std::chrono::minutes> offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const bool west = !text.empty() && text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = digits(text, 2);
  if (!hours || !take(text, ":")) return std::nullopt;
  const auto minutes = digits(text, 2);
  if (!minutes || !text.empty()) return std::nullopt;
  const std::chrono::minutes ahead(*hours * 60 + *minutes);
  return west ? -ahead : ahead;
}

}  // namespace

std::optional<std::chrono::microseconds> instant_of(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = digits(text, 2);
  if (!second) return std::nullopt;
  std::chrono::microseconds part{0};
  if (take(text, ".")) {
    const auto after = fraction(text);
    if (!after) return std::nullopt;
    part = *after;
  }
  const auto ahead = offset(text);
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!ahead || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto since = std::chrono::sys_days(date).time_since_epoch();
  return since + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + part - *ahead;
}

}  // namespace busproof::checkers
