#include "suites/targets/target.hpp"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fixtures/process/cpu.hpp"
#include "fixtures/process/faketime.hpp"
#include "fixtures/process/memory.hpp"
#include "fixtures/process/ports.hpp"
#include "suites/targets/lines.hpp"
#include "suites/targets/ready.hpp"
#include "suites/targets/stdio.hpp"
#include "suites/targets/tokens.hpp"
#include "suites/targets/websocket.hpp"

namespace busproof::targets {
namespace {

namespace fs = std::filesystem;
using contract::refused;
using contract::Result;

constexpr std::size_t kControlTokenBytes = 16;

constexpr const char* kClockFile = "clock";

/// A command's first word is a path below the target file's folder where it holds a slash.
void anchor(std::vector<std::string>& command, const fs::path& folder) {
  if (!command.empty() && command.front().find('/') != std::string::npos)
    command.front() = (folder / command.front()).lexically_normal().string();
}

Auth anchored(Auth auth, const fs::path& folder) {
  if (!auth.private_key.empty()) auth.private_key = (folder / auth.private_key).string();
  return auth;
}

}  // namespace

Result<std::unique_ptr<Target>> Target::make(Reactor& reactor, const TargetFile& file,
                                             const fs::path& work, const Wrap& wrap) {
  return make_on(reactor, file, work, work / "data", wrap);
}

Result<std::unique_ptr<Target>> Target::twin() const {
  auto made = make_on(reactor_, written_, work_ / "twin", data(), wrap_, this);
  if (made) (*made)->first_variant_ = first_variant_;
  return made;
}

Result<std::unique_ptr<Target>> Target::node(int number) const {
  const fs::path work = work_ / fmt::format("node-{}", number);
  auto made = make_on(reactor_, written_, work, work / "data", wrap_, this, number);
  if (made) (*made)->first_variant_ = first_variant_;
  return made;
}

Result<std::unique_ptr<Target>> Target::afresh() const {
  TargetFile file = written_;
  if (file.launch) file.launch->ready = {};
  return make_on(reactor_, file, work_ / "afresh", work_ / "afresh" / "data", wrap_);
}

Result<std::unique_ptr<Target>> Target::make_on(Reactor& reactor, const TargetFile& file,
                                                const fs::path& work, const fs::path& data,
                                                const Wrap& wrap, const Target* sibling,
                                                int number) {
  std::unique_ptr<Target> target(new Target(reactor, file, wrap));  // The constructor is private.
  if (auto prepared = target->prepare(work, data, sibling, number); !prepared)
    return tl::make_unexpected(prepared.error());
  auto connector = target->make_connector();
  if (!connector) return tl::make_unexpected(connector.error());
  target->connector_ = wrap ? wrap(reactor, std::move(*connector)) : std::move(*connector);
  if (!target->file_.control.empty()) {
    auto control = websocket_connector(reactor, target->file_.control, target->trust_);
    if (!control) return tl::make_unexpected(control.error());
    target->control_ = std::move(*control);
  }
  return target;
}

Target::~Target() {
  connector_.reset();
  if (process_) stop();
}

Result<void> Target::prepare(const fs::path& work, const fs::path& data, const Target* sibling,
                             int number) {
  work_ = work;
  std::error_code failed;
  for (const fs::path& folder : {work, data}) {
    fs::create_directories(folder, failed);
    if (failed)
      return refused("unavailable", fmt::format("{}: {}", folder.string(), failed.message()));
  }
  values_ = {{"data", data.string()}, {"node", std::to_string(number)}};
  for (const char* name : {"port", "control_port"}) {
    auto port = process::free_port();
    if (!port) return tl::make_unexpected(port.error());
    values_[name] = std::to_string(*port);
  }
  if (file_.auth) {
    auto tokens = sibling != nullptr ? Result<std::shared_ptr<const Tokens>>(sibling->tokens_)
                                     : Tokens::make(anchored(*file_.auth, file_.folder), work_);
    if (!tokens) return tl::make_unexpected(tokens.error());
    tokens_ = std::move(*tokens);
    for (const auto& [name, value] : tokens_->values()) values_[name] = value;
  }
  if (auto made = make_certificates(sibling); !made) return made;
  if (auto lodged = lodge(sibling); !lodged) return lodged;
  if (auto substituted = substitute_all(); !substituted) return substituted;
  return make_trust();
}

/// What the bus has of each server: a space of its own, or its sibling's; always its own proxy.
Result<void> Target::lodge(const Target* sibling) {
  for (auto& [name, backend] : file_.backends) {
    if (backend.kind == Backend::Kind::sqlite) continue;
    const Lodging* other = sibling == nullptr ? nullptr : sibling->lodging(name);
    auto lodging = file_.stores->lodge(name, backend, other == nullptr ? nullptr : other->space);
    if (!lodging) return tl::make_unexpected(lodging.error());
    backend.where = lodging->space->for_harness().url();
    values_.merge(placeholders(name, *lodging));
    lodgings_.emplace(name, std::move(*lodging));
  }
  return {};
}

const Lodging* Target::lodging(const std::string& backend) const {
  const auto found = lodgings_.find(backend);
  return found == lodgings_.end() ? nullptr : &found->second;
}

Result<void> Target::substitute_all() {
  std::vector<std::string*> texts = {&file_.connect.address, &file_.control,
                                     &file_.http.base,       &file_.tls.ca,
                                     &file_.tls.certificate, &file_.tls.key};
  for (auto* env : {&file_.connect.env})
    for (auto& [name, value] : *env) texts.push_back(&value);
  for (std::string& word : file_.connect.command) texts.push_back(&word);
  if (file_.launch) {
    for (std::string& word : file_.launch->command) texts.push_back(&word);
    for (auto& [name, value] : file_.launch->env) texts.push_back(&value);
    for (std::string& word : file_.launch->ready.command) texts.push_back(&word);
    texts.push_back(&file_.launch->ready.what);
  }
  for (auto& [name, variant] : file_.variants)
    for (auto& [variable, value] : variant) texts.push_back(&value);
  for (auto& [name, backend] : file_.backends)
    if (backend.kind == Backend::Kind::sqlite) texts.push_back(&backend.where);
  for (std::string* text : texts) {
    auto done = substitute(*text, values_);
    if (!done)
      return refused(done.error().kind(),
                     fmt::format("{}{}{}", file_.origin, file_.origin.empty() ? "" : ": ",
                                 done.error().detail()));
    *text = *done;
  }
  anchor(file_.connect.command, file_.folder);
  if (file_.launch) {
    anchor(file_.launch->command, file_.folder);
    if (!file_.control.empty() || file_.control_on_connection) {
      control_token_ = random_hex(kControlTokenBytes);
      // Switching the hooks on is the target file's; the token is ours.
      file_.launch->env.try_emplace("BUSPROOF_CONTROL_TOKEN", control_token_);
    }
  }
  return {};
}

Result<std::unique_ptr<Connector>> Target::make_connector() {
  const Connect& connect = file_.connect;
  switch (connect.how) {
    case Connect::How::websocket:
      return websocket_connector(reactor_, connect.address, trust_);
    case Connect::How::tcp:
      return tcp_connector(reactor_, connect.address);
    case Connect::How::unix_socket:
      return unix_connector(reactor_, file_.folder / connect.address);
    case Connect::How::stdio:
      return adapter_connector(reactor_, {.command = connect.command,
                                          .env = connect.env,
                                          .folder = file_.folder,
                                          .stderr_file = work_ / "adapter.log",
                                          .pipes = true});
    case Connect::How::stdio_launch:
      return launch_connector(reactor_, process_,
                              fmt::format("stdio {}", fmt::join(file_.launch->command, " ")));
  }
  return refused("bad_target", "no way to connect");
}

bool Target::has_variant(std::string_view name) const {
  return file_.launch && file_.variants.contains(std::string(name));
}

Result<Environment> Target::variables(std::string_view variant) {
  if (!first_variant_) first_variant_ = variant;
  if (variant.empty()) variant = *first_variant_;
  variant_ = variant;
  if (variant.empty()) return Environment{};
  const auto found = file_.variants.find(std::string(variant));
  if (found == file_.variants.end())
    return refused("bad_target", fmt::format("the target has no variant {}", variant));
  return found->second;
}

Result<void> Target::start(std::string_view variant) {
  const auto over = variables(variant);
  if (!over) return tl::make_unexpected(over.error());
  return launch(*over);
}

Result<void> Target::start_unready() {
  const auto over = variables({});
  if (!over) return tl::make_unexpected(over.error());
  return begin(*over);
}

bool Target::can_hold_clock() const {
  return file_.launch && file_.launch->faketime && process::faketime_library();
}

Result<void> Target::start_with_clock() {
  const auto library = process::faketime_library();
  if (!can_hold_clock() || !library)
    return refused("unavailable", "the target's clock cannot be held");
  if (!process::set_faketime(work_ / kClockFile, std::chrono::milliseconds(0)))
    return refused("unavailable",
                   fmt::format("{} cannot be written", (work_ / kClockFile).string()));
  return launch(process::faketime_variables(*library, work_ / kClockFile));
}

bool Target::set_clock(std::chrono::milliseconds ahead) const {
  return process_ && process::has_faketime(process_->pid()) &&
         process::set_faketime(work_ / kClockFile, ahead);
}

/// `over` comes over the launch's own variables.
Result<void> Target::begin(const Environment& over) {
  if (!file_.launch) return {};
  Environment env = file_.launch->env;
  for (const auto& [name, value] : over) env[name] = value;
  std::error_code none;
  log_begins_ = fs::exists(work_ / "bus.log", none) ? fs::file_size(work_ / "bus.log", none) : 0;
  log_read_ = log_begins_;
  auto started =
      process::Process::start({.command = file_.launch->command,
                               .env = env,
                               .folder = file_.folder,
                               .stderr_file = work_ / "bus.log",
                               .pipes = file_.connect.how == Connect::How::stdio_launch});
  if (!started) return refused("unavailable", started.error().detail());
  process_ = std::move(*started);
  return {};
}

Result<void> Target::launch(const Environment& over) {
  if (auto begun = begin(over); !begun || !file_.launch) return begun;
  if (wait_until_ready(file_.launch->ready, *process_, work_ / "bus.log", trust_)) return {};
  if (process_->running())
    return refused("unavailable",
                   fmt::format("{} was not ready within {} ms{}{}", file_.launch->command[0],
                               file_.launch->ready.within.count(),
                               why_unready(file_.launch->ready, trust_), last_words()));
  return refused("unavailable", obituary());
}

bool Target::stop(std::chrono::milliseconds within) {
  if (!process_) return true;
  const bool complied = process_->stop(within);
  process_.reset();
  return complied;
}

void Target::kill() {
  if (!process_) return;
  process_->kill();
  process_.reset();
}

void Target::freeze() const {
  if (process_) process_->signal(SIGSTOP);
}

bool Target::keeps_data() const {
  if (!written_.launch) return false;
  const auto names = [](const std::string& text) {
    return text.find("${data}") != std::string::npos;
  };
  const auto& command = written_.launch->command;
  const auto& env = written_.launch->env;
  return std::any_of(command.begin(), command.end(), names) ||
         std::any_of(env.begin(), env.end(), [&](const auto& set) { return names(set.second); });
}

fs::path Target::main_file() const {
  for (const auto& [name, backend] : file_.backends)
    if (backend.kind == Backend::Kind::sqlite && backend.where.starts_with(data()))
      return backend.where;
  return {};
}

std::optional<std::int64_t> Target::peak_memory() const {
  if (!process_) return std::nullopt;
  return process::peak_memory(process_->pid());
}

void Target::forget_peak_memory() const {
  if (process_) process::forget_peak_memory(process_->pid());
}

std::optional<process::Holdings> Target::holdings() const {
  if (!process_) return std::nullopt;
  return process::holdings(process_->pid());
}

std::string Target::archive() const {
  for (const auto& [name, backend] : file_.backends)
    if (!backend.archive.empty()) return name;
  return {};
}

std::vector<std::string> Target::corrupters(const std::string& damage) const {
  std::vector<std::string> found;
  for (const auto& [name, backend] : file_.backends)
    if (backend.corrupt.contains(damage)) found.push_back(name);
  return found;
}

std::optional<std::chrono::milliseconds> Target::processor_time() const {
  if (!process_) return std::nullopt;
  return process::processor_time(process_->pid());
}

}  // namespace busproof::targets
