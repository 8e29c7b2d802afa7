// SEC-2: names and values that have been taken for code, for patterns, or for each other.
#include <array>
#include <map>
#include <optional>

#include "suites/checkers/odd_names.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using Names = std::vector<std::string>;

constexpr std::int64_t kCredit = 10;
// A name takes part of a message; a bus whose names may fill one is tried with shorter ones alone.
constexpr std::int64_t kLongestTried = 65'536;

/// What interpreters, databases, shells, loggers and paths give a meaning to.
constexpr std::array kHostile = {
    "'; DROP TABLE message; --",
    "' OR '1'='1",
    "\"; DELETE FROM queue; --",
    "$$; SELECT pg_sleep(9); $$",
    "]] redis.call('FLUSHALL') --",
    "*1\r\n$8\r\nFLUSHALL\r\n",
    "{busproof}",
    "../../../../etc/passwd",
    "C:\\..\\nul",
    "/",
    "%s%n%x",
    "%00",
    "${jndi:ldap://127.0.0.1/x}",
    "$(reboot)`reboot`",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "\\",
    "\"",
    "a,b;c|d&e=f#g?h",
    "\t\n\r\x01\x7f",
    "\xE2\x80\xAE\xE2\x80\x8B",  // Right-to-left override, zero-width space.
    "\xF0\x9F\x9A\x8C",          // Beyond 16 bits.
    "__proto__",
    "null",
};

/// Those that match others where a name is taken for a pattern, and the others.
constexpr std::array kWild = {"*", "?", "%", "_", "[ab]", "#", ">", "+", ".*", "a", "ab", "b"};

/// What is alike but not the same.
constexpr std::array kAlike = {
    "case",
    "Case",
    "CASE",  // In case,
    "\xC3\xA9",
    "e\xCC\x81",  // in Unicode form,
    "\xEF\xAC\x81",
    "fi",  // in compatibility,
    "blank",
    "blank ",
    "blank  ",
    " blank",
    "blank\t",  // in blanks,
    "1",
    "01",
    "1.0",  // and as numbers.
    "dot",
    "dot.",
    "dot/",
    "dot//",
};

/// One name after the other, with a consumer for each that the bus takes.
class Places {
 public:
  Places(Stage& stage, Session& session, std::string mode)
      : stage_(stage), session_(session), mode_(std::move(mode)) {}

  /// False when the connection ended over it.
  bool open(const std::string& name) {
    const bool queue = mode_ == "queue";
    auto subscribed = session_.subscribe(
        {.destination = name,
         .mode = mode_,
         .credit = queue ? std::optional(stage_.credit_for(kCredit)) : std::nullopt});
    if (subscribed) places_.try_emplace(name, Place{{stage_, session_, *subscribed}});
    return subscribed || !session_.closed();
  }

  bool publish(const std::string& name, Payload payload, boost::json::object attributes = {}) {
    auto published = session_.publish({.destination = name,
                                       .mode = mode_,
                                       .payload = std::move(payload),
                                       .attributes = std::move(attributes)});
    if (const auto place = places_.find(name); published && place != places_.end())
      ++place->second.due;
    return published || !session_.closed();
  }

  /// Takes what comes, up to a fence at each place where something is due.
  void take() {
    for (auto& [name, place] : places_) {
      if (place.due == 0) continue;
      place.consumer.count(place.due);
      place.consumer.fence(name, mode_);
    }
  }

 private:
  struct Place {
    Consumer consumer;
    std::size_t due = 0;
  };
  Stage& stage_;
  Session& session_;
  std::string mode_;
  std::map<std::string, Place> places_;
};

/// With queues, and with topics, whichever there are.
void in_each_mode(Stage& stage, void (*act)(Stage&, Session&, Places&)) {
  for (const char* mode : {"queue", "topic"}) {
    if (!stage.claims().has(mode)) continue;
    Session& session = stage.connect();
    Places places(stage, session, mode);
    act(stage, session, places);
    if (session.closed()) return;
    places.take();
    session.close();
  }
}

bool fits(Stage& stage, const std::string& name) {
  return static_cast<std::int64_t>(name.size()) <=
         stage.claims().limit("name_bytes_max").value_or(kLongestTried);
}

/// A name of this stage's own with that at its end, at its beginning, or all around.
Names around(Stage& stage, std::string_view odd) {
  const std::string name = stage.destination();
  const std::string text(odd);
  Names all = {name + text, text + name, text + name + text};
  std::erase_if(all, [&](const std::string& one) { return !fits(stage, one); });
  return all;
}

void use(Places& places, const Names& names, int rounds) {
  for (const std::string& name : names)
    if (!places.open(name)) return;
  for (int round = 0; round < rounds; ++round)
    for (const std::string& name : names)
      if (!places.publish(name, Payload::text(name))) return;
}

void hostile_names(Stage& stage) {
  in_each_mode(stage, [](Stage& here, Session& session, Places& places) {
    for (const char* odd : kHostile) {
      use(places, around(here, odd), 1);
      if (session.closed()) return;
    }
    Names wild;
    const std::string name = here.destination();
    for (const char* sign : kWild)
      if (fits(here, name + sign)) wild.push_back(name + sign);
    use(places, wild, 2);
  });
}

