// The smallest executor there is: everything at once, on one thread.
#include "reference/core/rig.hpp"

#include <gtest/gtest.h>

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr const char* kHello = R"({"protocol":["1.0"],"client":{"name":"test","version":"1"}})";

bool is_store_work(const Effect& effect) {
  return std::holds_alternative<ToQueue>(effect) || std::holds_alternative<AskQueue>(effect) ||
         std::holds_alternative<SweepQueue>(effect) || std::holds_alternative<ToPayload>(effect);
}

std::optional<Ticket> ticket_of(const Effect& effect) {
  return std::visit(
      [](const auto& one) -> std::optional<Ticket> {
        if constexpr (requires { one.ticket; })
          return one.ticket;
        else
          return std::nullopt;
      },
      effect);
}

}  // namespace

Rig::Rig(Limits limits, const Policies* policies)
    : queues(clock),
      payloads(clock),
      limits_(limits),
      policies_(policies == nullptr ? honest_ : *policies) {
  restart();
}

void Rig::restart() {
  EXPECT_TRUE(queues.migrate());
  Settings settings;
  settings.limits = limits_;
  settings.authority = authority;
  settings.control_token = "secret";
  settings.shared = shared;
  settings.uploads = uploads;
  settings.tenancy = tenancy;
  settings.unix_ms = static_cast<std::uint64_t>(clock.ms);
  settings.started = now;
  core = std::make_unique<Core>(settings, policies_, random_);
  core->tick(now);
  settle();
}

void Rig::told(const std::string& text) {
  core->told(text, now);
  settle();
}

Conn Rig::connect(bool hello, Role role) {
  const Conn conn{next_conn_++};
  core->opened(conn, role, now);
  if (hello && role == Role::client) ok(conn, "bus/hello", kHello);
  return conn;
}

Conn Rig::connect_as(const std::string& agent, const std::string& more) {
  const Conn conn = connect(false);
  ok(conn, "bus/hello",
     R"({"protocol":["1.0"],"client":{"name":"test","version":"1"},"agent_id":")" + agent + '"' +
         more + "}");
  return conn;
}

void Rig::disconnect(Conn conn) {
  core->closed(conn, now);
  settle();
}

void Rig::raw(Conn conn, const std::string& text) {
  core->request(conn, read_request(text, 128), now);
  settle();
}

int Rig::request(Conn conn, const std::string& method, const std::string& params) {
  const int id = next_id_++;
  raw(conn, R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method +
                R"(","params":)" + params + "}");
  return id;
}

std::optional<json::object> Rig::answer(Conn conn, int id) {
  const auto found = answers_[conn].find(id);
  if (found == answers_[conn].end()) return std::nullopt;
  return found->second;
}

json::object Rig::call(Conn conn, const std::string& method, const std::string& params) {
  const auto got = answer(conn, request(conn, method, params));
  EXPECT_TRUE(got) << method << " was not answered";
  return got.value_or(json::object());
}

json::object Rig::ok(Conn conn, const std::string& method, const std::string& params) {
  const auto got = call(conn, method, params);
  const auto* result = got.if_contains("result");
  EXPECT_NE(result, nullptr) << method << " " << params << " -> " << got;
  return result == nullptr ? json::object() : result->as_object();
}

std::string Rig::error(Conn conn, const std::string& method, const std::string& params) {
  const auto got = call(conn, method, params);
  const auto* error = got.if_contains("error");
  if (error == nullptr) return "none";
  const auto* data = error->as_object().if_contains("data");
  if (data == nullptr) return std::to_string(error->at("code").as_int64());
  return std::string(data->at("kind").as_string());
}

std::optional<json::object> Rig::delivery(Conn conn) {
  auto& waiting = deliveries_[conn];
  if (waiting.empty()) return std::nullopt;
  auto first = std::move(waiting.front());
  waiting.pop_front();
  return first;
}

void Rig::advance(Ms by) {
  const Tick end = now + by;
  while (core->next_deadline() <= end) {
    const Tick next = std::max(core->next_deadline(), now);
    clock.ms += std::chrono::duration_cast<Ms>(next - now).count();
    now = next;
    core->tick(now);
    settle();
  }
  clock.ms += std::chrono::duration_cast<Ms>(end - now).count();
  now = end;
  core->tick(now);
  settle();
}

void Rig::release() {
  held_ = false;
  auto work = std::exchange(pending_, {});
  for (auto& effect : work) carry_out_store(effect);
  settle();
}

void Rig::settle() {
  for (auto effects = core->take(); !effects.empty(); effects = core->take()) {
    for (auto& effect : effects) {
      if (!is_store_work(effect))
        carry_out(effect);
      else if (held_)
        pending_.push_back(std::move(effect));
      else
        carry_out_store(effect);
    }
  }
}

