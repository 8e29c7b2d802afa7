#include "reference/stores/postgres/local_server.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace reference::stores::postgres {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr auto kStartWithin = std::chrono::seconds(30);
constexpr int kPauseMs = 10;

/// Where the binaries are: the newest version that Debian's folders hold.
std::string binaries() {
  std::string newest;
  std::error_code failed;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", failed)) {
    const auto folder = version.path() / "bin";
    if (fs::exists(folder / "initdb", failed) && folder.string() > newest) newest = folder;
  }
  return newest;
}

/// Root may not run PostgreSQL: whose processes they are instead.
const passwd* unprivileged() {
  if (::geteuid() != 0) return nullptr;
  if (const passwd* user = ::getpwnam("postgres")) return user;
  return ::getpwnam("nobody");
}

void give_away(const fs::path& path) {
  if (const passwd* user = unprivileged())
    if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) return;
}

/// In a process group of its own, which ends with this process at the latest.
pid_t launch(const Words& words, const fs::path& log) {
  const passwd* user = unprivileged();
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::setpgid(0, 0);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (out >= 0) {
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
  }
  if (user != nullptr &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent || ::chdir("/") != 0) ::_exit(126);
  ::execv(argv.front(), argv.data());
  ::_exit(127);
}

bool run(const Words& words, const fs::path& log) {
  int status = -1;
  const pid_t pid = launch(words, log);
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The cluster that is copied, made where it is missing; nothing where that fails.
std::optional<fs::path> cluster(const fs::path& log) {
  std::string name = binaries();
  for (char& c : name)
    if (c == '/') c = '-';
  const fs::path base =
      fs::temp_directory_path() / fmt::format("refbus-test-cluster-{}{}", ::geteuid(), name);
  const fs::path made = base.string() + ".made";
  const int lock = ::open((base.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0 || ::flock(lock, LOCK_EX) != 0) return std::nullopt;
  std::error_code failed;
  if (!fs::exists(made, failed)) {
    fs::remove_all(base, failed);
    fs::create_directory(base, failed);
    give_away(base);
    if (run({binaries() + "/initdb", "-D", base / "data", "-U", "refbus", "-A", "trust",
             "--no-locale", "-E", "UTF8", "-N", "--wal-segsize=1"},
            log))
      std::ofstream(made) << "whole\n";
  }
  const bool whole = fs::exists(made, failed);
  ::close(lock);
  return whole ? std::optional(base / "data") : std::nullopt;
}

}  // namespace

bool LocalServer::installed() { return !binaries().empty(); }

LocalServer::LocalServer() {
  if (!installed()) {
    why_ = "PostgreSQL is not installed";
    return;
  }
  give_away(folder_.path());
  copy_cluster();
  if (!why_) start();
}

void LocalServer::copy_cluster() {
  const fs::path log = fs::path(folder_.path()) / "log";
  const auto from = cluster(log);
  if (!from || !run({"/bin/cp", "-a", *from, folder_.path() + "/data"}, log))
    why_ = "no cluster could be made: " + text_of(log);
}

std::string LocalServer::address() const {
  return fmt::format("host={} port=5432 user=refbus dbname=postgres", folder_.path());
}

// After a crash the old processes may hold on for a moment: then it ends at once, and is started
// again.
void LocalServer::start() {
  const fs::path log = fs::path(folder_.path()) / "log";
  // The WAL may grow as anywhere: by the size of its segments it would be a sixteenth of that.
  const Words words{binaries() + "/postgres",
                    "-D",
                    folder_.path() + "/data",
                    "-p",
                    "5432",
                    "-c",
                    "listen_addresses=",
                    "-c",
                    "max_wal_size=1GB",
                    "-c",
                    "unix_socket_directories=" + folder_.path()};
  const auto deadline = std::chrono::steady_clock::now() + kStartWithin;
  while (std::chrono::steady_clock::now() < deadline) {
    if (pid_ <= 0) pid_ = launch(words, log);
    if (PQping(address().c_str()) == PQPING_OK) return;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    ::poll(nullptr, 0, kPauseMs);
  }
  why_ = "the server does not answer: " + text_of(log);
}

// Its own processes are of other groups. Orphaned, they are this process' to wait for: what is left
// of them would answer a little longer, and keep a new server from starting.
void LocalServer::kill() {
  if (pid_ <= 0) return;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::kill(pid_, SIGSTOP);  // No new ones from here on.
  std::vector<pid_t> all{pid_};
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid_));
  for (pid_t child = 0; children >> child;) all.push_back(child);
  for (const auto one : all) ::kill(one, SIGKILL);
  for (const auto one : all) ::waitpid(one, nullptr, 0);
  pid_ = -1;
}

LocalServer::~LocalServer() {
  if (pid_ <= 0) return;
  kill();
}

}  // namespace reference::stores::postgres
