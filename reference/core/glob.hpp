// Patterns as Redis matches them: `*` any run of bytes, `?` one byte, `[...]` one of a class
// (ranges, `^` negates), `\` makes the next byte literal.
#pragma once

#include <string_view>

namespace reference::core {

/// Whether the whole of `name` matches `pattern`. Time is at most the product of both lengths,
/// so no pattern can hang the bus. A class without its `]` ends with the pattern.
bool glob_matches(std::string_view pattern, std::string_view name);

}  // namespace reference::core
