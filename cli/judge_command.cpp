// busproof judge: the same judges on a history from a file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.hpp"
#include "cli/text_file.hpp"
#include "suites/checkers/stream/stream.hpp"
#include "suites/families/families.hpp"
#include "suites/history/json_lines.hpp"
#include "suites/runner/options.hpp"

namespace busproof::cli {
namespace {

using contract::Verdict;

contract::Result<history::History> read(const std::string& path) {
  auto bytes = read_file(path);
  if (!bytes) return tl::make_unexpected(bytes.error());
  return history::from_file_text(*bytes);
}

contract::Result<contract::Claims> claims_of(const history::History& history) {
  return contract::Claims::parse_text(history.header.claims, history.header.over_lines
                                                                 ? contract::Transport::lines
                                                                 : contract::Transport::websocket);
}

int exit_of(Verdict worst) {
  return worst == Verdict::violated ? 1 : worst == Verdict::met ? kExitOk : 2;
}

/// Of either form; the binary one is read as it goes.
contract::Result<std::vector<checkers::stream::Promise>> promises_of(std::string_view bytes) {
  if (!bytes.starts_with('{')) return checkers::stream::judge_binary(bytes);
  auto history = history::from_file_text(bytes);
  if (!history) return tl::make_unexpected(history.error());
  auto claims = claims_of(*history);
  if (!claims) return tl::make_unexpected(claims.error());
  return checkers::stream::judge(*history, *claims);
}

/// Not seen is no failure here: no history shows everything.
int judge_promises(const std::string& path) {
  const auto bytes = read_file(path);
  auto promises = bytes ? promises_of(*bytes)
                        : contract::Result<std::vector<checkers::stream::Promise>>(
                              tl::make_unexpected(bytes.error()));
  if (!promises) {
    fmt::print(stderr, "busproof: {}: {}\n", path, promises.error().detail());
    return kExitUsage;
  }
  bool broken = false, seen = false;
  for (const auto& [name, judgement] : *promises) {
    broken = broken || judgement.verdict() == Verdict::violated;
    seen = seen || judgement.verdict() == Verdict::met;
    fmt::print("{:<10} {:<12} {:>10} judged  {}\n", name, contract::to_string(judgement.verdict()),
               judgement.judged(), judgement.says());
  }
  return exit_of(broken ? Verdict::violated : seen ? Verdict::met : Verdict::inconclusive);
}

}  // namespace

int judge_command(const JudgeWords& words) {
  if (words.promises) return judge_promises(words.history);
  const std::string& path = words.history;
  const std::vector<std::string>& only = words.only;
  if (auto known = runner::all_known(only); !known) {
    fmt::print(stderr, "busproof: {}\n", known.error().detail());
    return kExitUsage;
  }
  auto history = read(path);
  if (history && words.lines) {
    fmt::print("{}", history::to_json_lines(*history));
    return kExitOk;
  }
  auto claims = history ? claims_of(*history)
                        : contract::Result<contract::Claims>(tl::make_unexpected(history.error()));
  if (!claims) {
    fmt::print(stderr, "busproof: {}: {}\n", path, claims.error().detail());
    return kExitUsage;
  }
  const stage::Scenario* recorded = families::named(history->header.scenario);
  const history::View view(*history);
  Verdict worst = Verdict::met;
  int judged = 0;
  for (const stage::Scenario* scenario : families::all()) {
    if (only.empty() && scenario != recorded) continue;
    for (const stage::JudgedCase& part : scenario->cases) {
      if (!runner::selected(only, part.id)) continue;
      const auto judgement = part.judge(view, *claims);
      worst = contract::worst(worst, judgement.verdict());
      ++judged;
      fmt::print("{:<26} {:<12} {}\n", part.id, contract::to_string(judgement.verdict()),
                 judgement.says());
      for (const std::size_t index : judgement.events())
        fmt::print("    {}\n", history::describe(*history, history->events[index]));
    }
  }
  if (judged == 0) {
    if (only.empty())
      fmt::print(stderr,
                 "busproof: {} is of the scenario \"{}\", which is not known here; name cases "
                 "with --case\n",
                 path, history->header.scenario);
    else
      fmt::print(stderr,
                 "busproof: no judge in this version for {}; `busproof list` tells which cases "
                 "have one\n",
                 fmt::join(only, ", "));
    return kExitUsage;
  }
  return exit_of(worst);
}

}  // namespace busproof::cli
