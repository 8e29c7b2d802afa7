// The end of a run, line by line.
#include "reports/terminal/terminal.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "reports/overview.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

using contract::CaseResult;
using contract::Conformance;
using contract::RuleResult;
using contract::RunRecord;
using contract::Verdict;

constexpr std::size_t kListedMax = 25;     // Cases of one verdict; the rest is in report.html.
constexpr std::size_t kReasonsMax = 6;     // Reasons why cases are unverified.
constexpr std::size_t kSentenceMax = 600;  // Bytes of one finding.

std::string_view color_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::violated:
      return "1;31";
    case Verdict::blocked:
      return "31";
    case Verdict::inconclusive:
      return "1;33";
    case Verdict::unverified:
      return "33";
    case Verdict::known:
      return "35";
    case Verdict::met:
      return "32";
    case Verdict::not_judged_yet:
    case Verdict::not_claimed:
      return "2";
  }
  return "0";
}

std::string_view color_of(Conformance verdict) {
  if (verdict == Conformance::conformant) return "1;32";
  return verdict == Conformance::nonconformant ? "1;31" : "1;33";
}

class Painter {
 public:
  Painter(const RunRecord& record, const Style& style) : record_(record), style_(style) {
    width_ = static_cast<std::size_t>(std::max(style.width, 60));
  }

  std::string text(std::string_view reports_folder) {
    head();
    matrix();
    legend();
    problems();
    for (const Verdict verdict : {Verdict::violated, Verdict::blocked, Verdict::inconclusive}) {
      findings(verdict);
    }
    unverified();
    expectations();
    last_lines(reports_folder);
    return std::move(out_);
  }

 private:
  std::string painted(std::string_view text, std::string_view color) const {
    if (!style_.color) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", color, text);
  }

  std::string mark(Verdict verdict) const {
    const std::string plain =
        style_.unicode ? std::string(shape(verdict)) : std::string(1, letter(verdict));
    return painted(plain, color_of(verdict));
  }

  void line(std::string_view text = {}) { (out_ += text) += '\n'; }

  // `text` in lines of the terminal's width, all but the first indented by `indent`.
  void paragraph(std::string_view first, std::string_view text, std::size_t indent) {
    const std::string blanks(indent, ' ');
    bool begun = false;
    for (const auto& part : wrapped(capped(visible_line(text), kSentenceMax), width_ - indent)) {
      line((begun ? blanks : std::string(first)) + part);
      begun = true;
    }
  }

  void head() {
    const contract::TargetInfo& target = record_.target;
    const std::string server =
        target.server_name.empty()
            ? ""
            : fmt::format(" ({} {})", target.server_name, target.server_version);
    line();
    paragraph("busproof  ", target.name + server, 10);
    paragraph("          ",
              fmt::format("profile {}, effort {}{}", record_.profile, record_.effort,
                          record_.strict ? ", strict" : ""),
              10);
    line();
  }

  // How many of `count` cells, five and a gap, go on a line of `columns_max`.
  static std::size_t cells_per_line(std::size_t count, std::size_t columns_max) {
    if (cells_width(count) <= columns_max) return std::max<std::size_t>(count, 1);
    return std::max<std::size_t>(5, (columns_max + 1) / 6 * 5);
  }

  // The marks of a family's rules, in lines.
  std::vector<std::string> cells(const FamilyRules& family, std::size_t per_line) const {
    std::vector<std::string> lines(1);
    for (std::size_t i = 0; i < family.rules.size(); ++i) {
      if (i > 0 && i % per_line == 0) {
        lines.emplace_back();
      } else if (i > 0 && i % 5 == 0) {
        lines.back() += ' ';
      }
      lines.back() += mark(family.rules[i]->verdict);
    }
    return lines;
  }

  static std::size_t cells_width(std::size_t count) {
    return count == 0 ? 0 : count + (count - 1) / 5;
  }

