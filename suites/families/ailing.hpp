// All stores of a bus ill at once: over the wire where they are servers, else through ctl/backend.
//
// Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "suites/stage/links.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::families {

class Stores {
 public:
  /// Unverified where there is no hold on them.
  explicit Stores(stage::Stage& stage);
  /// Well again, whatever happened.
  ~Stores();
  Stores(const Stores&) = delete;
  Stores& operator=(const Stores&) = delete;

  /// Each round trip takes so much longer: the mark "ailing", "is": "delayed".
  void delay(stage::milliseconds time);
  /// The mark "ailing", "is": "down".
  void down();
  /// The marks "healing", before it, and "well". Nothing where they are well.
  void heal();

 private:
  void ail(std::string_view is, stage::milliseconds delay);
  void tell(std::string_view action, stage::milliseconds delay);

  stage::Stage& stage_;
  std::vector<std::string> servers_, names_;  // One of them is empty.
  std::unique_ptr<stage::Disturbed> disturbed_;
  bool well_ = true;
};

}  // namespace busproof::families
