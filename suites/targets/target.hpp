// Target: one bus, with the hold that the harness has on it: start, reach, stop, kill.
//
// Threads: one thread at a time starts, stops or kills; connecting is for any thread in between.
// Errors:  "unavailable" with what the bus last wrote to stderr.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fixtures/disk/disk.hpp"
#include "fixtures/process/memory.hpp"
#include "fixtures/process/process.hpp"
#include "suites/targets/reactor.hpp"
#include "suites/targets/target_file.hpp"
#include "suites/targets/transport.hpp"

namespace busproof::targets {

/// Something put between every connection and the bus: how mutants of the edge are judged.
using Wrap = std::function<std::unique_ptr<Connector>(Reactor&, std::unique_ptr<Connector>)>;

class Target {
 public:
  /// Prepares a bus of that description with ports and a data folder of its own below `work`.
  static contract::Result<std::unique_ptr<Target>> make(Reactor& reactor, const TargetFile& file,
                                                        const std::filesystem::path& work,
                                                        const Wrap& wrap = {});

  ~Target();

  /// Another node of the same bus: the same stores, ports and a data folder of its own, and that
  /// number as ${node}; nothing is started yet.
  [[nodiscard]] contract::Result<std::unique_ptr<Target>> node(int number) const;

  /// The first node of such a bus whose stores are empty; nothing is started yet.
  [[nodiscard]] contract::Result<std::unique_ptr<Target>> afresh() const;

  /// The same bus once more on the same data, with ports of its own; nothing is started yet.
  [[nodiscard]] contract::Result<std::unique_ptr<Target>> twin() const;

  /// Launches it, where it is launched, and waits until it is ready. A variant's variables come
  /// over the launch's own. Without one it is again what it was when it was first started.
  contract::Result<void> start(std::string_view variant = {});

  /// The same without a wait: it may come up, or end by itself.
  contract::Result<void> start_unready();

  /// Whether it has been launched and has not ended.
  [[nodiscard]] bool running() { return process_ && process_->running(); }

  /// What the bus that ended by itself ended with; nothing where a signal ended it.
  [[nodiscard]] std::optional<int> exit_code() const {
    return process_ ? process_->exit_code() : std::nullopt;
  }

  /// The same, with a hold on its wall clock, where the target file says that it can be had.
  contract::Result<void> start_with_clock();
  [[nodiscard]] bool can_hold_clock() const;

  /// Sets the held clock so far ahead of the true time. False where the bus does not go by it.
  [[nodiscard]] bool set_clock(std::chrono::milliseconds ahead) const;

  [[nodiscard]] bool has_variant(std::string_view name) const;

