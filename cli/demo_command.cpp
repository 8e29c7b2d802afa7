// busproof demo: a bus that keeps its promises, the same bus with one fault, and what to do next.
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "fixtures/mutants/edge/edge.hpp"
#include "reports/overview.hpp"
#include "reports/terminal/terminal.hpp"
#include "reports/write.hpp"
#include "suites/contract/rollup.hpp"
#include "suites/runner/edge_wrap.hpp"
#include "suites/runner/run.hpp"
#include "version.hpp"

namespace busproof::cli {
namespace {

namespace fs = std::filesystem;
using contract::Verdict;

// Its failure is a sequence of operations that has to be made small: the best there is to show.
constexpr std::string_view kMutant = "edge-acked-after-reject";

// What a bus is most often wrong in. The whole contract takes twice as long as somebody watches.
const std::vector<std::string> kShown = {"ROUTE", "SUM", "TTL", "PRI", "BRK", "CHUNK", "DUR"};

contract::RunRecord carry_out(runner::Options options) {
  Progress progress;
  options.progress = [&](std::size_t done, std::size_t all, std::string_view name) {
    progress.show(done, all, name);
  };
  auto record = runner::run(options);
  record.version = kVersion;
  record.commit = kCommit;
  return record;
}

bool write(const contract::RunRecord& record, const fs::path& out) {
  const auto written = reports::write_all(record, out);
  if (!written) fmt::print(stderr, "busproof: {}\n", written.error().detail());
  return written.has_value();
}

/// What a reader of a failing build would see first.
void print_failure(const contract::CaseResult& found) {
  fmt::print("   {}  {}\n   {}\n", found.id, found.finding, found.detail);
  for (const std::string& line : found.evidence) fmt::print("     {}\n", line);
}

}  // namespace

int demo_command(const std::string& out_word) {
  const auto target = target_of({});
  if (!target) {
    fmt::print(stderr, "busproof: {}\n", target.error().detail());
    return kExitUnavailable;
  }
  const fs::path out = fs::absolute(out_word.empty() ? "busproof-results/demo" : out_word);
  runner::Options options;
  options.target = *target;
  options.out = out / "refbus";
  options.command = "busproof demo";
  options.effort = runner::Effort::quick;
  options.only = kShown;
  fmt::print("1. refbus on SQLite, started for this, judged by {}:\n\n", fmt::join(kShown, ", "));
  const auto good = carry_out(options);
  const reports::Tally cases = reports::tally_cases(good);
  const std::size_t met = cases.of(Verdict::met);
  const std::size_t wrong =
      cases.of(Verdict::violated) + cases.of(Verdict::blocked) + cases.of(Verdict::inconclusive);
  const bool kept = good.problems.empty() && met > 0 && wrong == 0 && write(good, options.out);
  fmt::print("   {} cases met, {} not\n\n", met, wrong);

  const edge::Mutant* mutant = edge::find_mutant(kMutant);
  fmt::print("2. The same bus with one fault: {}\n   Found, and made as small as it goes:\n\n",
             mutant->what);
  options.out = out / "mutant";
  options.only = {std::string(mutant->case_id)};
  options.wrap = runner::wrap_in(*mutant);
  options.trace = true;
  options.canary = nullptr;  // It sang for the first run, a moment ago.
  const auto broken = carry_out(options);
  const contract::CaseResult* found = runner::find_case(broken, mutant->case_id);
  const bool caught = found != nullptr && found->finding == mutant->finding;
  if (caught) print_failure(*found);
  const bool shown = write(broken, options.out) && caught;

  const fs::path near = fs::proximate(out);
  fmt::print(
      "\n3. Both as reports, and your own bus next:\n\n   {}\n   {}\n\n"
      "   busproof run                         the same bus, judged by all that it claims\n"
      "   busproof run -- ./your-adapter       a bus that speaks lines on stdin and stdout\n"
      "   busproof run --target bus.yaml       one that busproof starts, kills and restarts\n"
      "   busproof list, busproof explain QUE-4    what is judged, and how\n",
      (near / "refbus" / "report.html").string(), (near / "mutant" / "report.html").string());
  if (kept && shown) return kExitOk;
  fmt::print(stderr, "busproof: the demo did not show what it should; this build is broken\n");
  return kExitHarness;
}

}  // namespace busproof::cli
