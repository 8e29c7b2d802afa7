// Uploading step by step, for the scenarios about it. What was refused is for the judges; where the
// connection is gone over it the scenario ends.
//
// Threads: as Stage. Errors: Abandoned.
#pragma once

#include <optional>
#include <string>

#include "suites/stage/stage.hpp"

namespace busproof::families {

/// An upload under way and what it is to hold.
struct Upload {
  std::string id;
  std::string bytes;
  std::string transaction_id = {}, dataref = {};
};

/// Ends the scenario where the connection is gone.
void go_on(stage::Stage& stage, targets::Session& session, const contract::Error& error);

/// How many bytes are sent in one part: an odd number, so that parts and chunks have edges of their
/// own.
std::size_t part_bytes(const stage::Stage& stage);

/// Opened, and noted as "content".
Upload open(stage::Stage& stage, targets::Session& session, std::string bytes);

/// The params of an append.
boost::json::object part(const Upload& upload, std::size_t offset, std::size_t length);

/// False where it was refused; append_rest goes from `offset` to the end.
bool append(stage::Stage& stage, targets::Session& session, const Upload& upload,
            std::size_t offset, std::size_t length);
bool append_rest(stage::Stage& stage, targets::Session& session, const Upload& upload,
                 std::size_t offset);

/// False where it was refused.
bool commit(stage::Stage& stage, targets::Session& session, Upload& upload);

}  // namespace busproof::families
