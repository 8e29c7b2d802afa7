// Files written under another name first.
#include "reports/write.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <array>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "reports/html/report.hpp"
#include "reports/json/result_json.hpp"
#include "reports/junit/junit.hpp"
#include "reports/markdown/summary.hpp"

namespace busproof::reports {
namespace {

namespace fs = std::filesystem;

// What a person can do about a failed write.
std::string_view way_out(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free some room, or choose another folder";
    case EACCES:
    case EPERM:
    case EROFS:
      return "make it writable, or choose another folder";
    case ENOTDIR:
    case EEXIST:
      return "a file is in the way; remove it, or choose another folder";
    default:
      return "choose another folder";
  }
}

auto cannot_write(const fs::path& path, int code) {
  return contract::refused("cannot_write",
                           fmt::format("cannot write {}: {}; {}", path.string(),
                                       std::generic_category().message(code), way_out(code)));
}

// An open file that is closed on every path out.
class File {
 public:
  explicit File(const fs::path& path)
      : descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  // Writes all of it through to the disk; 0, or the errno of what failed.
  int put(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(descriptor_) != 0 && errno != EINVAL) return errno;
    const int closed = ::close(std::exchange(descriptor_, -1));
    return closed != 0 ? errno : 0;
  }

 private:
  int descriptor_;
};

}  // namespace

contract::Result<void> write_file(const fs::path& path, std::string_view content) {
  const fs::path draft =
      path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(), ::getpid());
  int failed = 0;
  {
    File file(draft);
    if (!file.is_open()) return cannot_write(path, errno);
    failed = file.put(content);
  }
  if (failed == 0 && ::rename(draft.c_str(), path.c_str()) != 0) failed = errno;
  if (failed == 0) return {};
  ::unlink(draft.c_str());
  return cannot_write(path, failed);
}

contract::Result<void> write_all(const contract::RunRecord& record, const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return cannot_write(folder, failed.value());
  using Render = std::string (*)(const contract::RunRecord&);
  constexpr std::array<std::pair<const char*, Render>, 4> kReports = {{
      {"result.json", result_json},
      {"junit.xml", junit_xml},
      {"summary.md", markdown_summary},
      {"report.html", html_report},
  }};
  std::string missing;
  for (const auto& [name, render] : kReports) {
    const auto written = write_file(folder / name, render(record));
    if (written) continue;
    missing += (missing.empty() ? "" : "\n") + written.error().detail();
  }
  if (!missing.empty()) return contract::refused("cannot_write", missing);
  return {};
}

}  // namespace busproof::reports
