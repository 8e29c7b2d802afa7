// Each report of three records is what the golden files hold.
//
// After a wanted change: BUSPROOF_UPDATE_GOLDEN=1 writes them anew; read the difference before
// committing it. The page's style and script are left out, they are files of their own.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "reports/html/report.hpp"
#include "reports/json/result_json.hpp"
#include "reports/junit/junit.hpp"
#include "reports/markdown/summary.hpp"
#include "reports/support/records.hpp"
#include "reports/terminal/terminal.hpp"

namespace busproof::reports {
namespace {

namespace fs = std::filesystem;

bool updating() {
  const char* value = std::getenv("BUSPROOF_UPDATE_GOLDEN");
  return value != nullptr && std::string_view(value) == "1";
}

// `text` without what stands between the first `open` and the `close` that follows.
std::string without(std::string text, std::string_view open, std::string_view close) {
  const std::size_t from = text.find(open);
  const std::size_t to = text.find(close, from + open.size());
  EXPECT_NE(to, std::string::npos) << open;
  return text.replace(from + open.size(), to - from - open.size(), "...");
}

std::string page(const contract::RunRecord& record) {
  std::string text = without(html_report(record), "<style>", "</style>");
  text = without(std::move(text), "<script>", "</script>");
  return without(std::move(text), "'sha256-", "'");
}

void compare(const fs::path& path, const std::string& text) {
  if (updating()) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::ifstream file(path, std::ios::binary);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << path << " differs; BUSPROOF_UPDATE_GOLDEN=1 writes it anew";
}

void compare_all(const char* name, const contract::RunRecord& record) {
  const fs::path folder = fs::path(BUSPROOF_REPORTS_DIR) / "golden" / name;
  compare(folder / "result.json", result_json(record));
  compare(folder / "junit.xml", junit_xml(record));
  compare(folder / "report.html", page(record));
  compare(folder / "summary.md", markdown_summary(record));
  compare(folder / "terminal.txt", render_matrix(record, {false, 80, true}, "results"));
  compare(folder / "terminal_color.txt", render_matrix(record, {true, 120, true}, "results"));
}

TEST(Golden, Conformant) { compare_all("conformant", support::conformant_record()); }

TEST(Golden, Nonconformant_with_hostile_texts) {
  compare_all("nonconformant", support::nonconformant_record());
}

TEST(Golden, Unreachable) { compare_all("unreachable", support::unreachable_record()); }

TEST(Golden, Rendering_is_repeatable) {
  const auto record = support::whole_contract_record();
  EXPECT_EQ(html_report(record), html_report(record));
  EXPECT_EQ(junit_xml(record), junit_xml(record));
}

}  // namespace
}  // namespace busproof::reports