  struct Layout {
    std::size_t name = 0;   // Columns of the family's name,
    std::size_t title = 0;  // of its title (0: left out),
    std::size_t cells = 0;  // of its cells,
    std::size_t tally = 0;  // of its counts.
  };

  Layout layout(const std::vector<FamilyRules>& families) const {
    Layout out;
    for (const auto& family : families) {
      out.name = std::max(out.name, columns(visible_line(family.name)));
      out.title = std::max(out.title, columns(short_title(family)));
      out.cells = std::max(out.cells, cells_width(family.rules.size()));
    }
    constexpr std::size_t kTallyMin = 24;
    const std::size_t gaps = 6;  // Indent and two between columns.
    out.name = std::min<std::size_t>(out.name, 12);
    out.cells = std::min(out.cells, width_ > out.name + gaps + kTallyMin
                                        ? width_ - out.name - gaps - kTallyMin
                                        : std::size_t{11});
    const std::size_t used = out.name + out.cells + gaps;
    if (out.title > 0 && used + out.title + 2 + kTallyMin > width_) out.title = 0;
    const std::size_t before_tally = used + (out.title > 0 ? out.title + 2 : 0);
    out.tally = width_ > before_tally + 8 ? width_ - before_tally : 8;
    return out;
  }

  // "circuit breaker" of "circuit breaker, of consecutive failures".
  static std::string_view short_title(const FamilyRules& family) {
    return std::string_view(family.title).substr(0, family.title.find(','));
  }

  static std::string padded(const std::string& text, std::size_t shown, std::size_t wanted) {
    return text + std::string(wanted > shown ? wanted - shown : 0, ' ');
  }

