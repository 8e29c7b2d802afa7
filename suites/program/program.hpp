// A program: operations as data, so that a failure can be made small, stored and repeated.
//
// Threads: values only.
// Errors:  parse() says which operation it could not read.
#pragma once

#include <cstdint>

#include <functional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>

#include "suites/contract/claims.hpp"
#include "suites/contract/result.hpp"

namespace busproof::program {

enum class Kind : std::uint8_t {
  publish,    ///< value: the priority
  take,       ///< Credit for one more delivery, and wait for it.
  ack,        ///< value: which of the held, counted from 0 and taken modulo their number
  reject,     ///< value: likewise; to be delivered again
  reconnect,  ///< The connection ends politely; a new one takes its place.
  later,      ///< A publish that is delayed for longer than the program lasts.
  bury,       ///< value: which of the held; rejected for good
  remove,     ///< value: which of those waiting or dead; deleted
  redrive,    ///< value: which of the dead letters; all where statistics are asked for
  purge,      ///< value: likewise
  join,       ///< One more subscription: to the topic of that name.
  leave,      ///< The oldest of these ends.
  extend,     ///< value: which of the held; its lease is prolonged
  look,       ///< value: which of all messages; read, and asked about
  pass,       ///< value: so many milliseconds go by for the bus
  sweep,      ///< The bus is told to take out what has expired.
};

struct Operation {
  Kind kind = Kind::publish;
  std::int64_t value = 0;
  friend bool operator==(const Operation&, const Operation&) = default;
};

using Program = std::vector<Operation>;

/// ["publish 9", "take", "ack 0"]
boost::json::array to_json(const Program& program);
contract::Result<Program> parse(const boost::json::array& words);

/// What a program of this bus may hold.
struct Bounds {
  std::int64_t priority_min = 0, priority_max = 0;
  bool reconnect = true;
  std::size_t operations_max = 30;
};

/// The same seed and bounds give the same program.
using Generate = Program (*)(std::uint64_t seed, const Bounds& bounds);

/// Publishes, takes and settles one queue, with and without priorities.
Program generate_queue_program(std::uint64_t seed, const Bounds& bounds);

/// Takes messages through everything that changes their status.
Program generate_status_program(std::uint64_t seed, const Bounds& bounds);

/// Publishes with all kinds of lives, looks at the messages, and does to them what must not move
/// their ends. A publish's value says which life.
Program generate_lives_program(std::uint64_t seed, const Bounds& bounds);

/// The same as for statuses, and all else that moves a count.
Program generate_statistics_program(std::uint64_t seed, const Bounds& bounds);

}  // namespace busproof::program
