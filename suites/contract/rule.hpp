// The contract as data: rules, and the cases each rule consists of.
//
// A rule that says several things is a list of cases, each judged by itself. Whether a case has a
// judge in this version is not written here: the table of judges says so (suites/runner).
//
// Threads: constant data.
#pragma once

#include <cstdint>

#include <span>
#include <string>
#include <string_view>

namespace busproof::contract {

enum class Level : std::uint8_t { must, should, may };

/// How a rule can be judged at all.
enum class Method : std::uint8_t {
  tested,       ///< From the outside, over the protocol.
  statistical,  ///< By counting over many samples.
  needs_hook,   ///< Needs a control method, a variant of the target, or a hold on process or store.
  untestable,   ///< Not judgeable; Rule::reason says why.
};

/// What a guarantee of durability survives, weakest first.
enum class Durability : std::uint8_t { memory, restart, process_crash, power_loss };

/// Whether a case can be judged over the protocol alone.
enum class Hook : std::uint8_t { none, needed };

/// One thing that a rule says. `RULE.name` is its id, which is never reused.
struct Case {
  std::string_view name;                 ///< [a-z0-9_]+, unique within the rule.
  std::string_view says;                 ///< One sentence, in our own words.
  Hook hook = Hook::none;                ///< Needed: unverified without it, and no more than that.
  std::string_view also = {};            ///< Further capabilities it needs, separated by spaces.
  Durability from = Durability::memory;  ///< Binds only a bus that claims this or better.
  std::string_view where = {};           ///< Traits it needs: "queue.lease=timed store.keeps=a|b".
  std::string_view lacks = {};           ///< Binds only a bus that does not claim all of these.
  std::string_view limits = {};          ///< Limits without which it can't be judged: "wakeup_ms".
};

struct Rule {
  std::string_view id;  ///< FAMILY-n, never reused.
  Level level;
  std::string_view capability;  ///< The capability it belongs to; empty: binds every bus.
  std::string_view sentence;    ///< The whole rule in one or two sentences.
  std::string_view sources;     ///< "S0, S1" (the seeds) or "R" (research).
  Method method;
  std::string_view reason = {};  ///< Why it is untestable or needs a hook; may be empty otherwise.
  std::span<const Case> cases;   ///< Never empty.
};

struct Family {
  std::string_view name;   ///< "QUE"
  std::string_view title;  ///< "work queues"
  std::string_view note;   ///< What holds for all of its rules; may be empty.
  std::span<const Rule> rules;
};

/// Version of the contract; rules and profiles are frozen under it.
inline constexpr std::string_view kContractVersion = "1.0";

std::string_view to_string(Level level);       ///< "MUST", "SHOULD", "MAY"
std::string_view to_string(Method method);     ///< "tested", "statistical", "needs_hook", ...
std::string_view to_string(Durability value);  ///< "memory", "restart", ...

/// "QUE-4.late"
std::string case_id(const Rule& rule, const Case& part);

/// Every family in the order of the contract.
std::span<const Family> families();

/// The rule of that id ("QUE-4"), or null.
const Rule* find_rule(std::string_view id);

struct CaseRef {
  const Rule* rule = nullptr;
  const Case* part = nullptr;
  explicit operator bool() const { return part != nullptr; }
};

/// The case of that id ("QUE-4.late"), or an empty reference.
CaseRef find_case(std::string_view id);

}  // namespace busproof::contract