void distinct(Stage& stage) {
  in_each_mode(stage, [](Stage& here, Session&, Places& places) {
    Names alike;
    const std::string name = here.destination();
    for (const char* one : kAlike)
      if (fits(here, name + one)) alike.push_back(name + one);
    use(places, alike, 4);
  });
}

boost::json::object odd_attributes(std::string_view odd) {
  boost::json::object attributes;
  for (const char* name : {"subject", "sessionid", "toolname", "providername", "note"})
    attributes[name] = odd;
  return attributes;
}

void hostile_values(Stage& stage) {
  Session& session = stage.connect();
  Places places(stage, session, "queue");
  const std::string name = stage.destination();
  if (!places.open(name)) return;
  for (const std::string_view odd : kHostile) {
    // CloudEvents leaves control characters out of attributes; payloads may hold any.
    const bool printable = odd.find_first_of("\t\r\n\x01\x7f") == std::string_view::npos;
    const auto attributes = printable ? odd_attributes(odd) : boost::json::object{};
    const auto json = boost::json::serialize(boost::json::object{{odd, boost::json::array{odd}}});
    for (const Payload& payload :
         {Payload::text(std::string(odd)), Payload::json(json), Payload::binary(std::string(odd))})
      if (!places.publish(name, payload, attributes)) return;
  }
  places.take();
}

void nul_in_names(Stage& stage) {
  using std::string_literals::operator""s;
  in_each_mode(stage, [](Stage& here, Session& session, Places& places) {
    const std::string name = here.destination();
    // Where what stands before the NUL is taken for the name, it comes here.
    if (!places.open(name) || !places.publish(name, Payload::text("plain"))) return;
    use(places, {name + "\0"s, name + "\0tail"s, "\0"s + name, "\0"s}, 1);
    if (!session.closed()) places.publish(name, Payload::text("behind"));
  });
}

/// What a bus that counts signs, or cuts, takes for less than it is.
std::string wide(const std::string& name, std::size_t bytes) {
  std::string all = name;
  while (all.size() + 2 <= bytes) all += "\xC3\xA9";
  if (all.size() < bytes) all += 'x';
  return all;
}

std::size_t longest(Stage& stage) {
  const std::int64_t most = *stage.claims().limit("name_bytes_max");
  if (most > kLongestTried)
    throw stage::Abandoned{contract::Verdict::unverified, "names may fill a whole message"};
  return static_cast<std::size_t>(most);
}

std::string filled(const std::string& name, std::size_t bytes, char with) {
  std::string all = name;
  all.resize(std::max(bytes, name.size()), with);
  return all;
}

void longest_names(Stage& stage) {
  in_each_mode(stage, [](Stage& here, Session&, Places& places) {
    const std::size_t most = longest(here);
    const std::string name = here.destination();
    std::string twin = filled(name, most, 'l');
    twin.back() = 'L';
    use(places, {filled(name, most, 'l'), twin, wide(name, most)}, 2);
  });
}

void too_long_names(Stage& stage) {
  in_each_mode(stage, [](Stage& here, Session&, Places& places) {
    const std::size_t most = longest(here);
    const std::string name = here.destination();
    const std::string cut = filled(name, most, 'l');
    if (!places.open(cut) || !places.publish(cut, Payload::text("whole"))) return;
    use(places, {cut + "l", wide(name, most + 1), filled(name, 2 * most, 'l')}, 1);
  });
}

constexpr JudgedCase kNames[] = {{"SEC-2.hostile_names", checkers::judge_names_kept}};
constexpr JudgedCase kValues[] = {{"SEC-2.hostile_values", checkers::judge_values_kept}};
constexpr JudgedCase kNul[] = {{"SEC-2.nul", checkers::judge_nul_in_name}};
constexpr JudgedCase kLongest[] = {{"SEC-2.longest", checkers::judge_longest_name}};
constexpr JudgedCase kTooLong[] = {{"SEC-2.too_long", checkers::judge_name_too_long}};
constexpr JudgedCase kDistinct[] = {{"SEC-2.distinct", checkers::judge_names_distinct}};

constexpr std::array kScenarios = {
    Scenario{.name = "Names.SEC_2_hostile_names_are_data", .cases = kNames, .run = hostile_names},
    Scenario{
        .name = "Names.SEC_2_hostile_values_are_data", .cases = kValues, .run = hostile_values},
    Scenario{.name = "Names.SEC_2_nul_is_in_no_name", .cases = kNul, .run = nul_in_names},
    Scenario{.name = "Names.SEC_2_the_longest_name_works", .cases = kLongest, .run = longest_names},
    Scenario{
        .name = "Names.SEC_2_a_longer_name_is_refused", .cases = kTooLong, .run = too_long_names},
    Scenario{.name = "Names.SEC_2_alike_is_not_the_same", .cases = kDistinct, .run = distinct},
};

}  // namespace

std::span<const Scenario> odd_names() { return kScenarios; }

}  // namespace busproof::families
