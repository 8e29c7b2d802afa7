// Payloads that have broken buses before.
#pragma once

#include <vector>

#include "suites/stage/stage.hpp"

namespace busproof::families {

/// Incompressible bytes from the stage's randomness.
std::string random_bytes(stage::Stage& stage, std::size_t count);

/// Whether a message with that payload is within what the bus takes: payload_bytes_max and, with
/// room for base64 and the rest of the message, message_bytes_max.
bool fits(const contract::Claims& claims, const targets::Payload& payload);

/// Text of that many bytes, of a few words in random order: it takes a fourth of it compressed.
std::string words(stage::Stage& stage, std::size_t count);

/// The sizes of payloads whose stored bytes the bus vouches for, the largest last.
std::vector<std::size_t> vouched_sizes(stage::Stage& stage);

/// Retrieves a message, whatever comes of it. Where that ends the connection the scenario ends,
/// once it has been seen whether the bus takes another one.
void read(stage::Stage& stage, targets::Session& session, const targets::Published& message);

std::vector<targets::Payload> with_nul_bytes();
std::vector<targets::Payload> no_utf8();

/// Every JSON type, nesting up to what the bus takes, numbers that need all their digits.
std::vector<targets::Payload> json_values(const contract::Claims& claims);

/// Around every size at which an implementation may change its ways.
std::vector<targets::Payload> size_classes(stage::Stage& stage);

}  // namespace busproof::families
