// Markdown, failures first, within a budget of bytes.
#include "reports/markdown/summary.hpp"

#include <algorithm>

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

constexpr std::size_t kSentenceMax = 2000;     // Bytes of one finding,
constexpr std::size_t kEvidenceLines = 20;     // lines of its evidence,
constexpr std::size_t kEvidenceBytes = 4000;   // and bytes of these.
constexpr std::size_t kTailBytes = 64 * 1024;  // Kept free for what follows the findings.

std::string_view shape_of(Conformance verdict) {
  if (verdict == Conformance::conformant) return "✓";
  return verdict == Conformance::nonconformant ? "✗" : "○";
}

std::string sentence(std::string_view raw) {
  return markdown_text(capped(visible_line(raw), kSentenceMax));
}

std::string code(std::string_view raw) {
  return fmt::format("<code>{}</code>", markdown_text(capped(visible_line(raw), 200)));
}

std::string counts_table(const RunRecord& record) {
  const Tally rules = tally_rules(record);
  const Tally cases = tally_cases(record);
  std::string head = "| |";
  std::string rule = "|---|";
  std::string first = "| rules |";
  std::string second = "| cases |";
  for (const Verdict verdict : telling_order()) {
    head += fmt::format(" {} {} |", shape(verdict), words(verdict));
    rule += "--:|";
    first += fmt::format(" {} |", rules.of(verdict));
    second += fmt::format(" {} |", cases.of(verdict));
  }
  return fmt::format("{}\n{}\n{}\n{}\n\n", head, rule, first, second);
}

std::string heading(const RunRecord& record) {
  std::string out = fmt::format("# {} {}: {}\n\n{}\n\n", shape_of(record.verdict),
                                conformance_title(record.verdict), sentence(record.target.name),
                                sentence(record.why));
  for (const auto& problem : record.problems) {
    out += fmt::format("> **Problem:** {}\n\n", sentence(problem.message));
  }
  out += counts_table(record);
  out += fmt::format("Profile {}, seed <code>{}</code>, commit {}, {}, {}.\n\n",
                     sentence(record.profile), record.seed, code(record.commit),
                     sentence(record.started_at), duration_text(record.seconds));
  return out;
}

std::string evidence(const CaseResult& part) {
  if (part.evidence.empty()) return {};
  std::string lines;
  for (std::size_t i = 0; i < std::min(part.evidence.size(), kEvidenceLines); ++i) {
    lines += visible_line(part.evidence[i]) + "\n";
  }
  if (part.evidence.size() > kEvidenceLines) {
    lines += fmt::format("({} more lines in the history)\n", part.evidence.size() - kEvidenceLines);
  }
  return "<details><summary>Evidence</summary>\n\n" +
         markdown_block(capped(std::move(lines), kEvidenceBytes)) + "\n</details>\n\n";
}

std::string finding(const RuleResult& rule, const CaseResult& part) {
  std::string out = fmt::format("### {} {} {}, {}{}\n\n", shape(part.verdict), code(part.id),
                                to_string(rule.level), words(part.verdict),
                                is_warning(rule.level, part.verdict) ? " (a warning)" : "");
  out += fmt::format("{}\n\n*{}*\n\n", sentence(part.detail), sentence(rule.sentence));
  out += evidence(part);
  if (!part.repeat.empty()) out += markdown_block(visible_line(part.repeat)) + "\n";
  return out;
}

std::string list_item(const RuleResult& rule, const CaseResult& part) {
  return fmt::format("- {} {} ({}, {}): {}\n", shape(part.verdict), code(part.id),
                     to_string(rule.level), words(part.verdict), sentence(part.detail));
}

// Appends a section of cases for as long as they fit; the rest is counted.
template <typename Wanted, typename Print>
void append_section(std::string& out, const RunRecord& record, std::string_view title,
                    Wanted&& wanted, Print&& print) {
  std::size_t left_out = 0;
  bool begun = false;
  for (const auto& rule : record.rules) {
    for (const auto& part : rule.cases) {
      if (!wanted(part.verdict)) continue;
      if (!begun) out += fmt::format("## {}\n\n", title);
      begun = true;
      const std::string text = print(rule, part);
      const bool fits = out.size() + text.size() + kTailBytes < kSummaryBytesMax;
      if (fits && left_out == 0) {
        out += text;
      } else {
        ++left_out;
      }
    }
  }
  if (left_out > 0) out += fmt::format("\n{} more are in report.html.\n", grouped(left_out));
  if (begun) out += "\n";
}

std::string expectations(const RunRecord& record) {
  if (record.expectations.empty()) return {};
  std::string out = "## Expectations made use of\n\n";
  for (const auto& use : record.expectations) {
    out += fmt::format("- {} {}: {} ({}, expires {}){}\n", code(use.id), sentence(use.kind),
                       sentence(use.reason), sentence(use.link), sentence(use.expires),
                       use.problem.empty() ? "" : " **" + sentence(use.problem) + "**");
  }
  return out + "\n";
}

std::string matrix(const RunRecord& record) {
  std::string out = "## Rules\n\n| family | rules | |\n|---|---|---|\n";
  for (const auto& family : by_family(record)) {
    Tally tally;
    std::string cells;
    for (const RuleResult* rule : family.rules) {
      tally.add(rule->verdict);
      cells += shape(rule->verdict);
    }
    out += fmt::format("| {} {} | {} | {} |\n", code(family.name), sentence(family.title), cells,
                       tally_text(tally));
  }
  return out + "\n";
}

std::string notes(const RunRecord& record) {
  if (record.notes.empty()) return {};
  std::string out = "## Not tested, and what that costs\n\n";
  for (const auto& note : record.notes) out += fmt::format("- {}\n", sentence(note));
  return out + "\n";
}

}  // namespace

std::string markdown_text(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_[]|~$";
  const std::string shown = visible_line(text);
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    const char before = i > 0 ? shown[i - 1] : ' ';
    const char after = i + 1 < shown.size() ? shown[i + 1] : ' ';
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '@' || c == '#') {
      (out += c) += "<!-- -->";  // No name becomes a mention, no number an issue,
    } else if (c == ':' && after != ' ' && (after < '0' || after > '9')) {
      out += "&#58;";  // no address a link, no word a pictogram.
    } else if (c == '.' && (before == 'w' || before == 'W')) {
      out += "&#46;";
    } else {
      if (kMarkup.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string markdown_block(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  const std::string shown = visible(text);
  for (const char c : shown) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  return fmt::format("{}text\n{}{}{}\n", fence, shown, shown.ends_with('\n') ? "" : "\n", fence);
}

std::string markdown_summary(const RunRecord& record) {
  std::string out = heading(record);
  append_section(
      out, record, "Violated and blocked",
      [](Verdict v) { return v == Verdict::violated || v == Verdict::blocked; }, finding);
  append_section(
      out, record, "Inconclusive and unverified",
      [](Verdict v) { return v == Verdict::inconclusive || v == Verdict::unverified; }, list_item);
  for (const std::string& part : {expectations(record), matrix(record), notes(record)}) {
    const bool fits = out.size() + part.size() + 256 < kSummaryBytesMax;
    out += fits ? part : "A part was left out here for want of room; report.html has it.\n\n";
  }
  return capped(std::move(out), kSummaryBytesMax);
}

}  // namespace busproof::reports
