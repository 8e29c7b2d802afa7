// Effects are carried out under the lock, in order: none of them blocks.
#include "reference/executor/executor.hpp"

#include <deque>

#include "reference/executor/log.hpp"

namespace reference::executor {
namespace {

constexpr std::size_t kWorkers = 2;
// A payload of the declared depth lies this much deeper in its request.
constexpr int kEnvelopeDepth = 64;

core::Tick now() { return std::chrono::steady_clock::now(); }

}  // namespace

Executor::Executor(core::Settings settings, stores::QueueStore& queues,
                   stores::PayloadStore& payloads, const core::Policies& policies,
                   core::Random& random, Edge* edge, stores::Relay* relay)
    : policies_(policies),
      edge_(edge),
      relay_(relay),
      parse_depth_(static_cast<std::size_t>(settings.limits.json_depth_max + kEnvelopeDepth)),
      codec_(settings.compression),
      core_(settings, policies, random),
      ailing_queues_(queues, queues_illness_),
      ailing_payloads_(payloads, payloads_illness_),
      workers_(kWorkers) {
  const auto lane = [&] {
    const auto then = [this](Answers answers) { report(std::move(answers)); };
    return settings.control_token ? std::make_unique<Lane>(ailing_queues_, ailing_payloads_, then)
                                  : std::make_unique<Lane>(queues, payloads, then);
  };
  lane_ = lane();
  payload_lane_ = lane();
}

Executor::~Executor() { end(); }

void Executor::end() {
  {
    const Lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (timer_.joinable()) timer_.join();
  if (relay_ != nullptr) relay_->end();
  workers_.end();
  queues_illness_.end();
  payloads_illness_.end();
  lane_->end();
  payload_lane_->end();
  // Who still waits is let go while what it belongs to is there.
  const Lock lock(mutex_);
  scrapes_.clear();
  knocks_.clear();
}

void Executor::start(Outlet& outlet) {
  outlet_ = &outlet;
  if (relay_ != nullptr) relay_->start(*this);
  timer_ = std::thread([this] { keep_time(); });
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return swept_once_ && !core_.sweeping(); });
}

void Executor::opened(core::Conn conn, core::Role role, std::string token) {
  const Lock lock(mutex_);
  core_.opened(conn, role, now(), std::move(token));
  carry_out();
}

void Executor::closed(core::Conn conn) {
  const Lock lock(mutex_);
  core_.closed(conn, now());
  carry_out();
}

void Executor::received(core::Conn conn, std::string_view text) {
  if (edge_ == nullptr) return request(conn, core::read_request(text, parse_depth_));
  boost::json::error_code error;
  auto message = boost::json::parse(text, error, {}, {.max_depth = parse_depth_});
  if (error) return request(conn, core::read_request(text, parse_depth_));
  for (const auto& one : edge_->inbound(conn, std::move(message)))
    request(conn, core::read_request(boost::json::serialize(one), parse_depth_));
}

void Executor::request(core::Conn conn, core::Reading reading) {
  const Lock lock(mutex_);
  core_.request(conn, std::move(reading), now());
  carry_out();
}

void Executor::written(core::Conn conn, std::uint64_t bytes) {
  const Lock lock(mutex_);
  core_.written(conn, bytes, now());
  carry_out();
}

void Executor::stop(core::Ms within) {
  Lock lock(mutex_);
  stopping_ = true;
  core_.stop(now());
  carry_out();
  changed_.wait_for(lock, within, [this] { return !core_.busy(); });
}

void Executor::scrape(std::function<void(std::string)> then) {
  const Lock lock(mutex_);
  const core::Ticket ticket{next_asked_++};
  scrapes_.emplace(ticket, std::move(then));
  core_.scrape(ticket, now());
  carry_out();
}

std::optional<boost::json::object> Executor::connected(Asked asked,
                                                       const std::optional<std::string>& session,
                                                       core::Conn one) {
  const auto told = [&]() -> std::optional<boost::json::object> {
    const Lock lock(mutex_);
    switch (asked) {
      case Asked::all:
        return core_.connections(session);
      case Asked::one:
        return core_.connection(one, session);
      case Asked::numbers:
        return core_.connection_stats(session);
    }
    return std::nullopt;
  };
  return edge_ == nullptr ? told() : edge_->connected(asked, told());
}

