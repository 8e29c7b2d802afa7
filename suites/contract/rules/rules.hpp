// The rule families, one file each; suites/contract/registry.cpp lists them in order.
//
// Adding a rule: a block in its family's file, and its line in the array at that file's end. Adding
// a case: a line in its rule. Ids are never reused and never renamed; a case whose meaning changes
// gets a new name.
//
// Threads: constant data.
#pragma once

#include "suites/contract/rule.hpp"

namespace busproof::contract::rules {

Family route();
Family store();
Family sum();
Family comp();
Family chunk();
Family ttl();
Family brk();
Family que();
Family pri();
Family pub();
Family cor();
Family dur();
Family agt();
Family end();
Family hlt();
Family sta();
Family cfg();
Family sec();
Family node();
Family api();

/// The two halves of que().
std::span<const Rule> que_lease();
std::span<const Rule> que_load();

}  // namespace busproof::contract::rules
