// The plumbing: requests out, answers and notes in, each recorded as it passes.
#include "suites/targets/session.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/history/breaches.hpp"
#include "suites/targets/answers.hpp"

namespace busproof::targets {
namespace {

namespace json = boost::json;
using contract::Effect;
using contract::Error;
using history::Action;
using history::Event;
using history::Phase;

constexpr std::size_t kDepthMax = 1024;
constexpr std::chrono::seconds kCloseLimit{5};
constexpr std::chrono::milliseconds kSilentLimit{1000};
// What a hook does is not judged: a busy machine is given time.
constexpr std::chrono::milliseconds kHookLimit{30'000};
constexpr std::int64_t kAboveDeclared = 64 << 10;  // How much more a client takes.

Phase phase_of(const Result<json::object>& answer) {
  if (answer) return Phase::ok;
  return answer.error().effect() == Effect::did_not_happen ? Phase::fail : Phase::info;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(Connector& connector, Shared shared) {
  unsigned unused = 0;
  return open(connector, std::move(shared), unused);
}

Result<std::unique_ptr<Session>> Session::open(Connector& connector, Shared shared,
                                               unsigned& status) {
  std::unique_ptr<Session> session(new Session(std::move(shared)));  // The constructor is private.
  auto transport = connector.connect_as(*session, session->shared_.handshake, status);
  if (!transport) return tl::make_unexpected(transport.error());
  session->transport_ = std::move(*transport);
  session->over_ = connector.over();
  Event event;
  event.action = Action::connected;
  session->note(event, {});
  return session;
}

Session::Session(Shared shared)
    : shared_(std::move(shared)), number_(shared_.recorder.next_session()) {}

Session::~Session() { transport_.reset(); }

std::uint32_t Session::start(Request request) {
  const std::uint32_t operation = shared_.recorder.next_operation();
  request.event.op = operation;
  json::object message{{"jsonrpc", "2.0"}, {"id", operation}, {"method", request.method}};
  message["params"] = std::move(request.params);
  const std::string text = json::serialize(message);
  expect(std::move(request), std::to_string(operation));
  shared_.recorder.wire(number_, true, text);
  transport_->send(text);
  return operation;
}

std::uint32_t Session::expect(Request request, const std::string& id) {
  Event& event = request.event;
  if (event.op == 0) event.op = shared_.recorder.next_operation();
  event.phase = Phase::invoke;
  event.session = number_;
  const std::lock_guard lock(mutex_);
  event.at = history::now();
  if (request.recorded)
    shared_.recorder.add(
        event,
        {.destination = request.destination,
         .detail = request.detail.empty() ? std::string() : json::serialize(request.detail)});
  Pending& pending = pending_[event.op];
  pending.event = event;
  pending.recorded = request.recorded;
  const std::chrono::milliseconds declared(shared_.answer_ms);
  pending.within = request.method.starts_with("ctl/") ? std::max(declared, kHookLimit) : declared;
  if (ending_) {
    finish(pending, contract::refused("disconnected", "the connection had ended before"), {},
           history::now());
  } else {
    operation_of_id_[id] = event.op;
  }
  return event.op;
}

Result<json::object> Session::await(std::uint32_t operation, json::object* said) {
  std::unique_lock lock(mutex_);
  Pending& pending = pending_.at(operation);
  // From the request on: however long others were awaited before, a late answer counts as none.
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(history::now() - pending.event.at);
  const auto limit = patient(pending.within - since);
  if (!changed_.wait_for(lock, limit, [&] { return pending.answer.has_value(); })) {
    silent_ = history::now() - heard_ > limit / 2;
    finish(pending,
           contract::in_doubt("no_answer",
                              fmt::format("no answer within {} ms", (since + limit).count())),
           {}, history::now());
  }
  Result<json::object> answer = std::move(*pending.answer);
  if (said != nullptr) *said = std::move(pending.said);
  pending_.erase(operation);
  return answer;
}

Result<json::object> Session::ask(Request request) { return await(start(std::move(request))); }

Result<void> Session::ask_nothing(Request request) {
  auto answer = ask(std::move(request));
  if (!answer) return tl::make_unexpected(answer.error());
  return {};
}

void Session::finish(Pending& pending, Result<json::object> answer, const json::object& said,
                     Time at) {
  if (pending.answer) return;
  Event event = pending.event;
  event.phase = phase_of(answer);
  event.at = at;
  if (pending.recorded) {
    json::object detail = said;
    if (!answer && !answer.error().detail().empty()) detail["says"] = answer.error().detail();
    shared_.recorder.add(event,
                         {.error = answer ? std::string_view() : answer.error().kind(),
                          .detail = detail.empty() ? std::string() : json::serialize(detail)});
  }
  pending.said = said;
  pending.answer.emplace(std::move(answer));
  changed_.notify_all();
}

/// Takes note that something came; false where it is larger than the bus said it would be, or was
/// still under way to us when we cut the connection.
bool Session::hear(std::string_view text, Time at) {
  const std::lock_guard lock(mutex_);
  if (ending_) return false;
  heard_ = at;
  silent_ = false;
  if (!message_bytes_max_ ||
      static_cast<std::int64_t>(text.size()) <= *message_bytes_max_ + kAboveDeclared)
    return true;
  breach(fmt::format("a message of {} bytes, though message_bytes_max is {}", text.size(),
                     *message_bytes_max_),
         text, at);
  return false;
}

void Session::on_text(std::string_view text, Time at) {
  shared_.recorder.wire(number_, false, text, at);
  if (!hear(text, at)) return;
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed, {}, options);
  if (failed || !value.is_object()) return breach(history::kNoJson, text, at);
  const json::object& message = value.get_object();
  const json::value* method = message.if_contains("method");
  const json::value* id = message.if_contains("id");
  if (method == nullptr && id != nullptr) return answered(json::serialize(*id), message, at);
  if (method == nullptr || !method->is_string())
    return breach("neither an answer nor a notification", text, at);
  const json::value* params = message.if_contains("params");
  if (params == nullptr || !params->is_object())
    return breach("a notification without params", text, at);
  if (method->get_string() == "bus/deliver") return delivered(params->get_object(), at);
  if (method->get_string() == "bus/closed") {
    Event event;
    event.at = at;
    event.action = Action::closed;
    return note(event, params->get_object());
  }
  breach("a notification that the protocol does not know", text, at);
}

void Session::answered(const std::string& id, const json::object& message, Time at) {
  const std::lock_guard lock(mutex_);
  const auto found = operation_of_id_.find(id);
  if (found == operation_of_id_.end()) {
    const bool twice = answered_ids_.contains(id);
    return breach(twice ? history::kSecondAnswer : history::kStrayAnswer, json::serialize(message),
                  at);
  }
  const std::uint32_t operation = found->second;
  operation_of_id_.erase(found);
  answered_ids_.insert(id);
  const auto waiting = pending_.find(operation);
  if (waiting == pending_.end()) return;  // It came after answer_ms: it counts as none.
  Pending& pending = waiting->second;
  json::object said;
  auto answer = read_answer(message, said);
  if (answer)
    said = result_detail(pending.event.action, *answer,
                         [this](std::string_view event) { return message_of(event); });
  if (answer && pending.event.action == Action::subscribe)
    if (const json::value* name = answer->if_contains("subscription"))
      subscriptions_[json::serialize(*name)] = pending.event.subscription;
  finish(pending, std::move(answer), said, at);
}

void Session::delivered(const json::object& params, Time at) {
  const json::value* event = params.if_contains("event");
  const json::value* name = params.if_contains("subscription");
  if (event == nullptr || !event->is_object() || name == nullptr)
    return breach("a delivery without subscription or event", json::serialize(params), at);
  json::object detail = event_detail(event->get_object());
  Delivered got = read_delivery(params);
  if (const json::value* id = event->get_object().if_contains("id"); id && id->is_string())
    got.message = message_of(id->get_string());
  got.at = at;
  detail["tx"] = got.transaction_id;
  detail["route"] = got.route;
  detail["destination"] = got.destination;
  got.attributes = own_attributes(event->get_object());
  if (!got.attributes.empty()) detail["attributes"] = got.attributes;
  const std::lock_guard lock(mutex_);
  const auto subscription = subscriptions_.find(json::serialize(*name));
  if (subscription == subscriptions_.end())
    return breach("a delivery on a subscription that was never made", json::serialize(params), at);
  got.subscription = subscription->second;
  if (!got.delivery_id.empty()) {
    std::uint32_t& number = delivery_numbers_[got.delivery_id];
    if (number != 0) breach("a delivery id used twice", got.delivery_id, at);
    number = got.number = shared_.recorder.next_delivery();
  }
  Event seen;
  seen.at = at;
  seen.action = Action::deliver;
  seen.message = got.message;
  seen.subscription = got.subscription;
  seen.delivery = got.number;
  seen.attempt = got.attempt;
  note(seen, detail);
  inbox_[got.subscription].push_back(std::move(got));
  changed_.notify_all();
}

void Session::on_closed(const Ending& ending, Time at) {
  const std::lock_guard lock(mutex_);
  Event event;
  event.at = at;
  event.action = Action::disconnected;
  note(event, {{"by", ending.by_us ? "us" : "bus"}, {"code", ending.code}, {"why", ending.why}});
  ending_ = ending;
  for (auto& [operation, pending] : pending_)
    finish(pending, contract::in_doubt("disconnected", ending.why), {}, at);
  operation_of_id_.clear();
  changed_.notify_all();
}

void Session::on_ping(Time at) {
  const std::lock_guard lock(mutex_);
  Event event;
  event.at = at;
  event.action = Action::mark;
  event.session = number_;
  shared_.recorder.add(event, {.error = "pinged"});
  ++pings_;
  changed_.notify_all();
}

void Session::breach(std::string_view what, std::string_view text, Time at) {
  Event event;
  event.at = at;
  event.action = Action::breach;
  note(event, {{"what", what}, {"text", text.substr(0, 500)}});
}

void Session::note(Event event, const json::object& detail) {
  event.session = number_;
  shared_.recorder.add(event, {.detail = detail.empty() ? std::string() : json::serialize(detail)});
}

std::uint32_t Session::message_of(std::string_view event_id) const {
  const std::string prefix = shared_.token + "-";
  if (!event_id.starts_with(prefix)) return 0;
  event_id.remove_prefix(prefix.size());
  std::uint32_t number = 0;
  const auto [end, failed] =
      std::from_chars(event_id.data(), event_id.data() + event_id.size(), number);
  return failed == std::errc() && end == event_id.data() + event_id.size() ? number : 0;
}

std::vector<Delivered> Session::deliveries(const Subscribed& subscription, std::size_t skip) {
  const std::lock_guard lock(mutex_);
  const auto& got = inbox_[subscription.number];
  return {got.begin() + static_cast<std::ptrdiff_t>(std::min(skip, got.size())), got.end()};
}

bool Session::wait(const Subscribed& subscription, std::chrono::milliseconds limit,
                   const Enough& enough) {
  std::unique_lock lock(mutex_);
  const auto& got = inbox_[subscription.number];
  return changed_.wait_for(lock, patient(limit), [&] {
    return enough(got) || ending_.has_value();
  }) && enough(got);
}

bool Session::wait_closed(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return ending_.has_value(); });
}

bool Session::closed() { return wait_closed(std::chrono::milliseconds(0)); }

bool Session::lost() {
  const std::lock_guard lock(mutex_);
  return ending_ && !ending_->by_us;
}

bool Session::silent() {
  const std::lock_guard lock(mutex_);
  return silent_ && !ending_;
}

std::chrono::milliseconds Session::patient(std::chrono::milliseconds limit) const {
  return silent_ ? std::min(limit, kSilentLimit) : limit;
}

void Session::mark(std::string_view name) {
  Event event;
  event.session = number_;
  event.action = Action::mark;
  shared_.recorder.add(event, {.error = name});
}

void Session::leaving() { mark("leaving"); }

void Session::wait_for_ping(std::chrono::milliseconds limit) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [&, before = pings_] { return pings_ > before || ending_; });
  }
  mark("listened");
}

void Session::stop_reading() {
  transport_->read(false);
  mark("stops_reading");
}

/// What comes from here on was read after the mark.
void Session::read_again() {
  mark("reads_again");
  transport_->read(true);
}

void Session::close() {
  leaving();
  transport_->close();
  if (!wait_closed(kCloseLimit)) cut();
}

void Session::cut() {
  leaving();
  transport_->cut();
  wait_closed(kCloseLimit);
}

}  // namespace busproof::targets
