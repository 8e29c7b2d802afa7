// RapidCheck generates programs; how they run and shrink is ours (it runs candidates twice and
// knows no budget).
#include <rapidcheck.h>

#include "suites/program/program.hpp"

namespace busproof::program {
namespace {

/// Values crowd at the ends of the range, where buses go wrong.
rc::Gen<std::int64_t> priority(const Bounds& bounds) {
  const std::int64_t least = bounds.priority_min, most = bounds.priority_max;
  if (least == most) return rc::gen::just(least);
  return rc::gen::weightedOneOf<std::int64_t>(
      {{3, rc::gen::inRange(least, most + 1)},
       {2, rc::gen::elementOf(std::vector<std::int64_t>{least, most, (least + most) / 2})}});
}

rc::Gen<Operation> operation(const Bounds& bounds) {
  const auto of = [](Kind kind, const rc::Gen<std::int64_t>& value) {
    return rc::gen::map(value, [kind](std::int64_t number) { return Operation{kind, number}; });
  };
  const auto which = rc::gen::inRange<std::int64_t>(0, 4);
  const auto nothing = rc::gen::just<std::int64_t>(0);
  return rc::gen::weightedOneOf<Operation>(
      {{8, of(Kind::publish, priority(bounds))},
       {8, of(Kind::take, nothing)},
       {5, of(Kind::ack, which)},
       {3, of(Kind::reject, which)},
       {bounds.reconnect ? 1U : 0U, of(Kind::reconnect, nothing)}});
}

rc::Gen<Operation> counted(const Bounds& bounds) {
  const auto of = [](Kind kind, std::int64_t most) {
    return rc::gen::map(rc::gen::inRange<std::int64_t>(0, most + 1), [kind](std::int64_t number) {
      return Operation{kind, number};
    });
  };
  return rc::gen::weightedOneOf<Operation>({{24, operation(bounds)},
                                            {2, of(Kind::later, 0)},
                                            {4, of(Kind::bury, 3)},
                                            {2, of(Kind::remove, 3)},
                                            {1, of(Kind::redrive, 0)},
                                            {1, of(Kind::purge, 0)},
                                            {2, of(Kind::join, 0)},
                                            {1, of(Kind::leave, 0)}});
}

Program of_operations(std::uint64_t seed, const Bounds& bounds, const rc::Gen<Operation>& one) {
  const auto length = rc::gen::inRange<std::size_t>(3, bounds.operations_max + 1);
  const auto generator = rc::gen::mapcat(
      length, [one](std::size_t count) { return rc::gen::container<Program>(count, one); });
  return generator(rc::Random(seed), 100).value();
}

}  // namespace

Program generate_queue_program(std::uint64_t seed, const Bounds& bounds) {
  return of_operations(seed, bounds, operation(bounds));
}

Program generate_statistics_program(std::uint64_t seed, const Bounds& bounds) {
  return of_operations(seed, bounds, counted(bounds));
}

}  // namespace busproof::program
