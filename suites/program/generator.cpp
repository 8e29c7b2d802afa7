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

rc::Gen<Operation> of(Kind kind, const rc::Gen<std::int64_t>& value) {
  return rc::gen::map(value, [kind](std::int64_t number) { return Operation{kind, number}; });
}

rc::Gen<Operation> operation(const Bounds& bounds) {
  const auto which = rc::gen::inRange<std::int64_t>(0, 4);
  const auto nothing = rc::gen::just<std::int64_t>(0);
  return rc::gen::weightedOneOf<Operation>(
      {{8, of(Kind::publish, priority(bounds))},
       {8, of(Kind::take, nothing)},
       {5, of(Kind::ack, which)},
       {3, of(Kind::reject, which)},
       {bounds.reconnect ? 1U : 0U, of(Kind::reconnect, nothing)}});
}

rc::Gen<Operation> status_operation() {
  const auto which = rc::gen::inRange<std::int64_t>(0, 4);
  return rc::gen::weightedOneOf<Operation>({{4, of(Kind::publish, rc::gen::just<std::int64_t>(0))},
                                            {3, of(Kind::ack, which)},
                                            {3, of(Kind::reject, which)},
                                            {4, of(Kind::bury, which)},
                                            {3, of(Kind::redrive, which)},
                                            {2, of(Kind::purge, which)}});
}

rc::Gen<Operation> counted(const Bounds& bounds) {
  const auto up_to = [](Kind kind, std::int64_t most) {
    return rc::gen::map(rc::gen::inRange<std::int64_t>(0, most + 1), [kind](std::int64_t number) {
      return Operation{kind, number};
    });
  };
  return rc::gen::weightedOneOf<Operation>({{24, operation(bounds)},
                                            {2, up_to(Kind::later, 0)},
                                            {4, up_to(Kind::bury, 3)},
                                            {2, up_to(Kind::remove, 3)},
                                            {1, up_to(Kind::redrive, 0)},
                                            {1, up_to(Kind::purge, 0)},
                                            {2, up_to(Kind::join, 0)},
                                            {1, up_to(Kind::leave, 0)}});
}

rc::Gen<Operation> of_lives() {
  const auto which = rc::gen::inRange<std::int64_t>(0, 8);
  return rc::gen::weightedOneOf<Operation>(
      {{7, of(Kind::publish, which)},
       {8, of(Kind::look, which)},
       {4, of(Kind::pass, rc::gen::inRange<std::int64_t>(20, 260))},
       {1, of(Kind::ack, which)},
       {2, of(Kind::reject, which)},
       {5, of(Kind::extend, which)},
       {1, of(Kind::bury, which)},
       {1, of(Kind::redrive, which)},
       {1, of(Kind::remove, which)},
       {2, of(Kind::sweep, rc::gen::just<std::int64_t>(0))}});
}

Program program_of(const rc::Gen<Operation>& operation, std::uint64_t seed, const Bounds& bounds) {
  const auto length = rc::gen::inRange<std::size_t>(3, bounds.operations_max + 1);
  const auto generator = rc::gen::mapcat(length, [operation](std::size_t count) {
    return rc::gen::container<Program>(count, operation);
  });
  return generator(rc::Random(seed), 100).value();
}

}  // namespace

Program generate_queue_program(std::uint64_t seed, const Bounds& bounds) {
  return program_of(operation(bounds), seed, bounds);
}

Program generate_status_program(std::uint64_t seed, const Bounds& bounds) {
  return program_of(status_operation(), seed, bounds);
}

Program generate_lives_program(std::uint64_t seed, const Bounds& bounds) {
  return program_of(of_lives(), seed, bounds);
}

Program generate_statistics_program(std::uint64_t seed, const Bounds& bounds) {
  return program_of(counted(bounds), seed, bounds);
}

}  // namespace busproof::program
