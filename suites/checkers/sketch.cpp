#include "suites/checkers/sketch.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Event;
using history::Phase;

contract::Claims claims_of(const json::object& limits, const json::object& capabilities) {
  json::object claimed{{"queue", json::object{}}};
  for (const auto& member : capabilities) claimed[member.key()] = member.value();
  const json::object hello{{"protocol", "1.0"},
                           {"server", json::object{{"name", "sketch"}, {"version", "1"}}},
                           {"capabilities", claimed},
                           {"limits", limits},
                           {"guarantees", json::object{}}};
  return contract::Claims::parse(hello).value();
}

}  // namespace

Sketch::Sketch(const json::object& limits, const json::object& capabilities)
    : claims_(claims_of(limits, capabilities)) {}

void Sketch::add(Event event, Millis at, std::string_view destination, std::string_view error,
                 const json::object& detail) {
  event.at = std::chrono::milliseconds(at);
  event.destination = history_.intern(destination);
  event.error = history_.intern(error);
  if (!detail.empty()) event.detail = history_.intern(json::serialize(detail));
  history_.events.push_back(event);
}

Sketch& Sketch::request(Action action, Millis from, Millis to, const About& about) {
  Event event;
  event.phase = Phase::invoke;
  event.action = action;
  event.op = ++operations_;
  event.session = about.session;
  event.message = about.message;
  event.subscription = about.subscription;
  event.delivery = about.delivery;
  event.amount = about.amount;
  add(event, from, about.destination, "", about.asked);
  if (to < 0) return *this;
  event.phase = about.error.empty() ? Phase::ok : about.definite ? Phase::fail : Phase::info;
  add(event, to, about.destination, about.error, about.said);
  return *this;
}

Sketch& Sketch::subscribe(Millis from, Millis to, std::int64_t credit, std::int64_t lease_ms,
                          About about) {
  about.amount = credit;
  about.asked["mode"] = "queue";
  if (lease_ms > 0) about.asked["lease_ms"] = lease_ms;
  return request(Action::subscribe, from, to, about);
}

Sketch& Sketch::publish(Millis from, Millis to, std::uint32_t message, json::object asked) {
  asked["mode"] = "queue";
  return request(Action::publish, from, to,
                 {.message = message, .subscription = 0, .asked = std::move(asked)});
}

Sketch& Sketch::deliver(Millis at, const About& about, std::int32_t attempt) {
  Event event;
  event.action = Action::deliver;
  event.session = about.session;
  event.subscription = about.subscription;
  event.message = about.message;
  event.delivery = about.delivery;
  event.attempt = attempt;
  add(event, at, "", "", about.said);
  return *this;
}

Sketch& Sketch::mark(Millis at, std::string_view name, std::uint32_t message,
                     std::uint32_t session) {
  Event event;
  event.message = message;
  event.session = session;
  add(event, at, "", name, {});
  return *this;
}

Sketch& Sketch::mark(Millis at, std::string_view name, const json::object& detail) {
  add({}, at, "", name, detail);
  return *this;
}

Sketch& Sketch::disconnected(Millis at, std::uint32_t session, std::string_view by) {
  Event event;
  event.action = Action::disconnected;
  event.session = session;
  add(event, at, "", "", {{"by", by}, {"code", 1000}});
  return *this;
}

Sketch& Sketch::fence(Millis from, Millis came, std::uint32_t message, std::uint32_t delivery,
                      std::uint32_t subscription, std::uint32_t session) {
  publish(from, from + 1, message).mark(from + 1, "fence", message);
  return deliver(
      came,
      {.message = message, .delivery = delivery, .subscription = subscription, .session = session});
}

history::History Sketch::history() const {
  history::History made = history_;
  std::stable_sort(made.events.begin(), made.events.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  return made;
}

Judgement Sketch::judged(Judge judge) const {
  const history::History made = history();
  return judge(history::View(made), claims_);
}

bool points_at_delivery(const Judgement& judgement, const history::History& history,
                        std::uint32_t delivery) {
  return std::any_of(judgement.events().begin(), judgement.events().end(), [&](std::size_t index) {
    const Event& event = history.events.at(index);
    return event.action == Action::deliver && event.delivery == delivery;
  });
}

bool points_at_message(const Judgement& judgement, const history::History& history,
                       std::uint32_t message) {
  return std::any_of(judgement.events().begin(), judgement.events().end(), [&](std::size_t index) {
    return history.events.at(index).message == message;
  });
}

}  // namespace busproof::checkers
