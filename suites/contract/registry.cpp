// The contract: every family, in order. A family missing here is in no run, no report, no document.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract {

std::span<const Family> families() {
  static const std::array kFamilies = {rules::route(), rules::store(), rules::sum(),  rules::comp(),
                                       rules::chunk(), rules::ttl(),   rules::brk(),  rules::que(),
                                       rules::pri(),   rules::pub(),   rules::cor(),  rules::dur(),
                                       rules::agt(),   rules::end(),   rules::hlt(),  rules::sta(),
                                       rules::cfg(),   rules::sec(),   rules::node(), rules::api()};
  return kFamilies;
}

}  // namespace busproof::contract
