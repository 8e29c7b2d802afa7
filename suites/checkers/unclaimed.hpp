// API-4: what belongs to a capability that is not claimed.
#pragma once

#include <span>
#include <string_view>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// A method, the capabilities that bring it (any of them), and params that are in order, as JSON.
struct MethodOf {
  std::string_view method, capabilities, params;
};
std::span<const MethodOf> methods_of_capabilities();

/// An attribute of events, the capability that gives it a meaning, and a value that would have one.
struct AttributeOf {
  std::string_view attribute, capability, value;
};
std::span<const AttributeOf> attributes_of_capabilities();

/// Whether none of those capabilities, separated by spaces, is claimed.
bool none_claimed(const contract::Claims& claims, std::string_view capabilities);

/// API-4.methods: each such call is refused with not_supported or -32601. Findings:
/// unclaimed_served, wrong_error.
Judgement judge_unclaimed_methods(const history::View& view, const contract::Claims& claims);

/// API-4.params: the same of delay_ms, ttl_ms, mode, group and pattern in calls of bus/publish and
/// bus/subscribe that are otherwise in order.
Judgement judge_unclaimed_params(const history::View& view, const contract::Claims& claims);

/// API-4.attributes: an event with such attributes is accepted, comes, and comes with them.
/// Findings: refused, changed, lost.
Judgement judge_unclaimed_attributes(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
