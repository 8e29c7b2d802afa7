#include "suites/checkers/restarts.hpp"

#include <algorithm>

namespace busproof::checkers {

bool restarted_between(const history::View& view, const history::Note& from,
                       const history::Note& to) {
  const auto starts = view.marks("started");
  return std::any_of(starts.begin(), starts.end(), [&](const history::Note& start) {
    return start.index > from.index && start.index < to.index;
  });
}

}  // namespace busproof::checkers
