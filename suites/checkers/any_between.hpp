// For properties of judges: numbers from the whole of a range, whatever the size of the test case.
//
// RapidCheck's inRange grows with the size, so that small cases would all be alike.
#pragma once

#include <rapidcheck.h>

namespace busproof::checkers {

/// A number in [least, past).
template <typename Number>
Number any_between(Number least, Number past) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Number>(least, past));
}

}  // namespace busproof::checkers
