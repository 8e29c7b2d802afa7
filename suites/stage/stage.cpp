#include "suites/stage/stage.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/contract/errors.hpp"
#include "suites/stage/hello.hpp"
#include "suites/stage/links.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Verdict;
using targets::Session;

[[noreturn]] void blocked(std::string_view what, const contract::Error& error) {
  const contract::ErrorKind* known = contract::find_error(error.kind());
  throw Abandoned{Verdict::blocked,
                  fmt::format("{} failed: {} ({})", what, error.kind(), error.detail()),
                  known != nullptr && known->retryable};
}

constexpr milliseconds kPatience{10'000};
constexpr milliseconds kProbe{5'000};

}  // namespace

void pass_time(milliseconds time) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  const auto until = std::chrono::steady_clock::now() + time;
  never.wait_until(lock, until, [&] { return std::chrono::steady_clock::now() >= until; });
}

Stage::Stage(const Setting& setting)
    : setting_(setting), claims_(setting.claims), random_(setting.seed) {}

std::int64_t Stage::any(std::int64_t least, std::int64_t most) {
  return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
}

std::string Stage::destination(std::string_view name) {
  return fmt::format("{}-{}-{}", setting_.token, name, ++destinations_);
}

targets::Shared Stage::shared() {
  // Until hello is answered; a process that was started for the connection has to come up first.
  return {setting_.recorder, setting_.token,
          std::max(kPatience.count(), claims_.limit_or_default("answer_ms")),
          setting_.target.handshake(),
          [&target = setting_.target](const auto& who) { return target.bearer(who); }};
}

Session& Stage::connect() {
  Session& session = connect_silently();
  auto claims = session.hello();
  if (!claims) blocked("bus/hello", claims.error());
  claims_ = std::move(*claims);
  return session;
}

Session& Stage::connect_silently() { return connect_to(setting_.target); }

Session* Stage::try_connect() {
  auto session = Session::open(setting_.target.connector(), shared());
  if (!session) {
    recorder().mark("not_connected");
    return nullptr;
  }
  sessions_.push_back(std::move(*session));
  return sessions_.back().get();
}

Session& Stage::connect_to(targets::Target& target) {
  auto session = Session::open(target.connector(), shared());
  if (!session && session.error().kind() == "one_connection")
    throw Abandoned{Verdict::unverified, "transport: " + session.error().detail()};
  unreachable_ = !session;
  if (!session) blocked("connecting", session.error());
  sessions_.push_back(std::move(*session));
  return *sessions_.back();
}

targets::Published Stage::publish(Session& session, const targets::Publish& wanted) {
  auto published = session.publish(wanted);
  if (!published) blocked("bus/publish", published.error());
  return *published;
}

targets::Subscribed Stage::subscribe(Session& session, const targets::Subscribe& wanted) {
  auto subscribed = session.subscribe(wanted);
  if (!subscribed) blocked("bus/subscribe", subscribed.error());
  return *subscribed;
}

void Stage::ack(Session& session, const targets::Delivered& delivery) {
  if (auto acked = session.ack(delivery); !acked) blocked("bus/ack", acked.error());
}

void Stage::credit(Session& session, const targets::Subscribed& subscription, std::int64_t credit) {
  if (auto given = session.credit(subscription, credit); !given)
    blocked("bus/credit", given.error());
}

bool Stage::wait_count(Session& session, const targets::Subscribed& subscription,
                       std::size_t count) {
  return session.wait(subscription, patience(),
                      [&](const auto& deliveries) { return deliveries.size() >= count; });
}

std::uint32_t Stage::publish_fence(Session& session, const std::string& destination,
                                   const std::string& mode) {
  targets::Publish wanted{
      .destination = destination, .mode = mode, .payload = targets::Payload::text("fence")};
  // The lowest priority: what waits comes before it.
  if (mode == "queue" && claims().has("priority")) wanted.priority = claims().limit("priority.min");
  const targets::Published fence = publish(session, wanted);
  recorder().mark("fence", fence.message);
  return fence.message;
}

bool Stage::fence(Session& session, const targets::Subscribed& subscription,
                  const std::string& destination) {
  const std::uint32_t fence = publish_fence(session, destination);
  return session.wait(subscription, patience(), [&](const auto& deliveries) {
    return std::any_of(deliveries.begin(), deliveries.end(),
                       [&](const targets::Delivered& came) { return came.message == fence; });
  });
}

void Stage::give_up(std::string_view what, const contract::Error& error) { blocked(what, error); }

void Stage::let_pass(milliseconds time) { pass_time(time); }

contract::Result<json::object> Stage::control(const std::string& method, json::object params) {
  if (!claims_.has("control." + method.substr(method.find('/') + 1)))
    throw Abandoned{Verdict::unverified, "the bus has no hook " + method};
  params["token"] = setting_.target.control_token();
  return hooks().call(method, std::move(params));
}

Session& Stage::hooks() {
  if (setting_.target.control_on_connection()) {
    // On the newest that still lives.
    const auto open = std::find_if(sessions_.rbegin(), sessions_.rend(),
                                   [](const auto& one) { return !one->closed(); });
    return open == sessions_.rend() ? connect() : **open;
  }
  targets::Connector* connector = setting_.target.control();
  if (connector == nullptr)
    throw Abandoned{Verdict::unverified, "the target names no control endpoint"};
  if (!control_) {
    auto opened = Session::open(*connector, shared());
    if (!opened) blocked("connecting to the control endpoint", opened.error());
    control_ = std::move(*opened);
  }
  return *control_;
}

