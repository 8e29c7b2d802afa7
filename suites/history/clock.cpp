#include "suites/history/clock.hpp"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace busproof::history {
namespace {

const std::chrono::steady_clock::time_point kBegan = std::chrono::steady_clock::now();

}  // namespace

Time now() { return std::chrono::steady_clock::now() - kBegan; }

std::chrono::milliseconds unix_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

std::string utc_now() { return utc_after({}); }

std::string utc_after(std::chrono::milliseconds ahead) {
  const auto wall = std::chrono::system_clock::now() + ahead;
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(wall)), millis);
}

std::string utc_today() { return utc_now().substr(0, 10); }

}  // namespace busproof::history
