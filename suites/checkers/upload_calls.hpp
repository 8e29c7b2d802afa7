// Uploads as a history shows them: the calls of each, and what is known of it at any moment.
//
// A scenario says what an upload is to hold by the mark "content" {"upload", "size", "digest"}, and
// what the bytes are that an answer of bus/retrieve should have held by the mark "slice" {"tx",
// "offset", "size", "digest"} that follows it.
//
// Threads: values only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

struct Upload {
  std::string id;
  const history::Operation* open = nullptr;
  std::int64_t size = 0;
  std::string digest;  ///< Of what it is to hold; empty where nobody said.
  std::vector<const history::Operation*> appends, statuses, commits;
  std::string transaction_id, dataref;  ///< Once committed.
};

/// The params of a call.
const boost::json::object& params_of(const history::Operation& call);

/// The calls of that method in the order of their invocation.
std::vector<const history::Operation*> calls_of(const history::View& view, std::string_view method);

/// All that were opened, in that order.
std::vector<Upload> uploads_of(const history::View& view);

/// The bytes that an upload certainly has when `at` is carried out, had they all been counted.
std::optional<std::int64_t> offset_before(const Upload& upload, const history::Operation& at);

/// Whether it may have been left alone for longer than uploads live when `at` was answered.
bool may_be_over(const history::View& view, const contract::Claims& claims, const Upload& upload,
                 const history::Operation& at);

/// The same for certain, when `at` was invoked, all graces allowed.
bool must_be_over(const history::View& view, const contract::Claims& claims, const Upload& upload,
                  const history::Operation& at);

/// A refusal that speaks of the request itself.
bool is_refused(const history::Operation& operation);

/// Answers that say that there is no such thing.
bool is_gone(const history::Operation& operation);

/// What that answer of bus/retrieve should have held: the mark that follows it.
std::optional<boost::json::object> slice_of(const history::View& view,
                                            const history::Operation& call);

/// How the payload of a transaction was read: `wrong` is the first answer that held other bytes
/// than it should, `missing` the first that was refused.
struct ReadBack {
  const history::Operation* wrong = nullptr;
  const history::Operation* missing = nullptr;
  bool whole = false;  ///< All of it was read, and right.
};
ReadBack read_back(const history::View& view, std::string_view transaction_id, std::int64_t size,
                   history::Time from = {});

}  // namespace busproof::checkers