std::string Stage::mode() const {
  if (!claims().has("queue")) need("topic");
  return claims().has("queue") ? "queue" : "topic";
}

void Stage::need(std::string_view capability) const {
  if (!claims_.has(capability))
    throw Abandoned{
        Verdict::unverified,
        fmt::format("it is judged with a {}, which the bus does not claim", capability)};
}

void Stage::need_hold() const {
  if (!setting_.target.held())
    throw Abandoned{Verdict::unverified, "no hold on the bus: it was not launched from here"};
}

Links Stage::links() { return {setting_.target, recorder()}; }

void Stage::need_own_bus() const { need_hold(); }

bool Stage::met_so_far(std::span<const checkers::Judge> judges) {
  const history::History history = recorder().so_far();
  const history::View view(history);
  return std::all_of(judges.begin(), judges.end(), [&](checkers::Judge judge) {
    return judge(view, claims()).verdict() == Verdict::met;
  });
}

void Stage::kill_bus() {
  need_hold();
  // Before the signal, so that nothing the crash brought about is dated before it.
  recorder().mark("kill");
  setting_.target.kill();
}

void Stage::stop_bus() {
  need_hold();
  // Longer than it says it needs, so that who takes longer is seen to.
  const milliseconds within =
      milliseconds(claims_.limit("shutdown_ms").value_or(0)) + targets::Target::kStopGrace;
  recorder().mark("stop");
  const bool complied = setting_.target.stop(within);
  recorder().mark(complied ? "stopped" : "would_not_stop");
}

milliseconds Stage::mark_processor_time(std::string_view name) {
  need_hold();
  const auto used = setting_.target.processor_time();
  if (!used) throw Abandoned{Verdict::unverified, "the processor time of the bus cannot be seen"};
  history::Event event;
  event.amount = used->count();
  recorder().add(event, {.error = name});
  return *used;
}

void Stage::start_bus() { start_bus({}); }

void Stage::gone() {
  for (const auto& session : sessions_) session->wait_closed(patience());
  control_.reset();
}

void Stage::need_variant(std::string_view variant) const {
  if (!setting_.target.has_variant(variant))
    throw Abandoned{Verdict::unverified, fmt::format("variant: the target names no {}", variant)};
}

void Stage::start_bus(std::string_view variant) {
  need_hold();
  if (!variant.empty()) need_variant(variant);
  await_start([&] { return setting_.target.start(variant); },
              variant.empty() ? "" : json::serialize(json::object{{"variant", variant}}));
}

void Stage::await_start(const std::function<contract::Result<void>()>& start,
                        const std::string& detail) {
  gone();
  if (auto started = start(); !started) {
    recorder().mark("not_ready");
    throw Abandoned{Verdict::blocked, "the bus did not start again: " + started.error().detail()};
  }
  const milliseconds limit(claims_.limit_or_default("recovery_ms"));
  auto up = await_hello(setting_.target, recorder(), limit);
  if (!up) {
    recorder().mark("not_ready");
    throw Abandoned{Verdict::blocked,
                    fmt::format("bus/hello was not answered within recovery_ms of a start: {} ({})",
                                up.error().kind(), up.error().detail())};
  }
  claims_ = std::move(*up);
  recorder().add({.action = history::Action::mark}, {.error = "started", .detail = detail});
}

void Stage::hold_clock() {
  need_hold();
  if (!setting_.target.can_hold_clock())
    throw Abandoned{Verdict::unverified, "there is no hold on the clock of the bus"};
  stop_bus();
  gone();
  // That a program does not run beneath another clock is no fault of a bus.
  const auto started = setting_.target.start_with_clock();
  if (!started)
    throw Abandoned{Verdict::unverified, "the bus does not start with libfaketime preloaded: " +
                                             started.error().detail()};
  await_start([&] { return started; }, R"({"clock": "held"})");
}

void Stage::set_clock(milliseconds ahead) {
  if (!setting_.target.set_clock(ahead))
    throw Abandoned{Verdict::unverified, "the bus does not go by the clock that it was given"};
  recorder().add({.action = history::Action::mark, .amount = ahead.count()}, {.error = "clock"});
}

bool Stage::lost() const {
  return unreachable_ || std::any_of(sessions_.begin(), sessions_.end(),
                                     [](const auto& session) { return session->lost(); });
}

bool Stage::hangs() {
  const auto silent = std::find_if(sessions_.begin(), sessions_.end(),
                                   [](const auto& session) { return session->silent(); });
  if (silent == sessions_.end()) return false;
  if (many_connections()) {
    history::Recorder unseen({});  // No part of what the scenario did.
    targets::Shared theirs = shared();
    auto other = Session::open(setting_.target.connector(),
                               {unseen, "probe", kProbe.count(), theirs.handshake, theirs.bearer});
    const auto claims =
        other ? (*other)->hello()
              : contract::Result<contract::Claims>(tl::make_unexpected(other.error()));
    return !claims && claims.error().kind() == "no_answer";
  }
  const auto answer =
      (*silent)->call("bus/unsubscribe", {{"subscription", "no such subscription"}});
  return !answer && answer.error().kind() == "no_answer";
}

milliseconds Stage::patience() const { return kPatience; }

std::int64_t Stage::credit_for(std::int64_t wanted) const {
  constexpr std::int64_t kModest = 100;
  const auto most = claims_.limit("credit_max");
  if (most) return std::min(wanted, *most);
  if (claims_.declares("credit_max")) return wanted;  // Unlimited.
  // Nobody has said how much is too much; the default is certainly not.
  return std::min(wanted, claims_.limit("credit_default").value_or(kModest));
}

}  // namespace busproof::stage