void Executor::promise(std::string durability, std::optional<core::Ms> loss_window) {
  const Lock lock(mutex_);
  core_.promise(std::move(durability), loss_window);
}

void Executor::knock(core::DoorRequest request, std::optional<std::string> session,
                     std::function<void(core::DoorAnswer)> then) {
  const Lock lock(mutex_);
  const core::Ticket ticket{next_asked_++};
  knocks_.emplace(ticket, std::move(then));
  core_.knock(ticket, std::move(request), std::move(session), now());
  carry_out();
}

bool Executor::is_ready() {
  const Lock lock(mutex_);
  return swept_once_ && !stopping_ && !store_failing_ && core_.asks_queues();
}

bool Executor::ready() { return edge_ == nullptr ? is_ready() : edge_->ready(is_ready()); }

bool Executor::alive() { return edge_ == nullptr || edge_->alive(is_ready()); }

// A ring may make the core want more, so this goes on until nothing is left.
void Executor::carry_out() {
  for (auto effects = core_.take(); !effects.empty(); effects = core_.take())
    for (auto& effect : effects) carry_out(effect);
  const auto deadline = core_.next_deadline();
  if (deadline < armed_ || (stopping_ && !core_.busy())) changed_.notify_all();
}

void Executor::carry_out(core::Effect& effect) {
  struct Carry {
    Executor& self;
    void operator()(core::Send& one) const { self.send(std::move(one)); }
    void operator()(core::Close& one) const {
      self.outlet_->cut_off(one.conn, std::move(one.last));
    }
    void operator()(core::Throttle& one) const { self.outlet_->throttle(one.conn, one.paused); }
    void operator()(core::Encode& one) const { self.encode(std::move(one)); }
    void operator()(core::Check& one) const { self.check(std::move(one)); }
    void operator()(core::Pack& one) const { self.pack(std::move(one)); }
    void operator()(core::Unpack& one) const { self.unpack(std::move(one)); }
    void operator()(core::ToQueue& one) const { self.lane_->push(std::move(one)); }
    void operator()(core::AskQueue& one) const { self.lane_->push(std::move(one)); }
    void operator()(core::SweepQueue& one) const { self.lane_->push(one); }
    void operator()(core::ToPayload& one) const { self.payload_lane_->push(std::move(one)); }
    void operator()(core::Ring& one) const {
      if (self.relay_ != nullptr) self.relay_->ring(one.destination);
      self.core_.rung(one.destination, now());
    }
    void operator()(core::Tell& one) const {
      if (self.relay_ != nullptr) self.relay_->tell(std::move(one.text));
    }
    void operator()(core::Withdraw& one) const { self.withdraw(one); }
    void operator()(core::KeepAway& one) const { self.core_.kept_away(one.ticket, now()); }
    void operator()(core::Turned& one) const {
      log(one.to == core::BreakerState::closed ? Level::info : Level::warning, "breaker",
          {{"store", one.store == core::Store::payloads ? "payloads" : "queues"},
           {"state", core::breaker_text(one.to)}});
    }
    void operator()(core::Ail& one) const {
      auto& illness =
          one.store == core::Store::payloads ? self.payloads_illness_ : self.queues_illness_;
      illness.set(one.ill, one.delay);
    }
    void operator()(core::Page& one) const {
      auto asked = self.scrapes_.extract(one.ticket);
      if (!asked) return;
      if (self.edge_ != nullptr) one.text = self.edge_->page(std::move(one.text));
      asked.mapped()(std::move(one.text));
    }
    void operator()(core::Served& one) const {
      if (auto asked = self.knocks_.extract(one.ticket)) asked.mapped()(std::move(one.answer));
    }
  };
  std::visit(Carry{*this}, effect);
}

void Executor::send(core::Send effect) {
  if (edge_ == nullptr) return outlet_->send(effect.conn, std::move(effect.text));
  auto message = boost::json::parse(effect.text, {}, {.max_depth = parse_depth_});
  for (const auto& one : edge_->outbound(effect.conn, std::move(message)))
    outlet_->send(effect.conn, boost::json::serialize(one));
}

