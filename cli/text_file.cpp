#include "cli/text_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace busproof::cli {

contract::Result<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  std::ifstream file(path, std::ios::binary);
  const int error = std::filesystem::is_directory(path, ignored) ? EISDIR : errno;
  if (!file || error == EISDIR)
    return contract::refused("unreadable", fmt::format("cannot be read: {}", std::strerror(error)));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace busproof::cli
