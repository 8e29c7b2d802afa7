// busproof proxy: the proxy that stands between a bus and its servers, for people.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "cli/commands.hpp"
#include "fixtures/proxy/fault_words.hpp"
#include "fixtures/proxy/proxy.hpp"

namespace busproof::cli {
namespace {

namespace json = boost::json;
using contract::refused;
using contract::Result;
using proxy::Proxy;

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

/// "HOST:PORT", "[::1]:PORT" or "PORT".
Result<HostPort> host_port(const std::string& text, const char* option) {
  const auto colon = text.rfind(':');
  HostPort found{colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon), 0};
  if (found.host.starts_with('[') && found.host.ends_with(']'))
    found.host = found.host.substr(1, found.host.size() - 2);
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), found.port);
  if (failed != std::errc() || end != port.data() + port.size() || found.host.empty())
    return refused("bad_address",
                   fmt::format("{} {}: not of the form HOST:PORT or PORT", option, text));
  return found;
}

/// What a person has done to a proxy so far.
class Hand {
 public:
  explicit Hand(Proxy& proxy) : proxy_(proxy) {}

  Result<void> apply(const std::string& words) {
    const auto fault = proxy::fault_from_words(words);
    if (!fault) return tl::make_unexpected(fault.error());
    standing_.emplace(++last_, proxy_.apply(*fault));
    fmt::print("fault {}: {}\n", last_, proxy::describe(*fault));
    return {};
  }

  /// False where no fault of that number stands; 0 is all of them.
  bool heal(int number) {
    bool any = number == 0;
    for (auto it = standing_.begin(); it != standing_.end();) {
      if (number != 0 && it->first != number) {
        ++it;
        continue;
      }
      it->second.heal();
      fmt::print("healed {}: it struck {} times\n", it->first, it->second.struck());
      it = standing_.erase(it);
      any = true;
    }
    return any;
  }

  void tell() const {
    const proxy::Counters now = proxy_.counters();
    fmt::print("{}\n", json::serialize(json::object{{"accepted", now.accepted},
                                                    {"contacted", now.contacted},
                                                    {"failed", now.failed},
                                                    {"open", now.open},
                                                    {"to_server", now.to_server},
                                                    {"to_client", now.to_client}}));
  }

  /// One line of the input; false when it asks for the end.
  bool obey(const std::string& line) {
    constexpr std::string_view kHeal = "heal";
    if (line.find_first_not_of(" \t\r") == std::string::npos) return true;
    if (line == "quit") return false;
    if (line == "counters") {
      tell();
    } else if (line == kHeal || line.starts_with("heal ")) {
      int number = 0;
      const char* const end = line.data() + line.size();
      const char* const begin = line.data() + std::min(line.size(), kHeal.size() + 1);
      const auto [stop, failed] = std::from_chars(begin, end, number);
      const bool all = line == kHeal;
      if ((!all && (failed != std::errc() || stop != end || number <= 0)) ||
          !heal(all ? 0 : number))
        fmt::print(stderr, "busproof: no fault {} stands\n", std::string(begin, end));
    } else if (const auto applied = apply(line); !applied) {
      fmt::print(stderr, "busproof: {}  heal [N], counters, quit\n", applied.error().detail());
    }
    return true;
  }

 private:
  Proxy& proxy_;
  std::map<int, proxy::Applied> standing_;
  int last_ = 0;
};

/// Until the input ends, or asks for the end, or a signal comes.
void serve(Hand& hand, int signals) {
  std::string text;
  pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
  for (;;) {
    std::fflush(stdout);
    if (::poll(watched, 2, -1) < 0) continue;  // Interrupted by a signal that is not ours.
    if (watched[1].revents != 0) return;
    char chunk[4096];
    const ssize_t got = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (got > 0) text.append(chunk, static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;) {
      const bool goes_on = hand.obey(text.substr(0, end));
      text.erase(0, end + 1);
      if (!goes_on) return;
    }
    if (got > 0) continue;
    if (!text.empty()) hand.obey(text);
    return;
  }
}

int complain(const contract::Error& error, int code) {
  fmt::print(stderr, "busproof: {}\n", error.detail());
  return code;
}

}  // namespace

int proxy_command(const ProxyWords& words) {
  const auto to = host_port(words.to, "--to");
  if (!to) return complain(to.error(), kExitUsage);
  const auto listen = host_port(words.listen, "--listen");
  if (!listen) return complain(listen.error(), kExitUsage);
  if (listen->host != "127.0.0.1" && listen->host != "localhost") {
    fmt::print(stderr, "busproof: --listen {}: it listens on 127.0.0.1 alone\n", words.listen);
    return kExitUsage;
  }
  // Blocked before the traffic's thread begins, so that it takes none of them.
  sigset_t ends;
  ::sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ends, signal);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const int signals = ::signalfd(-1, &ends, SFD_CLOEXEC);
  auto started = Proxy::start({.host = to->host, .port = to->port, .listen = listen->port});
  if (!started) return complain(started.error(), kExitUnavailable);
  Hand hand(**started);
  for (const std::string& fault : words.faults)
    if (const auto applied = hand.apply(fault); !applied)
      return complain(applied.error(), kExitUsage);
  fmt::print("127.0.0.1:{} to {}\n", (*started)->port(), words.to);
  serve(hand, signals);
  hand.heal(0);
  hand.tell();
  ::close(signals);
  return kExitOk;
}

}  // namespace busproof::cli
