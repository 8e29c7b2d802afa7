// A model of one message's status: what each group it is owed to may have done with its copy.
//
// A copy waits, is settled, or is a dead letter. What was answered has happened; what is under way,
// or was never answered, may have happened at any moment since. Operations on one copy that overlap
// each other are kept as possibilities for good: which came first nobody saw.
//
// Threads: values only.
// Source:  rule STORE-6 and the protocol's words on status.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace busproof::models {

/// Statuses as a set of bits, so that several may be possible.
using Statuses = std::uint8_t;
inline constexpr Statuses kPending = 1, kComplete = 2, kError = 4, kExpired = 8;

/// What an operation does to a copy.
enum class Change : std::uint8_t {
  settles,  ///< A waiting one is acked, or its group is forgotten.
  buries,   ///< A waiting one becomes a dead letter.
  revives,  ///< A dead letter waits again.
  purges,   ///< A dead letter is taken out.
};

class StatusModel {
 public:
  using Operation = std::uint32_t;
  using Group = std::string;

  /// The group is owed a copy, for certain or perhaps.
  void owed(const Group& group, bool certain);

  /// An operation that does this to the group's copy begins.
  void begins(Operation operation, const Group& group, Change change);

  /// It was answered: it happened, if the copy was in the state that it changes; `for_certain`, it
  /// was.
  void happened(Operation operation, bool for_certain);

  /// It was refused: it did not happen.
  void refused(Operation operation);

  /// It was answered in a way that leaves open whether it did anything.
  void in_doubt(Operation operation);

  /// From here on the copy may be a dead letter, if it waits: nobody sees when its attempts are up.
  void may_die(const Group& group);

  /// Whether the group's copy may be a dead letter.
  [[nodiscard]] bool may_be_dead(const Group& group) const;

  /// Every status that the message may have now.
  [[nodiscard]] Statuses statuses() const;

  /// Counts what may have changed the status: equal numbers, equal status.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

 private:
  using States = std::uint8_t;
  struct Under {
    Group group;
    Change change;
    bool alone = true;  ///< No other operation on that copy overlapped it.
  };
  struct Copy {
    States states = 0;          ///< What it may be, were nothing under way.
    std::vector<Change> loose;  ///< What may still happen at any moment.
  };
  [[nodiscard]] States reachable(const Group& group) const;

  std::map<Group, Copy> copies_;
  std::map<Operation, Under> under_way_;
  std::uint64_t changes_ = 0;
};

}  // namespace busproof::models
