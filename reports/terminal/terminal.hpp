// The end of a run on a terminal: the matrix, what went wrong, the verdict.
//
// Threads: no state.
// Errors:  none. What the bus said is made visible, so that it can't steer the terminal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "suites/contract/record.hpp"

namespace busproof::reports {

struct Style {
  bool color = false;   ///< Escape sequences for colours.
  int width = 80;       ///< Columns; less than 60 counts as 60.
  bool unicode = true;  ///< Shapes beyond ASCII.
};

/// What decides a style: the stream's nature and five variables of the environment.
struct Surroundings {
  bool is_terminal = false;
  std::optional<int> columns;  ///< As the terminal says.
  std::string no_color;        ///< NO_COLOR: any value but the empty one turns colours off.
  std::string term;            ///< TERM: "dumb" knows no colours.
  std::string locale;          ///< LC_ALL, else LC_CTYPE, else LANG.
};

/// Colours on a terminal only and never against NO_COLOR; 100 columns for a pipe; shapes where the
/// locale is UTF-8.
Style style_from(const Surroundings& surroundings);

/// style_from() for an open file descriptor of this process.
Style style_of(int descriptor);

/// Per family a line with a cell for each rule and the counts; below it what is violated, blocked
/// or inconclusive, a sentence each, with the command that repeats it; the last lines are verdict,
/// why, seed and, where `reports_folder` is not empty, where the reports are. Ends with a newline.
std::string render_matrix(const contract::RunRecord& record, const Style& style,
                          std::string_view reports_folder = {});

}  // namespace busproof::reports
