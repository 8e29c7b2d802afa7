// fork and exec; that it is ready is read from its log.
#include "reference/stores/redis/test_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

namespace reference::stores::redis {
namespace {

constexpr std::chrono::seconds kReadyWithin{20};

// What the file descriptor gives until `wanted` is among it, or nothing more comes in time.
bool read_until(int from, const std::string& wanted, std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kReadyWithin;
  while (text.find(wanted) == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 4'096> bytes{};
    const auto got = ::read(from, bytes.data(), bytes.size());
    if (got <= 0) return false;
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace

bool TestServer::installed() {
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "/usr/bin" : path;
  while (!rest.empty()) {
    const auto end = rest.find(':');
    if (::access((rest.substr(0, end) + "/redis-server").c_str(), X_OK) == 0) return true;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return false;
}

Address TestServer::address() const {
  Address address;
  address.socket = directory_.path() + "/redis.sock";
  return address;
}

std::optional<std::string> TestServer::start(const std::vector<std::string>& more) {
  std::vector<std::string> words{"redis-server",
                                 "--port",
                                 "0",
                                 "--unixsocket",
                                 address().socket,
                                 "--dir",
                                 directory_.path(),
                                 "--save",
                                 "",
                                 "--appendonly",
                                 "yes",
                                 "--appendfsync",
                                 "always"};
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> log{};
  if (::pipe2(log.data(), O_CLOEXEC) != 0) return "no pipe";
  process_ = ::fork();
  if (process_ == 0) {
    // Not to outlive a test that is killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(log[1], STDOUT_FILENO);
    ::dup2(log[1], STDERR_FILENO);
    ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
  }
  ::close(log[1]);
  std::string said;
  const bool ready = process_ > 0 && read_until(log[0], "eady to accept connections", said);
  ::close(log[0]);  // It may go on writing: Redis minds no broken pipe.
  if (ready) return std::nullopt;
  kill();
  return "redis-server did not come up: " + said;
}

void TestServer::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace reference::stores::redis
