// DiskPulse: notices when the disk stood still that the harness shares with the bus.
//
// A small write, again and again, each on the disk before the next: what one of them waits for a
// commit of the bus waits for, too.
//
// Threads: one of its own; under_way() from any.
// Cost: twenty writes of one block a second, over the same block.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "suites/history/history.hpp"

namespace busproof::stage {

/// Returns when what it wrote is on the disk.
using DiskWrite = std::function<void()>;

/// Writes to a file in that folder, which must be there; nothing where that cannot be done.
DiskWrite writes_in(const std::filesystem::path& folder);

class DiskPulse {
 public:
  using Told = std::function<void(history::Time)>;

  /// `told` hears, on the pulse's own thread, how long each write took that took long.
  DiskPulse(DiskWrite write, Told told);
  ~DiskPulse();  ///< Waits for the write under way.

  /// How long the write under way has taken so far, if that is long.
  [[nodiscard]] std::optional<history::Time> under_way() const;

 private:
  void beat();

  DiskWrite write_;
  Told told_;
  mutable std::mutex mutex_;
  std::condition_variable ends_;
  bool ending_ = false;
  std::optional<history::Time> begun_;
  std::thread thread_;
};

}  // namespace busproof::stage
