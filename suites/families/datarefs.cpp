// SEC-6: addresses in messages, where somebody listens.
#include <array>
#include <condition_variable>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/serialize.hpp>

#include "fixtures/proxy/listener.hpp"
#include "suites/checkers/datarefs.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Session;
using tcp = boost::asio::ip::tcp;

/// Listens on loopback, says nothing, and counts who comes.
class Lure {
 public:
  [[nodiscard]] std::string url(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}/{}", listener_.port(), path);
  }

  /// How many have come so far. Connections are accepted in order, so that once our own has been
  /// seen all before it have been counted.
  std::uint64_t visitors() {
    boost::asio::io_context io;
    tcp::socket own(io);
    boost::system::error_code failed;
    own.connect({boost::asio::ip::address_v4::loopback(), listener_.port()}, failed);
    std::unique_lock lock(mutex_);
    if (!failed) {
      const auto own_port = own.local_endpoint(failed).port();
      changed_.wait(lock, [&] { return ports_.contains(own_port); });
    }
    return ports_.size() - (failed ? 0 : 1);
  }

 private:
  void came(tcp::socket& socket) {
    boost::system::error_code failed;
    const auto from = socket.remote_endpoint(failed).port();
    const std::lock_guard lock(mutex_);
    ports_.insert(from);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::uint16_t> ports_;
  proxy::Listener listener_{[this](tcp::socket& socket) { came(socket); }};
};

/// What a client may hope that somebody fetches, or takes for the bus' own.
std::vector<std::string> foreign_datarefs(const Lure& lure) {
  return {lure.url("payload"), lure.url(""),        "file:///etc/hostname",
          "/etc/hostname",     "../../etc/passwd",  "urn:busproof:payload:1",
          "not a dataref",     "data:text/plain,x", ""};
}

Publish with(const std::string& destination, std::string_view mode, std::string_view attribute,
             const std::string& value) {
  return {
      .destination = destination, .mode = std::string(mode), .attributes = {{attribute, value}}};
}

struct Place {
  std::string destination, mode;
  Session& session;
  Consumer consumer;
};

Place open_place(Stage& stage) {
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& session = stage.connect();
  const auto credit = mode == "queue" ? std::optional(stage.credit_for(20)) : std::nullopt;
  const auto subscribed =
      stage.subscribe(session, {.destination = destination, .mode = mode, .credit = credit});
  return {destination, mode, session, {stage, session, subscribed}};
}

/// False when the connection ended over it.
bool send_datarefs(Place& place, const Lure& lure) {
  for (const std::string& dataref : foreign_datarefs(lure))
    if (!place.session.publish(with(place.destination, place.mode, "dataref", dataref)) &&
        place.session.closed())
      return false;
  return true;
}

void foreign(Stage& stage) {
  const Lure lure;
  Place place = open_place(stage);
  send_datarefs(place, lure);
}

void addresses(Stage& stage) {
  Lure lure;
  Place place = open_place(stage);
  if (!send_datarefs(place, lure)) return;
  const auto json = boost::json::serialize(
      boost::json::object{{"$ref", lure.url("ref")}, {"url", lure.url("payload")}});
  std::size_t taken = 0;
  for (const char* name : {"dataschema", "subject", "type", "replyto", "callbackurl", "href"}) {
    Publish one = with(place.destination, place.mode, name, lure.url(name));
    one.payload = Payload::json(json);
    const auto published = place.session.publish(one);
    if (!published && place.session.closed()) return;
    taken += published ? 1 : 0;
  }
  place.consumer.count(taken);
  if (!place.consumer.fence(place.destination, place.mode)) return;
  // Elsewhere loopback is another's.
  stage.need_own_bus();
  stage.recorder().add(
      {.action = history::Action::mark, .amount = static_cast<std::int64_t>(lure.visitors())},
      {.error = "visitors"});
}

constexpr JudgedCase kForeign[] = {{"SEC-6.refused", checkers::judge_dataref_refused}};
constexpr JudgedCase kAddresses[] = {{"SEC-6.not_fetched", checkers::judge_nothing_fetched}};

constexpr std::array kScenarios = {
    Scenario{
        .name = "Datarefs.SEC_6_a_foreign_dataref_is_refused", .cases = kForeign, .run = foreign},
    Scenario{.name = "Datarefs.SEC_6_addresses_are_data", .cases = kAddresses, .run = addresses},
};

}  // namespace

std::span<const Scenario> datarefs() { return kScenarios; }

}  // namespace busproof::families
