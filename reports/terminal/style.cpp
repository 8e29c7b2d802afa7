// What this terminal can show.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "reports/terminal/terminal.hpp"

namespace busproof::reports {
namespace {

constexpr int kPipeColumns = 100;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool names_utf8(std::string locale) {
  std::transform(locale.begin(), locale.end(), locale.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

}  // namespace

Style style_from(const Surroundings& surroundings) {
  Style style;
  style.color = surroundings.is_terminal && surroundings.no_color.empty() &&
                surroundings.term != "dumb" && !surroundings.term.empty();
  style.width = kPipeColumns;
  if (surroundings.is_terminal) style.width = surroundings.columns.value_or(80);
  style.unicode = names_utf8(surroundings.locale);
  return style;
}

Style style_of(int descriptor) {
  Surroundings found;
  found.is_terminal = isatty(descriptor) == 1;
  winsize size{};
  if (found.is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    found.columns = size.ws_col;
  }
  found.no_color = variable("NO_COLOR");
  found.term = variable("TERM");
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (found.locale.empty()) found.locale = variable(name);
  }
  return style_from(found);
}

}  // namespace busproof::reports
