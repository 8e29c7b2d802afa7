// Order: first deliveries in the order of acceptance, and what giving one back does to the rest.
//
// Judged on pairs of deliveries to a lone member (handed.hpp), between messages of equal priority.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-19.per_publisher: of messages published on one connection. Finding: out_of_order.
Judgement judge_order_of_publisher(const history::View& view, const contract::Claims& claims);

/// QUE-19.per_destination: of all messages of the destination, some of them by different
/// publishers. Finding: out_of_order.
Judgement judge_order_of_destination(const history::View& view, const contract::Claims& claims);

/// QUE-16.order, around a reject: the others among themselves, and the one given back among them.
/// Findings: others_out_of_order, wrong_place.
Judgement judge_order_around_reject(const history::View& view, const contract::Claims& claims);

/// QUE-16.lost: QUE-1's question, where a message was rejected or a member went away with one in
/// its hands. Findings: those of judge_delivered.
Judgement judge_given_back_loses_none(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
