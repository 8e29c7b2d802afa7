// busproof judge: the same judges on a history from a file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.hpp"
#include "cli/text_file.hpp"
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

}  // namespace

int judge_command(const std::string& path, const std::vector<std::string>& only, bool lines) {
  if (auto known = runner::all_known(only); !known) {
    fmt::print(stderr, "busproof: {}\n", known.error().detail());
    return kExitUsage;
  }
  auto history = read(path);
  if (history && lines) {
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
  return worst == Verdict::violated ? 1 : worst == Verdict::met ? kExitOk : 2;
}

}  // namespace busproof::cli
