// Whether a message that somebody had must come again, and whether it did.
//
// All are bounds in favour of the bus. What lies between them is not judged.
//
// Threads: no state.
#pragma once

#include "suites/checkers/groups.hpp"
#include "suites/checkers/room.hpp"
#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// Whether a redrive may have happened within [from, to].
bool redriven(const history::View& view, history::Time from, history::Time to);

/// Whether that delivery, of a message that came so many times, may have been its last attempt.
bool may_be_used_up(const contract::Claims& claims, const history::Delivery& delivery,
                    std::size_t times);

/// Whether the message may rightly not come again after that delivery, due at `due`: it may be
/// expired or deleted, or a member that has gone since holds it and never showed it.
bool may_stay_away(const history::View& view, const contract::Claims& claims, const Group& group,
                   const history::Delivery& delivery, history::Time due, history::Time until);

/// The delivery received next after `before` in `all`, or null.
const history::Delivery* next_after(const std::vector<history::Delivery>& all,
                                    const history::Delivery& before);

enum class Came : std::uint8_t {
  open,     ///< It did not, and that proves nothing.
  in_time,  ///< Or when it did has an excuse.
  late,
  never,  ///< A fence published after it was due came in its stead.
};

struct Comeback {
  Came came = Came::open;
  const history::Delivery* next = nullptr;    ///< What came.
  const history::Operation* fence = nullptr;  ///< The publish that came in its stead.
};

/// What became of a message that must be on its way to whoever has room for it by `due`, after
/// `before`, and has attempts left.
Comeback comeback(const history::View& view, const contract::Claims& claims, const Group& group,
                  const ByMessage& came, const history::Delivery& before, history::Time due);

}  // namespace busproof::checkers