void Rig::carry_out(Effect& effect) {
  if (auto* send = std::get_if<Send>(&effect)) {
    deliver(*send);
  } else if (auto* ring = std::get_if<Ring>(&effect)) {
    core->rung(ring->destination, now);
  } else if (auto* keep = std::get_if<KeepAway>(&effect)) {
    core->kept_away(keep->ticket, now);
  } else if (auto* withdraw = std::get_if<Withdraw>(&effect)) {
    take_back(*withdraw);
  } else if (auto* turned = std::get_if<Turned>(&effect)) {
    turns.emplace_back(turned->store, turned->to);
  } else if (auto* tell = std::get_if<Tell>(&effect)) {
    tells.push_back(std::move(tell->text));
  } else if (auto* served = std::get_if<Served>(&effect)) {
    door.emplace(served->ticket, std::move(served->answer));
  } else if (auto* page = std::get_if<Page>(&effect)) {
    pages.push_back(std::move(page->text));
  } else if (auto* close = std::get_if<Close>(&effect)) {
    closed.push_back(close->conn);
    deliver({close->conn, close->last});
  } else if (auto* throttle = std::get_if<Throttle>(&effect)) {
    throttles.push_back(throttle->paused);
  } else if (auto* encode = std::get_if<Encode>(&effect)) {
    const auto digest = policies_.digest(encode->body);
    core->encoded(encode->ticket, std::move(encode->body), digest, now);
  } else if (auto* check = std::get_if<Check>(&effect)) {
    Checked checked;
    for (const auto& [body, digest] : check->bodies)
      checked.intact.push_back(policies_.intact(body, digest));
    checked.bodies = std::move(check->bodies);
    core->checked(check->ticket, std::move(checked), now);
  } else if (auto* pack_work = std::get_if<Pack>(&effect)) {
    core->packed(pack_work->ticket, pack(policies_, compression, *pack_work), now);
  } else if (auto* unpack_work = std::get_if<Unpack>(&effect)) {
    core->unpacked(unpack_work->ticket, unpack(policies_, *unpack_work), now);
  }
}

// A store that is down fails every call; whether it was one.
bool Rig::fail_store(Effect& effect) {
  const bool payload = std::holds_alternative<ToPayload>(effect);
  if (!down.contains(payload ? Store::payloads : Store::queues)) return false;
  const auto ticket = *ticket_of(effect);
  const auto error = tl::make_unexpected(StoreError::did_not_happen("down"));
  if (payload)
    core->fetched(ticket, error, now);
  else if (std::holds_alternative<ToQueue>(effect))
    core->stored(ticket, error, now);
  else if (std::holds_alternative<AskQueue>(effect))
    core->looked(ticket, error, now);
  else
    core->swept(ticket, error, now);
  return true;
}

void Rig::carry_out_store(Effect& effect) {
  if (fail_store(effect)) return;
  if (auto* step = std::get_if<ToQueue>(&effect)) {
    auto answers = queues.apply(std::span(&step->step, 1), step->shift);
    ASSERT_TRUE(answers);
    core->stored(step->ticket, std::move(answers->front()), now);
  } else if (auto* ask = std::get_if<AskQueue>(&effect)) {
    core->looked(ask->ticket, queues.look(ask->question, ask->shift), now);
  } else if (auto* sweep = std::get_if<SweepQueue>(&effect)) {
    core->swept(sweep->ticket, queues.sweep(sweep->at_most, sweep->attempts_max, sweep->shift),
                now);
  } else if (auto* work = std::get_if<ToPayload>(&effect)) {
    core->fetched(work->ticket, stores::carry_out(payloads, work->op, work->shift), now);
  }
}

void Rig::take_back(const Withdraw& withdraw) {
  const std::set<Ticket> tickets(withdraw.tickets.begin(), withdraw.tickets.end());
  std::erase_if(pending_, [&](const Effect& effect) {
    const auto ticket = ticket_of(effect);
    if (!ticket || !tickets.contains(*ticket)) return false;
    core->kept_away(*ticket, now);
    return true;
  });
}

void Rig::deliver(const Send& send) {
  sent.emplace_back(send.conn, send.text);
  if (reads) core->written(send.conn, send.text.size(), now);
  auto message = json::parse(send.text, {}, {.max_depth = 256}).as_object();
  if (const auto* method = message.if_contains("method")) {
    if (method->as_string() == "bus/deliver")
      deliveries_[send.conn].push_back(message.at("params").as_object());
    else
      notices_[send.conn].push_back(message);
  } else if (message.at("id").is_int64()) {
    answers_[send.conn][static_cast<int>(message.at("id").as_int64())] = message;
  }
}

std::string message(const std::string& destination, const std::string& data,
                    const std::string& mode, const std::string& extra,
                    const std::string& attributes) {
  static int id = 0;
  return R"({"destination":")" + destination + R"(","mode":")" + mode +
         R"(","event":{"specversion":"1.0","id":")" + std::to_string(++id) +
         R"(","source":"s","type":"t")" + attributes + (data.empty() ? "" : R"(,"data":)" + data) +
         "}" + extra + "}";
}

}  // namespace reference::core
