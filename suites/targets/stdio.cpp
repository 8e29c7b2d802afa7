#include "suites/targets/stdio.hpp"

#include <csignal>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "suites/targets/lines.hpp"

namespace busproof::targets {
namespace {

constexpr std::chrono::seconds kGrace{2};

/// A line transport together with the adapter behind it, which ends with it.
class AdapterTransport : public Transport {
 public:
  AdapterTransport(process::Process adapter, std::unique_ptr<Transport> lines)
      : adapter_(std::move(adapter)), lines_(std::move(lines)) {}
  ~AdapterTransport() override {
    lines_->close();  // The end of its stdin is how an adapter is told to go.
    if (!adapter_.wait(kGrace)) adapter_.stop(kGrace);
  }
  void send(std::string text) override { lines_->send(std::move(text)); }
  void close() override { lines_->close(); }
  void read(bool on) override { lines_->read(on); }
  void cut() override {
    adapter_.signal(SIGKILL);
    lines_->cut();
  }

 private:
  process::Process adapter_;
  std::unique_ptr<Transport> lines_;
};

class AdapterConnector : public Connector {
 public:
  AdapterConnector(Reactor& reactor, process::Spawn spawn)
      : reactor_(reactor), spawn_(std::move(spawn)) {}

  contract::Result<std::unique_ptr<Transport>> connect(Listener& listener) override {
    auto adapter = process::Process::start(spawn_);
    if (!adapter) return tl::make_unexpected(adapter.error());
    const int out = adapter->take_stdout();
    const int in = adapter->take_stdin();
    auto lines = line_transport(reactor_, listener, out, in);
    return std::unique_ptr<Transport>(
        std::make_unique<AdapterTransport>(std::move(*adapter), std::move(lines)));
  }

  [[nodiscard]] std::string describe() const override {
    return fmt::format("stdio {}", fmt::join(spawn_.command, " "));
  }

 private:
  Reactor& reactor_;
  process::Spawn spawn_;
};

class LaunchConnector : public Connector {
 public:
  LaunchConnector(Reactor& reactor, std::optional<process::Process>& process,
                  std::string description)
      : reactor_(reactor), process_(process), description_(std::move(description)) {}

  contract::Result<std::unique_ptr<Transport>> connect(Listener& listener) override {
    const int out = process_ ? process_->take_stdout() : -1;
    const int in = process_ ? process_->take_stdin() : -1;
    if (out < 0 || in < 0)
      return contract::refused("one_connection",
                               "the bus speaks over its stdio: it has one connection");
    return line_transport(reactor_, listener, out, in);
  }

  [[nodiscard]] std::string describe() const override { return description_; }
  [[nodiscard]] bool many() const override { return false; }

 private:
  Reactor& reactor_;
  std::optional<process::Process>& process_;
  std::string description_;
};

}  // namespace

std::unique_ptr<Connector> adapter_connector(Reactor& reactor, process::Spawn spawn) {
  return std::make_unique<AdapterConnector>(reactor, std::move(spawn));
}

std::unique_ptr<Connector> launch_connector(Reactor& reactor,
                                            std::optional<process::Process>& process,
                                            std::string description) {
  return std::make_unique<LaunchConnector>(reactor, process, std::move(description));
}

}  // namespace busproof::targets
