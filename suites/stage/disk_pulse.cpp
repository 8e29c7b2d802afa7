#include "suites/stage/disk_pulse.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

namespace busproof::stage {
namespace {

constexpr std::chrono::milliseconds kBeat{50};
// Less is what a commit takes now and then on many disks, and within what buses declare.
constexpr std::chrono::milliseconds kNoticed{250};
constexpr std::size_t kBlock = 4096;

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool write_through() const {
    constexpr std::array<char, kBlock> block{};
    const auto written = ::pwrite(descriptor_, block.data(), block.size(), 0);
    return written == static_cast<ssize_t>(block.size()) && ::fdatasync(descriptor_) == 0;
  }

 private:
  int descriptor_;
};

}  // namespace

DiskWrite writes_in(const std::filesystem::path& folder) {
  auto file = std::make_shared<File>(folder / "pulse");
  if (!file->write_through()) return {};
  // A disk that is full later on says so at once: that is no standstill.
  return [file] { static_cast<void>(file->write_through()); };
}

DiskPulse::DiskPulse(DiskWrite write, Told told)
    : write_(std::move(write)), told_(std::move(told)), thread_([this] { beat(); }) {}

DiskPulse::~DiskPulse() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

std::optional<history::Time> DiskPulse::under_way() const {
  const std::lock_guard lock(mutex_);
  if (!begun_ || history::now() - *begun_ < kNoticed) return std::nullopt;
  return history::now() - *begun_;
}

void DiskPulse::beat() {
  std::unique_lock lock(mutex_);
  while (!ends_.wait_for(lock, kBeat, [this] { return ending_; })) {
    const history::Time begun = history::now();
    begun_ = begun;
    lock.unlock();
    write_();
    const history::Time took = history::now() - begun;
    if (took >= kNoticed) told_(took);
    lock.lock();
    begun_.reset();
  }
}

}  // namespace busproof::stage
