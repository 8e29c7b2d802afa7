// Who is subscribed to topics, and when: within bounds in favour of the bus.
//
// Threads: no state.
#pragma once

#include <optional>
#include <vector>

#include "suites/checkers/judgement.hpp"
#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

struct Subscriber {
  const history::Operation* subscribe;
  bool pattern = false;
  /// Certainly subscribed within these. It may have ended sooner than we saw where the bus ended
  /// it.
  history::Time certain_from = history::kNever, certain_to = history::kNever;
  /// Possibly subscribed within these. Up to when a bus takes a lost connection for a subscriber is
  /// no part of it.
  history::Time possible_from{}, possible_to = history::kNever;

  [[nodiscard]] std::uint32_t number() const { return subscribe->subscription; }
  [[nodiscard]] std::uint32_t session() const { return subscribe->session; }
};

/// Every topic subscription that may have come to be, in order.
std::vector<Subscriber> topic_subscribers(const history::View& view);

/// Whether it asks for that destination; nothing where the grammar leaves it open.
std::optional<bool> asks_for(const history::View& view, const contract::Claims& claims,
                             const Subscriber& subscriber, history::Text destination);

/// Whether that publish goes to topics, as far as it was accepted.
bool is_to_topics(const history::Operation& publish);

/// PUB-6.exact: receivers is the number of subscriptions that match. Finding: wrong_count.
Judgement judge_receivers(const history::View& view, const contract::Claims& claims);

/// PUB-6.zero: nobody listening is 0 and no error. Findings: error_for_nobody, wrong_count.
Judgement judge_nobody(const history::View& view, const contract::Claims& claims);

/// PUB-8.receivers, PUB-8.counts: who has left is no longer counted. Finding: still_counted.
Judgement judge_left_receivers(const history::View& view, const contract::Claims& claims);
Judgement judge_left_counts(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
