// Each line is written in one call, so that lines of several threads don't mix.
#include "reference/executor/log.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <string>

#include "reference/core/timestamp.hpp"
#include "reference/stores/clock.hpp"

namespace reference::executor {
namespace {

std::string_view level_text(Level level) {
  switch (level) {
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

const stores::SystemClock& log_clock() {
  static const stores::SystemClock clock;
  return clock;
}

}  // namespace

void log(Level level, std::string_view event, boost::json::object details) {
  boost::json::object line{
      {"at", core::to_rfc3339(log_clock().now())}, {"level", level_text(level)}, {"event", event}};
  for (auto& [name, value] : details) line[name] = std::move(value);
  std::string text = boost::json::serialize(line);
  text += '\n';
  // A log that can't be written is no reason to stop.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace reference::executor
