// Text from a bus, made fit to be shown: nothing in it can hide, move or end anything around it.
//
// Every report passes what it prints through here before its own format's escaping.
//
// Threads: no state.
// Errors:  none; every sequence of bytes has a printed form.
#pragma once

#include <cstddef>

#include <string>
#include <string_view>
#include <vector>

namespace busproof::reports {

/// `text` as valid UTF-8; a byte that is none reads `\xff` (four characters). All else stays.
std::string valid_utf8(std::string_view text);

/// valid_utf8(), and what has no face gets one: control characters other than newline and tab read
/// `\x1b`, characters that are invisible, reverse the direction of writing or are no characters at
/// all read `\u{202e}`. The result holds only characters that XML 1.0 allows.
std::string visible(std::string_view text);

/// visible() on one line: a newline reads `\n`, a tab `\t`.
std::string visible_line(std::string_view text);

/// At most `bytes_max` bytes of `text`, cut between characters; where something was cut the text
/// ends with " [N bytes more]" (which counts: the result is never longer than `bytes_max`, as long
/// as that is 40 or more). `text` must be valid UTF-8.
std::string capped(std::string text, std::size_t bytes_max);

/// How many columns of a terminal `text` (valid UTF-8 without control characters) takes: 2 for wide
/// East Asian characters and emoji, 0 for combining marks, 1 for the rest.
std::size_t columns(std::string_view text);

/// `text` broken at blanks into lines of at most `columns_max` columns (at least 8); a word that is
/// longer is broken inside. Never empty: the empty text is one empty line.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns_max);

/// 12345 as "12 345": groups of three, since reports show large counts.
std::string grouped(unsigned long long number);

/// A duration for people: "0.8 s", "12 s", "3 min 20 s". Negative or not finite reads "0 s".
std::string duration_text(double seconds);

}  // namespace busproof::reports
