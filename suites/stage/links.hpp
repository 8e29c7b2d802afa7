// Links: what stands between a bus and the servers that it stores in, in the hand of a scenario.
// Each server is reached through a proxy of this bus' own, which counts, searches, and disturbs.
//
// What is read and done here goes into the history as marks, so that judges need nothing else:
// counters, what was found of a payload, and of each fault when it began and when it healed, with
// how often it struck in between.
//
// Threads: those of the stage.
// Errors:  Abandoned as unverified where the bus has no such server.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fixtures/proxy/proxy.hpp"
#include "suites/history/recorder.hpp"
#include "suites/targets/target.hpp"

namespace busproof::stage {

/// A fault on some links, for as long as this object lives. The marks "fault" and "healed", one for
/// each link: {"link", "fault"}, the amount of the latter is how often it struck.
class [[nodiscard]] Disturbed {
 public:
  Disturbed(history::Recorder& recorder, const proxy::Fault& fault);
  ~Disturbed();
  Disturbed(Disturbed&&) = default;
  Disturbed& operator=(Disturbed&&) = delete;

  void add(const std::string& link, proxy::Proxy& proxy);
  void heal();  ///< A second time does nothing.

 private:
  struct One {
    std::string link;
    proxy::Applied applied;
  };
  void mark(std::string_view name, const std::string& link, std::uint64_t struck);

  history::Recorder* recorder_;
  proxy::Fault fault_;
  std::vector<One> standing_;
};

/// What is looked for of one payload on one link.
struct Sought {
  std::string link;
  std::size_t first = 0;  ///< The number of the first text.
  std::size_t pieces = 0;
};

class Links {
 public:
  Links(targets::Target& target, history::Recorder& recorder)
      : target_(target), recorder_(recorder) {}

  /// The server that holds the payloads and nothing else: the mark "payload_link" names it, too.
  [[nodiscard]] std::string payloads();

  /// All of them. There is one at least.
  [[nodiscard]] std::vector<std::string> all() const;

  /// Records the counters of all links as a mark of that name: "links": {NAME: {"accepted",
  /// "contacted", "to_server", "to_client"}}, all of them since the bus was made; "what" where it
  /// is given.
  void mark(std::string_view name, std::int64_t amount = 0, std::string_view what = {});

  Disturbed disturb(const std::vector<std::string>& links, const proxy::Fault& fault);

  /// From now on pieces of that payload are looked for in what goes to the server: as they are, and
  /// in hexadecimal and base64. It has to be incompressible, and so long that none is there by
  /// chance.
  [[nodiscard]] Sought seek(const std::string& link, std::string_view payload);

  /// The mark "sought" of that message: {"link", "pieces", "raw", "hex", "base64"}, of how many
  /// pieces there are how many passed so; the amount is how many passed in any way.
  void mark(const Sought& sought, std::uint32_t message);

 private:
  [[nodiscard]] proxy::Proxy& proxy(const std::string& link) const;

  targets::Target& target_;
  history::Recorder& recorder_;
};

}  // namespace busproof::stage
