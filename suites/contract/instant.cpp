#include "suites/contract/instant.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace busproof::contract {
namespace {

/// Takes text off its front, piece by piece; once a piece is not there, nothing more is.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    return value;
  }

  void one_of(std::string_view signs) {
    if (!at(signs)) good_ = false;
    take();
  }

  [[nodiscard]] bool at(std::string_view signs) const {
    return !rest_.empty() && signs.find(rest_.front()) != std::string_view::npos;
  }

  [[nodiscard]] bool at_digit() const { return at("0123456789"); }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

  char take() {
    if (rest_.empty()) {
      good_ = false;
      return '\0';
    }
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }

 private:
  int digit() {
    if (!at_digit()) good_ = false;
    return take() - '0';
  }

  std::string_view rest_;
  bool good_ = true;
};

Instant fraction(Reader& reader) {
  Instant part{0};
  if (!reader.at(".")) return part;
  reader.take();
  for (int scale = 100'000; scale == 100'000 || reader.at_digit(); scale /= 10)
    part += Instant(reader.number(1) * scale);
  return part;
}

std::chrono::minutes offset(Reader& reader) {
  if (reader.at("Zz")) {
    reader.take();
    return {};
  }
  const int sign = reader.at("-") ? -1 : 1;
  reader.one_of("+-");
  const int hours = reader.number(2);
  reader.one_of(":");
  return std::chrono::minutes(sign * (hours * 60 + reader.number(2)));
}

}  // namespace

std::optional<Instant> instant_from(std::string_view text) {
  using namespace std::chrono;
  Reader reader(text);
  const int y = reader.number(4);
  reader.one_of("-");
  const int m = reader.number(2);
  reader.one_of("-");
  const int d = reader.number(2);
  reader.one_of("Tt ");
  const int hour = reader.number(2);
  reader.one_of(":");
  const int minute = reader.number(2);
  reader.one_of(":");
  const int second = reader.number(2);
  const Instant part = fraction(reader);
  const minutes east = offset(reader);
  const year_month_day date{year(y), month(static_cast<unsigned>(m)),
                            day(static_cast<unsigned>(d))};
  if (!reader.done() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return sys_days(date).time_since_epoch() + hours(hour) + minutes(minute) + seconds(second) +
         part - east;
}

std::string to_rfc3339(Instant instant) {
  using namespace std::chrono;
  const auto whole = floor<milliseconds>(instant);
  const auto today = floor<days>(whole);
  const year_month_day date{sys_days(today)};
  const hh_mm_ss time{whole - today};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace busproof::contract
