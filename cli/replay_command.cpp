// busproof replay: the shrunk program of a failure, once more.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "cli/commands.hpp"
#include "cli/text_file.hpp"
#include "suites/families/families.hpp"
#include "suites/history/view.hpp"
#include "suites/runner/perform.hpp"
#include "suites/stage/hello.hpp"

namespace busproof::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using contract::refused;
using contract::Verdict;

struct Replay {
  const stage::Scenario* scenario = nullptr;
  stage::JudgedCase part;
  program::Program program;
  std::uint64_t seed = 1;
};

contract::Result<Replay> read(const std::string& path) {
  auto text = read_file(path);
  if (!text) return refused("bad_replay", path + ": " + text.error().detail());
  boost::system::error_code failed;
  const json::value value = json::parse(*text, failed);
  if (failed || !value.is_object() ||
      history::number_of(value.get_object(), "busproof_replay") != 1)
    return refused("bad_replay", path + ": not a replay file");
  const json::object& in = value.get_object();
  const json::value* words = in.if_contains("program");
  const std::string id = history::text_of(in, "case");
  Replay replay;
  replay.scenario = families::judging(id);
  if (replay.scenario == nullptr || !replay.scenario->is_property() || words == nullptr ||
      !words->is_array())
    return refused("bad_replay",
                   fmt::format("{}: no property judges \"{}\", or it holds no program", path, id));
  auto program = program::parse(words->get_array());
  if (!program) return refused("bad_replay", path + ": " + program.error().detail());
  replay.program = *program;
  replay.seed = std::strtoull(history::text_of(in, "seed").c_str(), nullptr, 10);
  for (const stage::JudgedCase& part : replay.scenario->cases)
    if (part.id == id) replay.part = part;
  return replay;
}

int tell(const runner::CaseOutcome& outcome) {
  const Verdict verdict = outcome.judgement.verdict();
  fmt::print("{:<26} {:<12} {}\n", outcome.id, contract::to_string(verdict),
             outcome.judgement.says());
  for (const history::Event& event : outcome.history.events)
    fmt::print("    {}\n", history::describe(outcome.history, event));
  return verdict == Verdict::violated ? 1 : verdict == Verdict::met ? kExitOk : 2;
}

int unavailable(const contract::Error& error) {
  fmt::print(stderr, "busproof: {}\n", error.detail());
  return kExitUnavailable;
}

}  // namespace

int replay_command(const std::string& path, const TargetWords& words) {
  auto replay = read(path);
  auto file = target_of(words);
  if (!replay || !file) {
    fmt::print(stderr, "busproof: {}\n", (replay ? file.error() : replay.error()).detail());
    return kExitUsage;
  }
  runner::Options options;
  options.target = *file;
  options.seed = replay->seed;
  const fs::path work = fs::temp_directory_path() / fmt::format("busproof-replay-{}", ::getpid());
  targets::Reactor reactor;
  auto target = targets::Target::make(reactor, options.target, work);
  if (!target) return unavailable(target.error());
  if (auto started = (*target)->start(); !started) return unavailable(started.error());
  history::Recorder unseen({});
  auto claims = stage::await_hello(**target, unseen, std::chrono::seconds(10));
  if (!claims) return unavailable(claims.error());
  stage::Heartbeat heartbeat(reactor, runner::disk_beneath(options.target, work));
  const bool over_lines = (*target)->connector().over() == contract::Transport::lines;
  runner::Ground ground{.options = options,
                        .reactor = reactor,
                        .heartbeat = heartbeat,
                        .claims = *claims,
                        .work = work,
                        .over_lines = over_lines,
                        .shared = std::move(*target)};
  const int code =
      tell(runner::perform_program(ground, *replay->scenario, replay->part, replay->program));
  std::error_code ignored;
  fs::remove_all(work, ignored);
  return code;
}

}  // namespace busproof::cli
