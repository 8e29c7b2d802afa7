// Connectors over stdio: an adapter started for each connection, or a launched bus' own pipes.
//
// Errors: "not_started" when the adapter does not run; "one_connection" for a second connection to
//         a bus that has but one.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "fixtures/process/process.hpp"
#include "suites/targets/reactor.hpp"
#include "suites/targets/target_file.hpp"
#include "suites/targets/transport.hpp"

namespace busproof::targets {

/// Starts `spawn` anew for each connection; its stderr goes to the file that `spawn` names.
std::unique_ptr<Connector> adapter_connector(Reactor& reactor, process::Spawn spawn);

/// Speaks over the pipes of `process`, once per start of it.
std::unique_ptr<Connector> launch_connector(Reactor& reactor,
                                            std::optional<process::Process>& process,
                                            std::string description);

}  // namespace busproof::targets
