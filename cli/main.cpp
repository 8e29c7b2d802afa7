// busproof: parses words and calls the rest.
#include <algorithm>
#include <csignal>
#include <system_error>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "fixtures/process/descriptors.hpp"
#include "fixtures/proxy/fault_words.hpp"
#include "version.hpp"

namespace {

constexpr int kExitBrokenPipe = 141;  // As a shell says it of one that SIGPIPE ended.

}  // namespace

namespace busproof::cli {
namespace {

void add_target(CLI::App& app, TargetWords& words) {
  app.add_option("--url", words.url,
                 "A bus at a WebSocket address, ws://HOST:PORT/PATH or wss://...");
  app.add_option(
      "--ca", words.ca,
      "Whom a wss:// address must be vouched for by, a file of PEM (default: the system's)");
  app.add_flag("--insecure", words.insecure, "Believe whoever answers at a wss:// address");
  app.add_option("--tcp", words.tcp, "A bus that speaks lines over TCP, HOST:PORT");
  app.add_option("--unix", words.unix_path, "A bus that speaks lines over a Unix socket");
  app.add_option("--target", words.file, "A target file (YAML): how to start and reach the bus");
  app.add_option("--control", words.control, "The WebSocket address of its test hooks");
  app.add_option("--backend", words.backend,
                 "Where a target's servers come from: auto, container, local, url or none")
      ->check(CLI::IsMember({"auto", "container", "local", "url", "none"}))
      ->envname("BUSPROOF_BACKEND")
      ->capture_default_str();
  app.add_option(
         "--postgres-url", words.postgres_url,
         "A PostgreSQL server to use; rather by BUSPROOF_POSTGRES_URL, which is not recorded")
      ->envname("BUSPROOF_POSTGRES_URL");
  app.add_option("--redis-url", words.redis_url, "A Redis server to use; or by BUSPROOF_REDIS_URL")
      ->envname("BUSPROOF_REDIS_URL");
  app.footer(
      "Behind -- stands the command of a bus that speaks lines on its stdin and stdout.\n"
      "Without a target it is refbus on SQLite, started for the run.");
}

struct Words {
  RunWords run;
  ListWords list;
  ProveWords prove;
  MutateWords mutate;
  ProxyWords proxy;
  TargetWords replay_target;
  JudgeWords judge;
  std::string explain_id, replay, demo_out;
};

void add_run(CLI::App& app, RunWords& words) {
  auto* run = app.add_subcommand("run", "Judge a bus and write the reports");
  add_target(*run, words.target);
  run->add_option("--profile", words.profile, "What it is held to (default: claimed)");
  run->add_option("--case", words.only,
                  "A family, rule or case: QUE, QUE-4, QUE-4.late; repeatable");
  run->add_option("--effort", words.effort, "quick, normal or deep")->capture_default_str();
  run->add_option("--seed", words.seed, "Repeats a run (default: drawn, and printed)");
  run->add_option("--expect", words.expectations, "Known failures (YAML)");
  run->add_option("--out", words.out, "Folder for the reports (default: busproof-results/<time>)");
  run->add_option("-j,--jobs", words.jobs, "Scenarios side by side")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  run->add_flag("--trace", words.trace, "Keep what goes over the wire for what is not met");
  run->add_option("--until-fail", words.until_fail,
                  "Run again with other seeds until a case is violated, at most N times")
      ->expected(0, 1)
      ->default_str("1000")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  run->add_flag("--strict", words.strict, "A case whose hook is missing makes it incomplete");
}

void add_demo(CLI::App& app, Words& words) {
  auto* demo = app.add_subcommand("demo", "See it work: a good bus, a faulty one, the reports");
  demo->add_option("--out", words.demo_out, "Folder (default: busproof-results/demo)");
}

void add_proof(CLI::App& app, Words& words) {
  auto* prove = app.add_subcommand("prove", "Show that every case can fail: kill the mutants");
  add_target(*prove, words.prove.target);
  prove->add_option("--mutant", words.prove.only, "Only this one; repeatable");
  prove->add_option("--seeds", words.prove.seeds, "Seeds for each mutant")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  prove->add_option("--out", words.prove.out, "Folder to keep what each run left");
  prove->add_option("-j,--jobs", words.prove.jobs, "Mutants side by side")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  prove->add_flag("--json", words.prove.json, "Machine-readable");
  auto* mutate =
      app.add_subcommand("mutate", "Be a bus with one fault: mutate NAME -- ./adapter args");
  mutate->add_option("name", words.mutate.name, "The mutant");
  mutate->add_flag("--list", words.mutate.list, "Name them all");
}

void add_contract(CLI::App& app, Words& words) {
  auto* list = app.add_subcommand("list", "Every rule and case of the contract");
  list->add_flag("--json", words.list.json, "Machine-readable");
  list->add_flag("--markdown", words.list.markdown, "The readable contract");
  auto* explain = app.add_subcommand("explain", "What a rule or a case says and how it is judged");
  explain->add_option("id", words.explain_id, "QUE-4 or QUE-4.late")->required();
}

void add_again(CLI::App& app, Words& words) {
  auto* judge = app.add_subcommand("judge", "Judge a recorded history again");
  judge->add_option("history", words.judge.history, "A file of histories/")->required();
  judge->add_option("--case", words.judge.only, "Other cases than those of its scenario");
  judge->add_flag("--lines", words.judge.lines, "Print it as JSON lines instead");
  judge->add_flag(
      "--promises", words.judge.promises,
      "One pass that watches eight promises, whatever scenario it is of; for long ones");
  auto* replay = app.add_subcommand("replay", "Carry out the program of a replay file");
  replay->add_option("file", words.replay, "A file of replay/")->required();
  add_target(*replay, words.replay_target);
}

void add_proxy(CLI::App& app, ProxyWords& words) {
  auto* proxy = app.add_subcommand("proxy", "Stand between clients and a server, and disturb them");
  proxy->add_option("--to", words.to, "The server, HOST:PORT")->required();
  proxy->add_option("--listen", words.listen, "A port of 127.0.0.1 (default: a free one, printed)");
  proxy->add_option("--fault", words.faults, "A fault from the beginning on; repeatable");
  proxy->footer(std::string("Faults, on the command line or one a line of its input:\n") +
                proxy::kFaultWords +
                "Further lines: heal [N], counters, quit. It ends with its input, or on a signal, "
                "and\nprints how often each fault struck and what passed.");
}

int call(const CLI::App& app, const Words& words) {
  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "demo") return demo_command(words.demo_out);
  if (name == "run") return run_command(words.run);
  if (name == "list") return list_command(words.list);
  if (name == "explain") return explain_command(words.explain_id);
  if (name == "prove") return prove_command(words.prove);
  if (name == "mutate") return mutate_command(words.mutate);
  if (name == "proxy") return proxy_command(words.proxy);
  if (name == "judge") return judge_command(words.judge);
  return replay_command(words.replay, words.replay_target);
}

// The command is in the reports, and who reads those need not know a server's password.
std::string without_password(std::string word) {
  const auto scheme = word.find("://");
  if (scheme == std::string::npos) return word;
  const auto colon = word.find(':', scheme + 3);
  // A password that was not escaped may hold any sign: rather too much is hidden than too little.
  const auto host = word.rfind('@');
  if (host != std::string::npos && colon < host) word.replace(colon + 1, host - colon - 1, "***");
  return word;
}

int parse_and_call(std::vector<std::string> typed) {
  Words words;
  for (const std::string& word : typed)
    words.run.typed +=
        (words.run.typed.empty() ? "busproof " : " ") + quoted(without_password(word));
  const auto dashes = std::find(typed.begin(), typed.end(), "--");
  std::vector<std::string> command;
  if (dashes != typed.end()) command.assign(dashes + 1, typed.end());
  typed.erase(dashes, typed.end());
  for (TargetWords* target : {&words.run.target, &words.prove.target, &words.replay_target})
    target->command = command;
  words.mutate.command = command;

  CLI::App app("busproof proves that a message bus keeps its promises", "busproof");
  app.set_version_flag("--version", std::string(kVersion) + " (" + kCommit + ")");
  app.require_subcommand(1);
  add_demo(app, words);
  add_run(app, words.run);
  add_contract(app, words);
  add_proof(app, words);
  add_again(app, words);
  add_proxy(app, words.proxy);
  std::reverse(typed.begin(), typed.end());  // CLI11 takes its words last first.
  try {
    app.parse(typed);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? kExitOk : kExitUsage;
  }
  return call(app, words);
}

}  // namespace
}  // namespace busproof::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // A bus that goes away is told by the write's result.
  busproof::process::allow_descriptors();
  busproof::cli::own_folder_first_in_path();
  try {
    return busproof::cli::parse_and_call({argv + 1, argv + argc});
  } catch (const std::system_error& failed) {
    if (failed.code() == std::errc::broken_pipe) return kExitBrokenPipe;
    fmt::print(stderr, "busproof: {}\n", failed.what());
  } catch (const std::exception& broke) {
    fmt::print(stderr, "busproof itself failed: {}\n", broke.what());
  }
  return busproof::cli::kExitHarness;
}
