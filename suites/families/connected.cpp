// END-5: who is connected, as the endpoint's pages tell it.
#include "suites/checkers/connected.hpp"

#include <algorithm>
#include <array>

#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Page;
using stage::Scenario;
using stage::Stage;
using targets::Session;

/// The ids on the list, as far as it can be read.
std::vector<std::string> ask_list(Stage& stage) {
  std::vector<std::string> ids;
  const auto told = stage.ask_page(Page::connections);
  const json::value* body = told ? told->if_contains("body") : nullptr;
  const json::value* listed =
      body == nullptr ? nullptr : body->as_object().if_contains("connections");
  if (listed == nullptr || !listed->is_array()) return ids;
  for (const json::value& one : listed->get_array())
    if (one.is_object()) ids.push_back(history::text_of(one.get_object(), "id"));
  return ids;
}

/// Each one's page between two lists.
void ask_each(Stage& stage, const std::vector<std::string>& ids) {
  ask_list(stage);
  for (const std::string& id : ids)
    if (!id.empty()) stage.ask_page(Page::connection, id);
  ask_list(stage);
  stage.ask_page(Page::connection_stats);
}

/// Some come, one leaves politely and one rudely, and another comes.
void come_and_go(Stage& stage) {
  if (!stage.many_connections())
    throw stage::Abandoned{contract::Verdict::unverified, "the bus takes one connection"};
  std::vector<Session*> sessions;
  const std::int64_t come = stage.any(3, 6);
  for (std::int64_t i = 0; i < come; ++i) sessions.push_back(&stage.connect());
  const auto ids = ask_list(stage);
  ask_each(stage, ids);
  sessions[0]->close();
  sessions[1]->cut();
  // A bus may take a while to notice; what it shows meanwhile is judged with that in mind.
  constexpr milliseconds kBetween{50};
  for (milliseconds waited{}; waited < stage.patience(); waited += kBetween) {
    if (ask_list(stage).size() + 2 <= ids.size()) break;
    stage.let_pass(kBetween);
  }
  // Past the time that the counts may take to settle, and longer where we ourselves were late.
  constexpr std::array<checkers::Judge, 2> kJudges{checkers::judge_connections_listed,
                                                   checkers::judge_connection_stats};
  constexpr int kRounds = 5;
  stage.let_pass(milliseconds(stage.claims().limit("counts_settle_ms").value_or(1000) + 150));
  ask_each(stage, ids);
  for (int round = 1; round < kRounds && !stage.met_so_far(kJudges); ++round) {
    stage.let_pass(milliseconds(300));
    ask_each(stage, ids);
  }
  stage.connect();
  ask_each(stage, ask_list(stage));
}

constexpr JudgedCase kCases[] = {{"END-5.list", checkers::judge_connections_listed},
                                 {"END-5.one", checkers::judge_connection_pages},
                                 {"END-5.stats", checkers::judge_connection_stats}};

constexpr std::array kScenarios = {
    Scenario{.name = "Endpoint.END_5_tells_who_is_connected",
             .cases = kCases,
             .bus = stage::Bus::own,
             .run = come_and_go},
};

}  // namespace

std::span<const Scenario> connected() { return kScenarios; }

}  // namespace busproof::families
