#include "suites/stage/heartbeat.hpp"

#include <chrono>
#include <mutex>
#include <set>

#include <boost/asio/steady_timer.hpp>

namespace busproof::stage {
namespace {

constexpr std::chrono::milliseconds kBeat{10};
constexpr std::chrono::milliseconds kNoticed{30};  // Less is the noise of any machine.

constexpr const char* kProcessor = "processor";
constexpr const char* kDisk = "disk";

void add_stall(history::Recorder& recorder, history::Time length, const char* what) {
  history::Event stall;
  stall.action = history::Action::stall;
  stall.amount = std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
  recorder.add(stall, {.error = what});
}

}  // namespace

class Heartbeat::Pulse : public std::enable_shared_from_this<Pulse> {
 public:
  explicit Pulse(boost::asio::io_context& context) : timer_(context) {}

  void beat() {
    const history::Time due = history::now() + kBeat;
    timer_.expires_after(kBeat);
    timer_.async_wait([self = shared_from_this(), due](boost::system::error_code stopped) {
      if (stopped) return;
      self->notice(due);
      self->beat();
    });
  }

  void stop() { timer_.cancel(); }

  void tell(history::Time length, const char* what) {
    const std::lock_guard lock(mutex);
    for (history::Recorder* recorder : recorders) add_stall(*recorder, length, what);
  }

  std::mutex mutex;
  std::set<history::Recorder*> recorders;

 private:
  void notice(history::Time due) {
    const history::Time late = history::now() - due;
    if (late >= kNoticed) tell(late, kProcessor);
  }

  boost::asio::steady_timer timer_;
};

Heartbeat::Heartbeat(targets::Reactor& reactor, DiskWrite write)
    : reactor_(reactor), pulse_(std::make_shared<Pulse>(reactor.context())) {
  reactor_.post([pulse = pulse_] { pulse->beat(); });
  if (write)
    disk_ = std::make_unique<DiskPulse>(
        std::move(write), [pulse = pulse_](history::Time took) { pulse->tell(took, kDisk); });
}

Heartbeat::~Heartbeat() {
  reactor_.run([this] { pulse_->stop(); });
}

void Heartbeat::watch(history::Recorder& recorder) {
  const std::lock_guard lock(pulse_->mutex);
  pulse_->recorders.insert(&recorder);
}

void Heartbeat::forget(history::Recorder& recorder) {
  const auto standstill = disk_ ? disk_->under_way() : std::nullopt;
  const std::lock_guard lock(pulse_->mutex);
  if (pulse_->recorders.erase(&recorder) > 0 && standstill) add_stall(recorder, *standstill, kDisk);
}

}  // namespace busproof::stage
