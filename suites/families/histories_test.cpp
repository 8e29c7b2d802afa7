// Method: small histories by hand, in fixtures/histories/<CASE>/. A file's name says what the judge
// of the case must make of it: ok-<what> met; bad-<finding>-<what> violated, with that finding and
// with events to show for it; open-<what> inconclusive or unverified.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "suites/families/families.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::families {
namespace {

namespace fs = std::filesystem;
using checkers::Judge;
using checkers::Judgement;
using contract::Verdict;

const fs::path kHistories = CHECKER_HISTORIES;

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> files() {
  std::vector<fs::path> found;
  for (const fs::path& folder : entries(kHistories))
    if (fs::is_directory(folder))
      for (const fs::path& file : entries(folder)) found.push_back(file);
  return found;
}

Judge judge_of(const std::string& case_id) {
  const stage::Scenario* scenario = judging(case_id);
  if (scenario == nullptr) return nullptr;
  for (const stage::JudgedCase& judged : scenario->cases)
    if (judged.id == case_id) return judged.judge;
  return nullptr;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// "lost" of "bad-lost-second".
std::string finding_in(const std::string& stem) {
  const std::string rest = stem.substr(std::string("bad-").size());
  return rest.substr(0, rest.find('-'));
}

Judgement judged(const history::History& history, Judge judge) {
  const auto over =
      history.header.over_lines ? contract::Transport::lines : contract::Transport::websocket;
  const auto hello = boost::json::parse(history.header.claims);
  const auto claims = contract::Claims::parse(hello.as_object(), over);
  EXPECT_TRUE(claims.has_value() && claims->problems().empty()) << history.header.claims;
  return judge(history::View(history), claims.value());
}

class Histories : public testing::TestWithParam<fs::path> {};

TEST_P(Histories, AreJudgedAsTheirNamesSay) {
  const fs::path& file = GetParam();
  const std::string stem = file.stem();
  const Judge judge = judge_of(file.parent_path().filename());
  ASSERT_NE(judge, nullptr) << "the folder names no judged case";
  const auto history = history::from_file_text(text_of(file));
  ASSERT_TRUE(history.has_value()) << history.error().detail();
  EXPECT_FALSE(history->header.note.empty()) << "the header's note says why it is as it is";

  const Judgement judgement = judged(*history, judge);
  const std::string came = fmt::format("{} {}: {}\nnote: {}", to_string(judgement.verdict()),
                                       judgement.finding(), judgement.says(), history->header.note);
  if (stem.starts_with("ok-")) {
    EXPECT_EQ(judgement.verdict(), Verdict::met) << came;
  } else if (stem.starts_with("bad-")) {
    EXPECT_EQ(judgement.verdict(), Verdict::violated) << came;
    EXPECT_EQ(judgement.finding(), finding_in(stem)) << came;
    EXPECT_FALSE(judgement.events().empty()) << came;
    for (const std::size_t event : judgement.events()) EXPECT_LT(event, history->events.size());
  } else if (stem.starts_with("open-")) {
    EXPECT_TRUE(judgement.verdict() == Verdict::inconclusive ||
                judgement.verdict() == Verdict::unverified)
        << came;
  } else {
    FAIL() << "the name begins with none of ok-, bad-, open-";
  }
}

std::string name_of(const testing::TestParamInfo<fs::path>& file) {
  std::string name =
      file.param.parent_path().filename().string() + "_" + file.param.stem().string();
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(ByHand, Histories, testing::ValuesIn(files()), name_of);

TEST(HistoriesByHand, EveryJudgedCaseHasSomeOfEachKind) {
  std::map<std::string, std::set<std::string>> kinds;
  for (const fs::path& file : files()) {
    const std::string stem = file.stem();
    kinds[file.parent_path().filename()].insert(stem.substr(0, stem.find('-')));
  }
  const std::set<std::string> all_kinds = {"bad", "ok", "open"};
  std::size_t cases = 0;
  for (const stage::Scenario* scenario : all())
    for (const stage::JudgedCase& judged : scenario->cases) {
      ++cases;
      EXPECT_EQ(kinds[std::string(judged.id)], all_kinds)
          << judged.id << " lacks a kind in fixtures/histories/" << judged.id;
    }
  EXPECT_EQ(kinds.size(), cases) << "a folder names no judged case";
}

}  // namespace
}  // namespace busproof::families
