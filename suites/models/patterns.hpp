// Which names a pattern matches, by the grammars that a bus may declare.
//
// Where implementations of one grammar are known to differ the answer is nothing, not a guess.
//
// Threads: pure. Errors: none.
// Source:  Redis KEYS and PSUBSCRIBE; NATS subjects; MQTT 5.0 section 4.7; AMQP 0-9-1 topic
// exchange.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace busproof::models {

/// Whether `pattern` matches `name` by that grammar ("redis_glob", "nats", "mqtt", "amqp"); nothing
/// for an unknown grammar, a pattern that is not valid, or one that implementations read
/// differently.
std::optional<bool> pattern_matches(std::string_view grammar, std::string_view pattern,
                                    std::string_view name);

/// Whether the grammar takes that pattern; nothing where it leaves that open.
std::optional<bool> pattern_valid(std::string_view grammar, std::string_view pattern);

/// The signs to which the grammar gives a meaning wherever they stand; none where it is unknown.
std::string_view pattern_signs(std::string_view grammar);

/// Whether the pattern takes a sign's special meaning away by an escape.
bool pattern_escapes(std::string_view grammar, std::string_view pattern);

/// A pattern that matches `name` alone, or nothing where the grammar cannot say that.
std::optional<std::string> pattern_of_name(std::string_view grammar, std::string_view name);

}  // namespace busproof::models
