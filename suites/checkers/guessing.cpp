#include "suites/checkers/guessing.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::text_of;
using history::View;

constexpr std::size_t kIdsLeast = 200;
constexpr double kBitsWanted = 64;
// A word of 64 random bits looks a little poorer than it is, in a sample, or written in decimal.
constexpr double kShortOf64 = 4;

/// Bits in one of these symbols, with what a sample of that size hides.
template <typename Symbol>
double bits_of(const std::vector<Symbol>& symbols) {
  std::map<Symbol, double> counts;
  for (const Symbol& symbol : symbols) ++counts[symbol];
  const auto all = static_cast<double>(symbols.size());
  double bits = 0;
  for (const auto& [symbol, count] : counts) bits -= count / all * std::log2(count / all);
  const auto kinds = static_cast<double>(counts.size());
  const double hidden = (kinds - 1) / (2 * all * std::log(2.0));
  return counts.size() < 2 ? 0 : std::min(bits + hidden, std::log2(kinds));
}

/// What stands at one place of every id, seen from the end, so that numbers without leading zeros
/// line up; a blank before their beginning.
std::vector<char> column(const std::vector<std::string>& ids, std::size_t from_end) {
  std::vector<char> found;
  for (const std::string& id : ids)
    found.push_back(from_end < id.size() ? id[id.size() - 1 - from_end] : ' ');
  return found;
}

/// From each symbol to the next, as steps in the order of those that occur.
std::vector<std::size_t> steps(const std::vector<char>& symbols) {
  std::vector<char> kinds = symbols;
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  const auto rank = [&](char symbol) {
    return static_cast<std::size_t>(std::lower_bound(kinds.begin(), kinds.end(), symbol) -
                                    kinds.begin());
  };
  std::vector<std::size_t> found;
  for (std::size_t i = 1; i < symbols.size(); ++i)
    found.push_back((rank(symbols[i]) + kinds.size() - rank(symbols[i - 1])) % kinds.size());
  return found;
}

double random_bits(const std::vector<std::string>& ids) {
  std::size_t longest = 0;
  for (const std::string& id : ids) longest = std::max(longest, id.size());
  double bits = 0;
  for (std::size_t place = 0; place < longest; ++place) {
    const auto symbols = column(ids, place);
    bits += std::min(bits_of(symbols), bits_of(steps(symbols)));
  }
  return bits;
}

}  // namespace

Judgement judge_ids_unguessable(const View& view, const contract::Claims&) {
  std::vector<std::string> ids;
  std::vector<std::size_t> events;
  for (const Operation& publish : view.operations(Action::publish)) {
    std::string id = publish.ok() ? text_of(publish.said, "transaction_id") : "";
    if (id.empty()) continue;
    ids.push_back(std::move(id));
    events.push_back(publish.answer_index);
  }
  if (ids.size() < kIdsLeast)
    return Judgement::inconclusive(
        fmt::format("{} ids are too few to count bits: {} are needed.", ids.size(), kIdsLeast));
  const double bits = random_bits(ids);
  if (bits >= kBitsWanted - kShortOf64) return Judgement::met(ids.size());
  constexpr std::size_t kShown = 3;
  events.resize(kShown);
  return Judgement::violated(
      "guessable",
      fmt::format("No more than {:.0f} bits of {} transaction ids look random, where whoever has "
                  "one may read what it names: {:.80}, {:.80}.",
                  bits, ids.size(), ids[0], ids[1]),
      std::move(events));
}

}  // namespace busproof::checkers
