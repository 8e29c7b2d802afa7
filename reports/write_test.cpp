// The reports as files: whole or not at all, and an error that says what to do.
//
// A full disk is played by the limit on the size of files (RLIMIT_FSIZE), which fails a write half
// way as a full disk does.

#include "reports/write.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "reports/html/report.hpp"
#include "reports/json/result_json.hpp"
#include "reports/junit/junit.hpp"
#include "reports/markdown/summary.hpp"
#include "reports/support/records.hpp"

namespace busproof::reports {
namespace {

namespace fs = std::filesystem;

class Write : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) /
              fmt::format("busproof-reports-{}-{}", test->name(), ::getpid());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_)) ++count;
    return count;
  }

  fs::path folder_;
};

// Files of this process can't grow past `bytes` while it lives.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    rlimit small = limit_;
    small.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int);
};

TEST_F(Write, All_four_reports_are_written_to_a_folder_that_is_made) {
  const auto record = support::nonconformant_record();
  const auto written = write_all(record, folder_ / "a" / "b");
  ASSERT_TRUE(written) << written.error().detail();
  EXPECT_EQ(content(folder_ / "a/b/result.json"), result_json(record));
  EXPECT_EQ(content(folder_ / "a/b/junit.xml"), junit_xml(record));
  EXPECT_EQ(content(folder_ / "a/b/report.html"), html_report(record));
  EXPECT_EQ(content(folder_ / "a/b/summary.md"), markdown_summary(record));
  folder_ /= "a/b";
  EXPECT_EQ(files(), 4U) << "and no draft is left";
  folder_ = folder_.parent_path().parent_path();
}

TEST_F(Write, A_second_run_replaces_the_first) {
  ASSERT_TRUE(write_all(support::nonconformant_record(), folder_));
  ASSERT_TRUE(write_all(support::conformant_record(), folder_));
  EXPECT_EQ(content(folder_ / "result.json"), result_json(support::conformant_record()));
}

TEST_F(Write, A_file_in_the_way_of_the_folder_is_named_with_the_way_out) {
  std::ofstream(folder_) << "not a folder";
  const auto written = write_all(support::conformant_record(), folder_ / "results");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind(), "cannot_write");
  EXPECT_EQ(written.error().detail(),
            fmt::format("cannot write {}: Not a directory; a file is in the way; remove it, or "
                        "choose another folder",
                        (folder_ / "results").string()));
}

TEST_F(Write, A_full_disk_leaves_the_earlier_report_and_no_draft) {
  ASSERT_TRUE(write_all(support::conformant_record(), folder_));
  const std::string before = content(folder_ / "report.html");
  contract::Result<void> written;
  {
    const SmallFiles limit(8000);
    written = write_all(support::unreachable_record(), folder_);
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind(), "cannot_write");
  EXPECT_EQ(written.error().detail(),
            fmt::format("cannot write {}: File too large; free some room, or choose another folder",
                        (folder_ / "report.html").string()));
  EXPECT_EQ(content(folder_ / "report.html"), before) << "whole or not at all";
  EXPECT_EQ(content(folder_ / "result.json"), result_json(support::unreachable_record()))
      << "what fits is written all the same";
  EXPECT_EQ(files(), 4U);
}

TEST_F(Write, A_folder_in_the_way_of_a_report_is_named) {
  fs::create_directories(folder_ / "junit.xml" / "x");
  const auto written = write_all(support::conformant_record(), folder_);
  ASSERT_FALSE(written);
  EXPECT_TRUE(written.error().detail().starts_with("cannot write " +
                                                   (folder_ / "junit.xml").string() + ": "))
      << written.error().detail();
  EXPECT_TRUE(fs::exists(folder_ / "result.json"));
  EXPECT_EQ(files(), 4U);
}

}  // namespace
}  // namespace busproof::reports
