// Books: a history walked once, with a tally of every group, up to one answer of bus/stats.
//
// Threads: values only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "suites/checkers/groups.hpp"
#include "suites/models/tally.hpp"

namespace busproof::checkers {

class Books {
 public:
  /// Up to the answer of that call, an answered bus/stats.
  Books(const history::View& view, const contract::Claims& claims, const history::Operation& asked);

  /// Whether nothing had been asked of the bus, nor handed out, for counts_settle_ms.
  [[nodiscard]] bool at_rest() const { return at_rest_; }

  /// What each group holds when the call is answered.
  [[nodiscard]] const std::map<Group, models::Tally>& groups() const { return groups_; }

  /// What totals.`name` may be, counted from the beginning of the history.
  [[nodiscard]] models::Bounds total(std::string_view name) const;

  /// Live subscriptions by that exact name.
  [[nodiscard]] models::Bounds subscribers(history::Text destination) const;

 private:
  void walk();
  void step(const history::Event& event);
  void note(const history::Event& event);
  void apply(const history::Operation& operation, bool certain);
  void publish(const history::Operation& operation, bool certain);
  void settle(const history::Operation& operation, bool certain);
  void call(const history::Operation& operation, bool certain);
  void deliver(const history::Event& event);
  void went(std::uint32_t subscription, history::Time at, bool forget);
  void rest();
  models::Tally& tally(const Group& group);
  models::Tally* tally_of(std::uint32_t subscription);
  void count(std::string_view name, bool certain = true);

  const history::View& view_;
  const contract::Claims& claims_;
  const history::Operation& asked_;
  bool at_rest_ = false;
  std::map<std::uint32_t, const history::Operation*> by_number_;
  std::map<Group, models::Tally> groups_;
  std::vector<models::Tally> ended_;    ///< Groups that were forgotten.
  std::map<std::uint32_t, bool> live_;  ///< By subscription; false: it may be gone.
  std::map<std::uint32_t, std::int64_t> credit_, open_;  ///< Deliveries, by subscription.
  std::map<std::uint32_t, bool> settled_;                ///< Deliveries.
  std::map<std::string, models::Bounds> totals_;
};

}  // namespace busproof::checkers
