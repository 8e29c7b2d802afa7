// Handed: what a lone member of a group was handed out, in order of receipt, with what is known of
// when and from which place. What every judge of order looks at.
//
// Two deliveries are compared when the later one waited already at the earliest instant at which
// the earlier one can have been handed out. All instants are bounds in favour of the bus.
//
// Threads: no state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

struct Handed {
  const history::Delivery* delivery;
  const history::Operation* publish;
  const history::Operation* given_back;  ///< The reject behind a redelivery; null for a first one.
  std::optional<std::int64_t> priority;  ///< Stated, else the declared default; else nothing.
  history::Time earliest;                ///< No sooner can it have been handed out.
  history::Time ready;                   ///< By then it certainly waited.
  history::Time rank_from, rank_to;      ///< When it took its place among its equals.
  bool placed = true;                    ///< Whether its place is declared at all.
};

/// Whether `b` certainly stood before `a` among their equals.
[[nodiscard]] bool stands_before(const Handed& b, const Handed& a);

/// Whether they are equals: neither states a priority, or both the same.
[[nodiscard]] bool are_equals(const Handed& a, const Handed& b);

/// By subscription, for lone members of queue groups alone. Left out: what was delayed at its
/// publish, what was not certainly accepted, and redeliveries other than after one reject.
std::vector<std::vector<Handed>> handed_out(const history::View& view,
                                            const contract::Claims& claims);

/// Counts the messages that were compared with a later one, not the pairs: how many could have been
/// out of place. For pairs that come as for_every_pair gives them.
class Compared {
 public:
  void add(const Handed& a) {
    messages_ += last_ == &a ? 0 : 1;
    last_ = &a;
  }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  const Handed* last_ = nullptr;
  std::uint64_t messages_ = 0;
};

/// Calls `each(a, b)` for every pair received in the order a, b, until it gives a judgement.
template <typename Each>
std::optional<Judgement> for_every_pair(const history::View& view, const contract::Claims& claims,
                                        Each each) {
  for (const auto& handed : handed_out(view, claims))
    for (std::size_t i = 0; i < handed.size(); ++i)
      for (std::size_t j = i + 1; j < handed.size(); ++j)
        if (std::optional<Judgement> wrong = each(handed[i], handed[j])) return wrong;
  return std::nullopt;
}

/// The same of the pairs in which b waited already when a can first have been handed out.
template <typename Each>
std::optional<Judgement> for_each_pair(const history::View& view, const contract::Claims& claims,
                                       Each each) {
  return for_every_pair(view, claims,
                        [&](const Handed& a, const Handed& b) -> std::optional<Judgement> {
                          return b.ready <= a.earliest ? each(a, b) : std::nullopt;
                        });
}

/// The events that show that `b` should have come before `a`.
std::vector<std::size_t> events_of(const Handed& a, const Handed& b);

}  // namespace busproof::checkers
