// The words of a command line that name a target: --url, --target, --tcp, --unix, or -- COMMAND.
//
// Errors: more than one way at once, or what the target file's parser says.
#pragma once

#include <string>
#include <vector>

#include "suites/contract/result.hpp"
#include "suites/targets/target_file.hpp"

namespace busproof::cli {

struct TargetWords {
  std::string url, tcp, unix_path, file, control;
  std::string ca;         ///< Whom a wss:// address must be vouched for by; empty: the system's.
  bool insecure = false;  ///< Whoever answers there is believed.
  std::vector<std::string> command;  ///< What stood behind "--".

  /// Where the servers come from that a target file names.
  std::string backend = "auto", postgres_url, redis_url;
};

/// The target so named; the embedded refbus where none is.
contract::Result<targets::TargetFile> target_of(const TargetWords& words);

/// Whether none is named.
bool is_embedded(const TargetWords& words);

/// refbus on servers of its own: PostgreSQL and Redis, from where the words say.
contract::Result<targets::TargetFile> pair_of(const TargetWords& words);

/// The words again, quoted for a shell.
std::string quoted(const TargetWords& words);

/// One word quoted for a POSIX shell, where it needs it.
std::string quoted(const std::string& word);

/// Puts the folder of this program first in PATH, so that a launched `refbus` is the one built with
/// it.
void own_folder_first_in_path();

extern const char* const kDefaultTarget;
extern const char* const kPairTarget;

/// The schema that the latter names, schema 1 of its payloads.
extern const char* const kPairSchema;

}  // namespace busproof::cli
