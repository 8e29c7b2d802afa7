// What a bus owes, and until when: which message must have come, and when one may rightly be gone.
//
// All are bounds in favour of the bus. What lies between them is not judged.
//
// Threads: no state.
#pragma once

#include "suites/checkers/groups.hpp"
#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// What one group is owed, and the fences behind which its silence counts.
class Owed {
 public:
  Owed(const history::View& view, const contract::Claims& claims, const Group& group,
       const ByMessage& came);

  /// The instant by which a message that nobody holds must be on its way to a member with credit:
  /// when its publish was answered, or its delay was over. Nothing where the group is not owed it:
  /// refused or in doubt, a topic, another destination, deleted, damaged, mortal, or the group may
  /// not have existed.
  [[nodiscard]] std::optional<history::Time> due(const history::Operation& publish) const;

  /// The publish of the first fence that came although a message due at `due` did not: it was
  /// invoked after that, and after whatever a member that had gone by then can have held was given
  /// back. Null: silence proves nothing.
  [[nodiscard]] const history::Operation* fence_behind(history::Time due) const;

 private:
  struct Fence {
    const history::Operation* publish;
    history::Time held_until;  ///< Up to then somebody who never saw a message may have held it.
    history::Time slack;       ///< For what is under way to another member.
  };
  [[nodiscard]] Fence fence(const history::Operation& publish,
                            const history::Delivery& received) const;

  const history::View& view_;
  const contract::Claims& claims_;
  Group group_;
  history::Time exists_from_;
  std::vector<Fence> fences_;
};

/// The latest instant by which the bus has given back what a subscription held that ended no later
/// than `until`: at once where that is claimed and the end was a clean one, else at the end of its
/// lease, and the declared grace in either case. Nothing where it lasted longer.
std::optional<history::Time> given_back(const history::View& view, const contract::Claims& claims,
                                        const history::Operation& subscribe, history::Time until);

/// Whether the bus may rightly no longer have the message when that request was answered, whatever
/// its time to live: it was deleted, or settled and kept no longer than that, or a topic's.
bool gone_otherwise(const history::View& view, const contract::Claims& claims,
                    const history::Operation& publish, const history::Operation& retrieve);

/// The same, or its own time to live may have been over.
bool may_be_gone(const history::View& view, const contract::Claims& claims,
                 const history::Operation& publish, const history::Operation& retrieve);

/// Whether the bus may have dropped the message because its queue was full: only where it claims to
/// drop, and more was published there than certainly fits.
bool may_be_dropped(const history::View& view, const contract::Claims& claims,
                    const history::Operation& publish);

}  // namespace busproof::checkers
