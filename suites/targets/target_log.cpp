// What a target has written: the end of it, for messages and for who looks for something in it.
#include <algorithm>
#include <deque>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "suites/targets/target.hpp"

namespace busproof::targets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLastLines = 3;
constexpr std::size_t kLastBytes = 2000;

/// The last lines of a log as one, for a message; empty where there are none.
std::string tail_of(const fs::path& log) {
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::size_t>(file.tellg());
  const std::size_t from = size > kLastBytes ? size - kLastBytes : 0;
  file.seekg(static_cast<std::streamoff>(from));
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    lines.push_back(line.substr(line.find_first_not_of(" \t\r")));
    if (lines.size() > kLastLines) lines.pop_front();
  }
  return fmt::format("{}", fmt::join(lines, " | "));
}

/// What a log holds from there on, the end of it at least.
std::string end_of(const fs::path& log, std::uintmax_t begin) {
  constexpr std::uintmax_t kBytes = 16'384;
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::uintmax_t>(file.tellg());
  const auto from = std::max(begin, size > kBytes ? size - kBytes : 0);
  std::string words(size > from ? size - from : 0, '\0');
  file.seekg(static_cast<std::streamoff>(from));
  file.read(words.data(), static_cast<std::streamsize>(words.size()));
  return words;
}

}  // namespace

std::string Target::obituary(std::chrono::milliseconds limit) {
  if (!process_ || !process_->wait(limit)) return {};
  return fmt::format("{} {}{}", fmt::join(file_.launch->command, " "), process_->ending(),
                     last_words());
}

std::string Target::written_since_start() const { return end_of(work_ / "bus.log", log_begins_); }

std::string Target::written_anew() {
  std::error_code none;
  const auto size = fs::file_size(work_ / "bus.log", none);
  if (none) return {};
  std::string words = end_of(work_ / "bus.log", std::max(log_begins_, log_read_));
  // What came meanwhile is read again, rather than not at all.
  log_read_ = size;
  return words;
}

std::string Target::last_words() const {
  std::string words = tail_of(work_ / "bus.log");
  const std::string adapter = tail_of(work_ / "adapter.log");
  if (!words.empty() && !adapter.empty()) words += " | ";
  words += adapter;
  return words.empty() ? words : "; it wrote: " + words;
}

std::string Target::whole_log() const {
  std::ifstream file(work_ / "bus.log", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace busproof::targets