void Executor::withdraw(const core::Withdraw& effect) {
  const std::set<core::Ticket> tickets(effect.tickets.begin(), effect.tickets.end());
  for (const auto* lane : {&lane_, &payload_lane_})
    for (const auto ticket : (*lane)->withdraw(tickets)) core_.kept_away(ticket, now());
}

void Executor::encode(core::Encode effect) {
  auto held = std::make_shared<core::Encode>(std::move(effect));
  workers_.push([this, held] {
    const auto digest = policies_.digest(held->body);
    const Lock lock(mutex_);
    core_.encoded(held->ticket, std::move(held->body), digest, now());
    carry_out();
  });
}

void Executor::check(core::Check effect) {
  auto held = std::make_shared<core::Check>(std::move(effect));
  workers_.push([this, held] {
    core::Checked checked;
    for (const auto& [body, digest] : held->bodies)
      checked.intact.push_back(policies_.intact(body, digest));
    checked.bodies = std::move(held->bodies);
    const Lock lock(mutex_);
    core_.checked(held->ticket, std::move(checked), now());
    carry_out();
  });
}

void Executor::pack(core::Pack effect) {
  auto held = std::make_shared<core::Pack>(std::move(effect));
  workers_.push([this, held] {
    auto pieces = core::pack(policies_, codec_, *held);
    const Lock lock(mutex_);
    core_.packed(held->ticket, std::move(pieces), now());
    carry_out();
  });
}

void Executor::unpack(core::Unpack effect) {
  auto held = std::make_shared<core::Unpack>(std::move(effect));
  workers_.push([this, held] {
    auto bytes = core::unpack(policies_, *held);
    const Lock lock(mutex_);
    core_.unpacked(held->ticket, std::move(bytes), now());
    carry_out();
  });
}

void Executor::report(Answers answers) {
  const Lock lock(mutex_);
  const auto at = now();
  bool failing = store_failing_;
  const auto note = [&](const auto& result) {
    if (!result && !failing)
      log(Level::error, "store failed", {{"detail", result.error().detail()}});
    failing = failing || !result;
  };
  for (auto& [ticket, answer] : answers.payloads) {
    if (!answer && !payloads_failing_)
      log(Level::error, "payload store failed", {{"detail", answer.error().detail()}});
    if (answer && payloads_failing_) log(Level::info, "payload store recovered");
    payloads_failing_ = !answer;
    core_.fetched(ticket, std::move(answer), at);
  }
  for (auto& [ticket, answer] : answers.steps) {
    // Only a step that was written shows that the store works again.
    if (answer) failing = false;
    note(answer);
    core_.stored(ticket, std::move(answer), at);
  }
  for (auto& [ticket, answer] : answers.swept) {
    note(answer);
    if (answer && answer->expired > 0) log(Level::info, "swept", {{"expired", answer->expired}});
    swept_once_ = true;
    core_.swept(ticket, std::move(answer), at);
  }
  for (auto& [ticket, answer] : answers.views) {
    note(answer);
    core_.looked(ticket, std::move(answer), at);
  }
  if (store_failing_ && !failing) log(Level::info, "store recovered");
  store_failing_ = failing;
  if (!swept_once_ || !core_.sweeping()) changed_.notify_all();
  carry_out();
}

void Executor::rung(std::string_view destination) {
  const Lock lock(mutex_);
  core_.rung(destination, now());
  carry_out();
}

void Executor::told(std::string_view text) {
  const Lock lock(mutex_);
  core_.told(text, now());
  carry_out();
}

void Executor::roused() {
  const Lock lock(mutex_);
  core_.roused(now());
  carry_out();
}

void Executor::keep_time() {
  Lock lock(mutex_);
  while (!ending_) {
    const auto deadline = core_.next_deadline();
    armed_ = deadline;
    if (deadline > now()) {
      changed_.wait_until(lock, deadline);
    } else {
      core_.tick(now());
      carry_out();
    }
  }
}

}  // namespace reference::executor
