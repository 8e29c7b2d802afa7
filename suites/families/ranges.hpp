// Reading a payload part by part, for the scenarios about that. What was refused is for the judges;
// where the connection is gone over it the scenario ends.
//
// Marks: see checkers/upload_calls.hpp.
//
// Threads: as Stage. Errors: Abandoned.
#pragma once

#include <optional>
#include <string>

#include "suites/stage/stage.hpp"

namespace busproof::families {

/// Asks for a range of that payload once, and notes as "slice" what its bytes at that place are.
/// How many came; nothing for a refusal.
std::optional<std::size_t> read_range(stage::Stage& stage, targets::Session& session,
                                      const std::string& payload, const std::string& transaction_id,
                                      std::size_t offset, std::optional<std::size_t> length = {});

/// From its beginning, for as long as anything comes.
void read_whole(stage::Stage& stage, targets::Session& session, const std::string& payload,
                const std::string& transaction_id);

/// Ranges at, across and between multiples of `edge`, some by chance, at the end and beyond it. The
/// payload holds two edges and ten bytes more at least.
void read_ranges(stage::Stage& stage, targets::Session& session, const std::string& payload,
                 const std::string& transaction_id, std::size_t edge);

}  // namespace busproof::families
