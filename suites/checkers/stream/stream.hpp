// Stream: all promises at once, in one pass over a history of any length.
//
// For long runs: what is kept grows with the messages alone. It judges the same promises as the
// cases do, and less finely: what only a look back could decide counts in favour of the bus, and
// where several tenants share a history nothing is told of it: names and event ids are each one's.
//
// Threads: one.
// Errors:  a file that is torn or damaged is refused, whatever was judged until there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/checkers/stream/promises.hpp"
#include "suites/contract/result.hpp"

namespace busproof::checkers::stream {

struct Promise {
  std::string_view name;  ///< "lost", "order"
  Judgement judgement;
};

class Stream {
 public:
  explicit Stream(const contract::Claims& claims);

  /// In order of time. `texts` are looked at during the call alone.
  void add(const Event& event, std::uint32_t index, const Texts& texts);

  [[nodiscard]] std::vector<Promise> finish() const;

 private:
  void see_tenant(const Event& hello, const Texts& texts);

  Ledger ledger_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::optional<std::string> tenant_;  ///< of the first hello; only where they are told apart
  bool several_tenants_ = false;
};

/// Of a history that is all there.
std::vector<Promise> judge(const history::History& history, const contract::Claims& claims);

/// Of the binary form, read as it goes.
contract::Result<std::vector<Promise>> judge_binary(std::string_view bytes);

}  // namespace busproof::checkers::stream
