// busproof run: judge a target, print the matrix, leave the reports.
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/expectations_file.hpp"
#include "cli/progress.hpp"
#include "reports/terminal/terminal.hpp"
#include "reports/write.hpp"
#include "suites/contract/profile.hpp"
#include "suites/contract/rollup.hpp"
#include "suites/runner/run.hpp"
#include "version.hpp"

namespace busproof::cli {
namespace {

namespace fs = std::filesystem;

std::atomic<bool> g_interrupted{false};  // Set by a signal handler: nothing else can reach it.

void on_interrupt(int) {
  g_interrupted = true;
  std::signal(SIGINT, SIG_DFL);  // A second one ends it at once.
}

/// Whether reports can be written there: a run whose results nobody can read is not begun.
std::optional<std::string> unwritable(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return fmt::format("{}: {}", folder.string(), failed.message());
  const fs::path probe = folder / ".busproof-probe";
  const bool written = static_cast<bool>(std::ofstream(probe) << "probe" << std::flush);
  const std::string why = std::strerror(errno);
  fs::remove(probe, failed);
  if (!written) return fmt::format("{}: {}", folder.string(), why);
  return std::nullopt;
}

int usage(const std::string& message) {
  fmt::print(stderr, "busproof: {}\n", message);
  return kExitUsage;
}

/// busproof-results/<time>, made, with the link `latest` beside it.
fs::path default_out() {
  const fs::path folder = "busproof-results";
  std::string time = history::utc_now();
  for (char& c : time)
    if (c == ':' || c == '.') c = '-';
  const fs::path out = folder / time;
  std::error_code ignored;
  fs::create_directories(out, ignored);
  const fs::path link = folder / "latest";
  if (fs::is_symlink(link, ignored)) fs::remove(link, ignored);
  fs::create_symlink(time, link, ignored);
  return out;
}

/// The one place where a seed comes from outside; it is printed with every verdict.
std::optional<std::uint64_t> seed_of(const std::string& text) {
  if (text.empty()) {
    std::random_device device;
    return std::uint64_t{device()} << 16 ^ device();
  }
  std::uint64_t seed = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return seed;
}

std::optional<runner::Effort> effort_of(const std::string& word) {
  for (const auto effort : {runner::Effort::quick, runner::Effort::normal, runner::Effort::deep})
    if (runner::to_string(effort) == word) return effort;
  return std::nullopt;
}

contract::Result<runner::Options> options_of(const RunWords& words) {
  runner::Options options;
  auto target = target_of(words.target);
  if (!target) return tl::make_unexpected(target.error());
  options.target = *target;
  options.profile = !words.profile.empty()     ? words.profile
                    : !target->profile.empty() ? target->profile
                                               : "claimed";
  if (contract::find_profile(options.profile) == nullptr) {
    std::string names;
    for (const contract::Profile& profile : contract::profiles())
      names += fmt::format(" {}", profile.name);
    return contract::refused(
        "usage", fmt::format("no profile is called \"{}\"; there are{}", options.profile, names));
  }
  if (auto known = runner::all_known(words.only); !known) return tl::make_unexpected(known.error());
  const auto seed = seed_of(words.seed);
  const auto effort = effort_of(words.effort);
  if (!seed) return contract::refused("usage", "--seed takes a decimal below 2^64");
  if (!effort) return contract::refused("usage", "--effort is quick, normal or deep");
  if (!words.expectations.empty()) {
    auto entries = read_expectations(words.expectations);
    if (!entries) return tl::make_unexpected(entries.error());
    options.expectations = *entries;
  }
  options.seed = *seed;
  options.effort = *effort;
  options.only = words.only;
  options.jobs = words.jobs;
  options.strict = words.strict;
  options.trace = words.trace;
  options.command = words.typed;
  options.target_words = quoted(words.target);
  options.interrupted = [] { return g_interrupted.load(); };
  return options;
}

contract::RunRecord run_once(runner::Options& options) {
  Progress progress;
  options.progress = [&](std::size_t done, std::size_t all, std::string_view name) {
    progress.show(done, all, name);
  };
  return runner::run(options);
}

/// The first run in which something is violated, or that could not be carried out; else the last.
contract::RunRecord until_fail(runner::Options& options, int times) {
  const std::uint64_t first = options.seed;
  for (int i = 0;; ++i) {
    options.seed = first + static_cast<std::uint64_t>(i);
    contract::RunRecord record = run_once(options);
    const bool violated = record.verdict == contract::Conformance::nonconformant;
    fmt::print(stderr, "busproof: run {} of {}, seed {}: {}\n", i + 1, times, options.seed,
               record.why);
    if (violated || !record.problems.empty() || i + 1 == times) return record;
  }
}

}  // namespace

int run_command(const RunWords& words) {
  auto options = options_of(words);
  if (!options) return usage(options.error().detail());
  options->out = fs::absolute(words.out.empty() ? default_out() : fs::path(words.out));
  if (const auto wrong = unwritable(options->out))
    return usage(
        fmt::format("the reports cannot be written to {}; name another folder with --out", *wrong));
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  contract::RunRecord record =
      words.until_fail > 0 ? until_fail(*options, words.until_fail) : run_once(*options);
  record.version = kVersion;
  record.commit = kCommit;
  const int exit_code = contract::exit_code(record);
  auto written = reports::write_all(record, options->out);
  fmt::print("{}", reports::render_matrix(record, reports::style_of(STDOUT_FILENO),
                                          fs::proximate(options->out).string()));
  std::fflush(stdout);
  for (const std::string& note : record.notes) fmt::print(stderr, "busproof: note: {}\n", note);
  if (!written) {
    fmt::print(stderr, "busproof: {}\n", written.error().detail());
    return exit_code == kExitOk ? kExitHarness : exit_code;
  }
  return exit_code;
}

}  // namespace busproof::cli