  /// The polite end: SIGTERM, and SIGKILL after a grace. False when the grace was used up.
  bool stop(std::chrono::milliseconds within = kStopGrace);
  static constexpr std::chrono::milliseconds kStopGrace{10'000};

  /// The rude end: SIGKILL to all of it.
  void kill();

  /// SIGSTOP to all of it: nothing it does from now on is seen until it is killed.
  void freeze() const;

  /// Whether stop and kill do anything: false for a bus at an address.
  [[nodiscard]] bool held() const { return file_.launch.has_value(); }

  /// Whether it is launched from here and told to keep its data in ${data}.
  [[nodiscard]] bool keeps_data() const;
  [[nodiscard]] const std::string& data() const { return values_.at("data"); }

  /// The first file that a backend names in ${data}; empty where none does.
  [[nodiscard]] std::filesystem::path main_file() const;

  /// Puts a disk beneath ${data}, for good: it goes when the bus has gone.
  void put_on(std::unique_ptr<disk::Disk> disk) { disk_ = std::move(disk); }
  [[nodiscard]] disk::Disk* disk() { return disk_.get(); }

  /// The peak of the resident memory of all that was launched, in bytes; nothing where it does not
  /// run from here.
  [[nodiscard]] std::optional<std::int64_t> peak_memory() const;
  void forget_peak_memory() const;  ///< From now on the peak counts anew, where the system can.

  /// What all that was launched holds now; nothing where it does not run from here.
  [[nodiscard]] std::optional<process::Holdings> holdings() const;

  /// The backends that can be damaged so from outside ("payload.flip"): which of them holds a
  /// message is the bus' affair.
  [[nodiscard]] std::vector<std::string> corrupters(const std::string& damage) const;

  [[nodiscard]] const std::map<std::string, Backend>& backends() const { return file_.backends; }

  /// The backend in whose archive a swept message can be looked for; empty: none.
  [[nodiscard]] std::string archive() const;

  /// The space and the proxy that this bus has of a server named in its file; null for a file.
  [[nodiscard]] const Lodging* lodging(const std::string& backend) const;

  Connector& connector() { return *connector_; }

  /// Whom its wss:// and https:// addresses are believed to be; null where it has none.
  [[nodiscard]] const std::shared_ptr<const Trust>& trust() const { return trust_; }

  /// The processor time that what was launched has used so far; nothing where there is no such.
  [[nodiscard]] std::optional<std::chrono::milliseconds> processor_time() const;

  /// The tokens that it can demand; null where the target names none.
  [[nodiscard]] const Tokens* tokens() const { return tokens_.get(); }

  /// Whether it demands them as it was last started.
  [[nodiscard]] bool demands_tokens() const;

  /// What every connection is begun with as it was last started; none where nothing is demanded.
  [[nodiscard]] Handshake handshake() const;
  [[nodiscard]] std::string bearer(const boost::json::object& who) const;

  /// The first of the two origins that a variant `origins.*` lists.
  static constexpr const char* kListedOrigin = "https://listed.example";

  /// What it was started with that nobody else may learn, by what it is.
  [[nodiscard]] std::map<std::string, std::string> secrets() const;

  /// All that it has written to its log since it was first started.
  [[nodiscard]] std::string whole_log() const;

  /// Where control methods are called; null without a control endpoint.
  Connector* control() { return control_.get(); }
  [[nodiscard]] bool control_on_connection() const { return file_.control_on_connection; }
  [[nodiscard]] const std::string& control_token() const { return control_token_; }

  [[nodiscard]] const TargetFile& file() const { return file_; }
  [[nodiscard]] const Environment& values() const { return values_; }

  /// How it ended and what it last wrote to stderr, in one line; empty where it still runs after
  /// `limit`, or was stopped or killed from here.
  std::string obituary(std::chrono::milliseconds limit = std::chrono::milliseconds(0));

  /// What it has written to stderr since it was last started, the end of it at least.
  [[nodiscard]] std::string written_since_start() const;

  /// What it has written since this was last asked, or since its start.
  [[nodiscard]] std::string written_anew();

  /// "; it wrote: ..." with the last lines of its stderr and its adapters', or nothing.
  [[nodiscard]] std::string last_words() const;

 private:
  Target(Reactor& reactor, const TargetFile& file, Wrap wrap)
      : reactor_(reactor), written_(file), file_(file), wrap_(std::move(wrap)) {}
  static contract::Result<std::unique_ptr<Target>> make_on(Reactor& reactor, const TargetFile& file,
                                                           const std::filesystem::path& work,
                                                           const std::filesystem::path& data,
                                                           const Wrap& wrap,
                                                           const Target* sibling = nullptr,
                                                           int number = 1);
  contract::Result<void> prepare(const std::filesystem::path& work,
                                 const std::filesystem::path& data, const Target* sibling,
                                 int number);
  contract::Result<void> lodge(const Target* sibling);
  contract::Result<void> make_certificates(const Target* sibling);
  contract::Result<void> make_trust();
  contract::Result<void> substitute_all();
  contract::Result<std::unique_ptr<Connector>> make_connector();
  [[nodiscard]] contract::Result<Environment> variables(std::string_view variant);
  contract::Result<void> begin(const Environment& over);
  contract::Result<void> launch(const Environment& over);

  Reactor& reactor_;
  TargetFile written_, file_;  // As written, and with everything substituted.
  Wrap wrap_;
  Environment values_;
  std::string control_token_;
  std::filesystem::path work_;
  std::uintmax_t log_begins_ = 0;  // Of the process that runs or ran last.
  std::uintmax_t log_read_ = 0;
  std::shared_ptr<const Trust> trust_;
  std::map<std::string, Lodging> lodgings_;  // Outlive the process.
  std::unique_ptr<Connector> connector_, control_;
  std::unique_ptr<disk::Disk> disk_;  // Outlives the process.
  std::optional<process::Process> process_;
  std::optional<std::string> first_variant_;
  std::string variant_;                   // As it was last started.
  std::shared_ptr<const Tokens> tokens_;  // Its sibling's where there is one.
};

}  // namespace busproof::targets
