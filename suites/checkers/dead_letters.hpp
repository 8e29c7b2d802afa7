// Dead letters of a history: what must have become one, what may have, and what was listed.
//
// All are bounds in favour of the bus. What lies between them is not judged.
//
// Threads: no state.
#pragma once

#include <string>
#include <vector>

#include "suites/checkers/groups.hpp"
#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

struct Letter {
  std::uint32_t message = 0;  ///< 0: nobody here published it.
  std::string transaction;
  boost::json::object said;  ///< The entry: "attempts", "reason", "event" (a detail).
  std::size_t index = 0;     ///< Of the answer that held it.
};

/// The whole list of a group's dead letters, page by page.
struct Listing {
  history::Time from{}, to{};
  std::vector<Letter> letters;
  std::size_t index = 0;  ///< Of the last answer.

  /// The entry of that message, or null.
  [[nodiscard]] const Letter* letter_of(std::uint32_t message) const;
};

/// Every whole list of that group, in order. A page that failed leaves none.
std::vector<Listing> listings(const history::View& view, const Group& group);

/// A failure that made a dead letter of a message.
struct Death {
  const history::Delivery* last;     ///< What was not delivered for good,
  const history::Operation* reject;  ///< and how it failed; null: its lease ran out.
  bool for_good = false;             ///< Rejected without requeue; else its attempts were used.
  history::Time earliest{}, by{};    ///< When it happened.
};

/// Every certain one of a group, one a message: its last. What may rightly be gone otherwise,
/// expired or deleted, is left out.
std::vector<Death> deaths(const history::View& view, const contract::Claims& claims,
                          const Group& group, const ByMessage& came);

/// Whether a call of that method (bus/redrive, bus/purge) names the message, or all of the group.
bool concerns(const history::View& view, const history::Operation& call, std::string_view method,
              const Group& group, std::uint32_t message);

/// Whether a redrive or purge may have taken the letter away by `until`.
bool may_be_gone(const history::View& view, const Group& group, const Death& death,
                 history::Time until);

/// Whether the message certainly is a dead letter for all of that listing.
bool must_be_listed(const history::View& view, const contract::Claims& claims, const Group& group,
                    const Death& death, const Listing& listing);

/// Whether the message can have been a dead letter of the group at some time up to `until`.
bool may_have_died(const history::View& view, const contract::Claims& claims, const Group& group,
                   const ByMessage& came, std::uint32_t message, history::Time until);

}  // namespace busproof::checkers
