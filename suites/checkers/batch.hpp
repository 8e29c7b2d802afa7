// STORE-8: a batch is accepted whole or not at all.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STORE-8.all: the messages of an accepted batch have an id each, under which each comes, once.
/// Findings: shared_id, wrong_id, doubled, lost.
Judgement judge_batch_accepted(const history::View& view, const contract::Claims& claims);

/// STORE-8.none: a batch with an item that no bus may accept (another mode, another specversion, no
/// base64) is refused with the number of that item, and nothing of it comes. Findings:
/// bad_item_accepted, unnamed_item, part_delivered.
Judgement judge_batch_refused(const history::View& view, const contract::Claims& claims);

/// Where one group was given the message a second time as if it were the first: two deliveries that
/// say attempt 1, or under different transaction ids, of which the second came before `until`.
/// Nothing that ended the first one's lease early came between. Null where it was not.
struct Doubled {
  const history::Delivery* first = nullptr;
  const history::Delivery* second = nullptr;
  explicit operator bool() const { return second != nullptr; }
};
Doubled doubled(const history::View& view, std::uint32_t message, history::Time until);

}  // namespace busproof::checkers
