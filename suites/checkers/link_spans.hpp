// What a bus sent over one link to a server between two marks, as the proxy there counted it.
//
// Threads: no state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

struct LinkSpan {
  std::string what;  ///< The sort of operation; empty of an idle bus.
  history::Time begin{}, end{};
  std::int64_t operations = 0, bytes = 0, connections = 0;
  std::size_t from = 0, to = 0;  ///< The marks.

  [[nodiscard]] history::Time length() const { return end - begin; }
};

/// The link to the server that holds the payloads alone; empty where the history names none.
std::string payload_link(const history::View& view);

/// The spans that begin with the marks of that name, each with the next mark of its end.
std::vector<LinkSpan> link_spans(const history::View& view, std::string_view name,
                                 std::string_view end, std::string_view link);

/// Violated with `finding` where some sort of operation, carried out in three spans at least, took
/// more of the link each time than an idle bus ever did in spans that were no shorter. `state` says
/// what the bus was in.
Judgement against_idle(const std::vector<LinkSpan>& busy, const std::vector<LinkSpan>& idle,
                       std::string_view finding, std::string_view state);

}  // namespace busproof::checkers
