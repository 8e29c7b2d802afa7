#include "suites/checkers/row_security.hpp"

#include <fmt/format.h>

namespace busproof::checkers {
namespace {

using history::Note;
using history::View;

/// The rows that were there when that was looked at, as the harness sees them.
std::int64_t there_at(const View& view, const Note& look) {
  std::int64_t rows = 0;
  for (const Note& mark : view.marks("rows"))
    if (mark.index < look.index) rows = mark.amount;
  return rows;
}

Judgement judge_looks(const View& view, std::string_view mark, std::string_view finding,
                      std::string_view who) {
  std::uint64_t judged = 0;
  for (const Note& look : view.marks(mark)) {
    if (look.amount > 0)
      return Judgement::violated(
          std::string(finding),
          fmt::format("{} reads {} rows, and has set no session.", who, look.amount), {look.index});
    if (there_at(view, look) > 0) ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_no_rows(const View& view, const contract::Claims&) {
  return judge_looks(view, "rows_of_stranger", "readable", "A role that owns nothing");
}

Judgement judge_security_forced(const View& view, const contract::Claims&) {
  if (view.marks("rows_of_owner").empty() && !view.marks("rows_of_stranger").empty())
    return Judgement::unverified("row security does not bind the tables' owner at all");
  return judge_looks(view, "rows_of_owner", "not_forced", "The tables' owner");
}

}  // namespace busproof::checkers
