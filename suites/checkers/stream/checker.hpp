// Checker: one promise, watched while a history passes by.
//
// A checker that saw nothing cannot say met. What it suspects may be excused by something that is
// only seen later (the bus had ended a connection before we noticed): such a suspicion names the
// session and is judged when all has passed.
//
// Threads: one.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "suites/checkers/judgement.hpp"
#include "suites/checkers/stream/ledger.hpp"

namespace busproof::checkers::stream {

class Checker {
 public:
  Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  virtual ~Checker() = default;

  /// The promise in a word: "lost", "order".
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Before the ledger knows of it.
  virtual void on_delivery(const Ledger&, const Came&) {}

  /// An answer, after the ledger has taken note of it.
  virtual void on_answer(const Ledger&, const Event&, std::uint32_t /*index*/, const Texts&) {}

  [[nodiscard]] Judgement judgement(const Ledger& ledger) const;

 protected:
  /// What is only known when all has passed; counts observations into `judged`.
  [[nodiscard]] virtual std::optional<Judgement> at_end(const Ledger&, std::uint64_t&) const {
    return std::nullopt;
  }

  /// Kept; nothing can excuse it. The first one counts.
  void broken(Judgement judgement);

  /// Broken, unless the bus had ended that session by `when`.
  void suspect(std::uint32_t session, Time when, Judgement judgement);

  [[nodiscard]] bool is_broken() const { return broken_.has_value(); }
  std::uint64_t judged_ = 0;

 private:
  struct Suspicion {
    std::uint32_t session;
    Time when;
    Judgement judgement;
  };
  std::optional<Judgement> broken_;
  std::vector<Suspicion> suspicions_;
};

}  // namespace busproof::checkers::stream
