// busproof list, explain, mutate: what there is.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "cli/commands.hpp"
#include "fixtures/mutants/edge/host.hpp"
#include "suites/contract/print.hpp"
#include "suites/families/families.hpp"

namespace busproof::cli {
namespace {

bool judged(std::string_view case_id) { return families::judging(case_id) != nullptr; }

}  // namespace

int list_command(const ListWords& words) {
  if (words.json)
    fmt::print("{}\n", boost::json::serialize(contract::list_json(judged)));
  else if (words.markdown)
    fmt::print("{}", contract::contract_markdown(judged));
  else
    fmt::print("{}", contract::list_text(judged));
  return kExitOk;
}

int explain_command(const std::string& id) {
  if (const contract::Rule* rule = contract::find_rule(id)) {
    fmt::print("{}", contract::explain(*rule, judged));
    return kExitOk;
  }
  if (const contract::CaseRef found = contract::find_case(id)) {
    fmt::print("{}", contract::explain(*found.rule, *found.part, judged));
    return kExitOk;
  }
  fmt::print(stderr,
             "busproof: the contract has no rule or case \"{}\"; `busproof list` names "
             "them\n",
             id);
  return kExitUsage;
}

int mutate_command(const MutateWords& words) {
  if (words.list) {
    for (const edge::Mutant& mutant : edge::mutants())
      fmt::print("{:<34} {:<26} {}\n", mutant.name, mutant.case_id, mutant.what);
    return kExitOk;
  }
  const edge::Mutant* mutant = edge::find_mutant(words.name);
  if (mutant == nullptr) {
    fmt::print(stderr,
               "busproof: no mutant is called \"{}\"; `busproof mutate --list` names "
               "them\n",
               words.name);
    return kExitUsage;
  }
  if (words.command.empty()) {
    fmt::print(stderr, "busproof: say which bus to wrap: busproof mutate {} -- ./adapter args\n",
               words.name);
    return kExitUsage;
  }
  const auto filter = mutant->make();
  return edge::run_stdio(*filter, words.command);
}

}  // namespace busproof::cli
