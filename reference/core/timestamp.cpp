// RFC 3339 by the civil calendar of <chrono>.
#include "reference/core/timestamp.hpp"

#include <fmt/format.h>

namespace reference::core {
namespace {

namespace ch = std::chrono;

// Reads exactly `digits` digits; nothing if one is missing.
std::optional<int> number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Instant> date(std::string_view& text) {
  const auto year = number(text, 4);
  if (!year || !skip(text, "-")) return std::nullopt;
  const auto month = number(text, 2);
  if (!month || !skip(text, "-")) return std::nullopt;
  const auto day = number(text, 2);
  if (!day) return std::nullopt;
  const ch::year_month_day civil{ch::year(*year), ch::month(static_cast<unsigned>(*month)),
                                 ch::day(static_cast<unsigned>(*day))};
  if (!civil.ok()) return std::nullopt;
  return ch::sys_days(civil).time_since_epoch() / Ms(1);
}

std::optional<Instant> time_of_day(std::string_view& text) {
  const auto hour = number(text, 2);
  if (!hour || *hour > 23 || !skip(text, ":")) return std::nullopt;
  const auto minute = number(text, 2);
  if (!minute || *minute > 59 || !skip(text, ":")) return std::nullopt;
  const auto second = number(text, 2);
  if (!second || *second > 60) return std::nullopt;
  Instant ms = 0;
  if (skip(text, ".")) {
    Instant scale = 100;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits, scale /= 10) {
      ms += scale * (text.front() - '0');
      text.remove_prefix(1);
    }
    if (digits == 0) return std::nullopt;
  }
  return ((*hour * 60 + *minute) * 60 + *second) * Instant{1000} + ms;
}

std::optional<Instant> offset(std::string_view& text) {
  if (skip(text, "Zz")) return 0;
  if (text.empty()) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  if (!skip(text, "+-")) return std::nullopt;
  const auto hour = number(text, 2);
  if (!hour || *hour > 23 || !skip(text, ":")) return std::nullopt;
  const auto minute = number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  return sign * (*hour * 60 + *minute) * Instant{60'000};
}

}  // namespace

std::string to_rfc3339(Instant instant) {
  const ch::sys_time<Ms> time{Ms(instant)};
  const auto day = ch::floor<ch::days>(time);
  const ch::year_month_day civil{day};
  const ch::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(civil.year()),
                     static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<Instant> from_rfc3339(std::string_view text) {
  const auto day = date(text);
  if (!day || !skip(text, "Tt ")) return std::nullopt;
  const auto clock = time_of_day(text);
  if (!clock) return std::nullopt;
  const auto zone = offset(text);
  if (!zone || !text.empty()) return std::nullopt;
  return *day + *clock - *zone;
}

}  // namespace reference::core