  // The counts in lines that break behind a comma alone.
  static std::vector<std::string> counts_lines(const Tally& tally, std::size_t columns_max) {
    constexpr char kKept = '\x01';  // Stands for a blank that no line breaks at.
    std::string text = tally_text(tally);
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] == ' ' && text[i - 1] != ',') text[i] = kKept;
    }
    auto lines = wrapped(text, columns_max);
    for (auto& each : lines) std::replace(each.begin(), each.end(), kKept, ' ');
    return lines;
  }

  void family_rows(const FamilyRules& family, const Layout& widths) {
    Tally tally;
    for (const RuleResult* rule : family.rules) tally.add(rule->verdict);
    const std::size_t per_line = cells_per_line(family.rules.size(), widths.cells);
    const auto marks = cells(family, per_line);
    const auto counts = counts_lines(tally, widths.tally);
    const std::string name = capped(visible_line(family.name), 40);
    for (std::size_t i = 0; i < std::max(marks.size(), counts.size()); ++i) {
      std::string row = "  " + padded(i == 0 ? name : "", i == 0 ? columns(name) : 0, widths.name);
      row += "  ";
      if (widths.title > 0) {
        const std::string title(i == 0 ? short_title(family) : std::string_view{});
        row += padded(title, columns(title), widths.title) + "  ";
      }
      const std::size_t rules =
          std::min(per_line, family.rules.size() - std::min(i * per_line, family.rules.size()));
      row += padded(i < marks.size() ? marks[i] : "", cells_width(rules), widths.cells);
      if (i < counts.size()) row += "  " + counts[i];
      line(row.substr(0, row.find_last_not_of(' ') + 1));
    }
  }

  void matrix() {
    const auto families = by_family(record_);
    const Layout widths = layout(families);
    for (const auto& family : families) family_rows(family, widths);
    if (!families.empty()) line();
  }

  void legend() {
    const Tally tally = tally_rules(record_);
    std::string row;
    std::size_t used = 0;
    for (const Verdict verdict : telling_order()) {
      if (tally.of(verdict) == 0) continue;
      const std::string word = words(verdict);
      if (used + word.size() + 5 > width_) {
        line(row);
        row = "";
        used = 0;
      }
      row += (used == 0 ? "  " : "   ") + mark(verdict) + " " + word;
      used += word.size() + 5;
    }
    if (used == 0) return;
    line(row);
    line();
  }

  void problems() {
    for (const auto& problem : record_.problems) {
      paragraph(painted("problem  ", color_of(Conformance::nonconformant)), problem.message, 9);
    }
    if (!record_.problems.empty()) line();
  }

  void finding(const RuleResult& rule, const CaseResult& part) {
    const std::string id = capped(visible_line(part.id), 80);
    const std::string tries = part.tries > 1 ? fmt::format(", {} tries", part.tries) : "";
    line(fmt::format("  {} {}  {}{}{}", mark(part.verdict), painted(id, "1"), to_string(rule.level),
                     is_warning(rule.level, part.verdict) ? ", a warning" : "", tries));
    paragraph("    ", part.detail.empty() ? rule.sentence : part.detail, 4);
    if (!part.repeat.empty()) {
      line(painted("    repeat: " + capped(visible_line(part.repeat), 4 * kSentenceMax), "2"));
    }
  }

  void findings(Verdict verdict) {
    const std::size_t count = tally_cases(record_).of(verdict);
    if (count == 0) return;
    line(painted(fmt::format("{} ({})", words(verdict), grouped(count)), color_of(verdict)));
    std::size_t listed = 0;
    for (const auto& rule : record_.rules) {
      for (const auto& part : rule.cases) {
        if (part.verdict == verdict && ++listed <= kListedMax) finding(rule, part);
      }
    }
    if (count > kListedMax) {
      line(fmt::format("    and {} more; report.html lists them all", grouped(count - kListedMax)));
    }
    line();
  }

  // One line a reason, with how many cases it kept from being judged.
  void unverified() {
    std::map<std::string, std::size_t> reasons;
    for (const auto& rule : record_.rules) {
      for (const auto& part : rule.cases) {
        if (part.verdict == Verdict::unverified) ++reasons[part.detail];
      }
    }
    if (reasons.empty()) return;
    std::vector<std::pair<std::string, std::size_t>> sorted(reasons.begin(), reasons.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    line(painted(
        fmt::format("unverified ({})", grouped(tally_cases(record_).of(Verdict::unverified))),
        color_of(Verdict::unverified)));
    for (std::size_t i = 0; i < std::min(sorted.size(), kReasonsMax); ++i) {
      paragraph(fmt::format("  {:>4}  ", sorted[i].second), sorted[i].first, 8);
    }
    if (sorted.size() > kReasonsMax) {
      line(fmt::format("        and {} more reasons; report.html lists them all",
                       sorted.size() - kReasonsMax));
    }
    line();
  }

  void expectations() {
    if (record_.expectations.empty()) return;
    paragraph("  ",
              fmt::format("{} made use of, {} of them stale or expired",
                          record_.expectations.size(), broken_expectations(record_)) +
                  " (expectations file)",
              2);
    for (const auto& use : record_.expectations) {
      if (!use.problem.empty()) paragraph("    ", use.id + "  " + use.problem, 4);
    }
    line();
  }

  void last_lines(std::string_view reports_folder) {
    std::string title(conformance_title(record_.verdict));
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    paragraph(painted(title, color_of(record_.verdict)) + "  ", record_.why, title.size() + 2);
    paragraph("rules     ", tally_text(tally_rules(record_)), 10);
    line(fmt::format("seed      {}  (commit {}, {})", record_.seed,
                     capped(visible_line(record_.commit), 80), duration_text(record_.seconds)));
    if (!reports_folder.empty()) {
      line(fmt::format("reports   {}/report.html", visible_line(reports_folder)));
    }
  }

  const RunRecord& record_;
  const Style& style_;
  std::size_t width_ = 80;
  std::string out_;
};

}  // namespace

std::string render_matrix(const RunRecord& record, const Style& style,
                          std::string_view reports_folder) {
  return Painter(record, style).text(reports_folder);
}

}  // namespace busproof::reports
