// Sketch: writes histories for tests of judges, an event at a time, in any order of time.
//
// Threads: values only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "suites/checkers/judgement.hpp"
#include "suites/history/history.hpp"

namespace busproof::checkers {

/// Milliseconds since the history began; negative as an end: no answer came.
using Millis = std::int64_t;

/// What an operation or a note is about; what is left out is the first session, subscription and
/// destination.
struct About {
  std::uint32_t message = 0, delivery = 0;
  std::uint32_t subscription = 1, session = 1;
  std::int64_t amount = 0;
  std::string_view destination = "q";
  std::string_view error = {};  ///< Of the answer: it is then a refusal, or in doubt.
  bool definite = true;         ///< Whether a refusal says that nothing happened.
  boost::json::object asked = {}, said = {};
};

class Sketch {
 public:
  /// Claims to have a queue, and `limits`.
  explicit Sketch(const boost::json::object& limits, const boost::json::object& capabilities = {});

  /// A request invoked at `from` and answered at `to`.
  Sketch& request(history::Action action, Millis from, Millis to, const About& about);

  Sketch& subscribe(Millis from, Millis to, std::int64_t credit, std::int64_t lease_ms,
                    About about = {});
  Sketch& publish(Millis from, Millis to, std::uint32_t message, boost::json::object asked = {});
  Sketch& deliver(Millis at, const About& about, std::int32_t attempt = 1);
  Sketch& mark(Millis at, std::string_view name, std::uint32_t message = 0,
               std::uint32_t session = 0);
  Sketch& mark(Millis at, std::string_view name, const boost::json::object& detail);
  Sketch& disconnected(Millis at, std::uint32_t session, std::string_view by = "us");

  /// A fence published at `from`, that came at `came` as delivery `delivery`.
  Sketch& fence(Millis from, Millis came, std::uint32_t message, std::uint32_t delivery,
                std::uint32_t subscription = 1, std::uint32_t session = 1);

  [[nodiscard]] const contract::Claims& claims() const { return claims_; }

  /// The history in order of time; what was written first comes first at the same instant.
  [[nodiscard]] history::History history() const;

  [[nodiscard]] Judgement judged(Judge judge) const;

 private:
  void add(history::Event event, Millis at, std::string_view destination, std::string_view error,
           const boost::json::object& detail);

  contract::Claims claims_;
  history::History history_;
  std::uint32_t operations_ = 0;
};

/// Whether the judgement shows the receipt of that delivery.
bool points_at_delivery(const Judgement& judgement, const history::History& history,
                        std::uint32_t delivery);

/// Whether it shows an event of that message.
bool points_at_message(const Judgement& judgement, const history::History& history,
                       std::uint32_t message);

}  // namespace busproof::checkers
