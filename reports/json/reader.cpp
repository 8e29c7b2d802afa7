// result.json read back: members one by one, the first complaint kept.
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "reports/json/result_json.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;
using contract::Conformance;
using contract::Level;
using contract::Verdict;

// The first thing found wrong; reading goes on with defaults, and the whole is refused at the end.
struct Complaint {
  std::optional<std::string> first;

  void add(std::string_view where, std::string_view what) {
    if (!first) first = fmt::format("{}: {}", where, what);
  }
};

// One object of the result, and its path for complaints.
class Reader {
 public:
  Reader(const json::value& value, std::string path, Complaint& complaint)
      : object_(value.if_object()), path_(std::move(path)), complaint_(complaint) {
    if (object_ == nullptr) complaint_.add(path_, "must be an object");
  }

  std::string text(std::string_view name) const {
    const json::value* found = member(name);
    if (found == nullptr) return {};
    if (!found->is_string()) return complain(name, "must be a string"), std::string{};
    return std::string(found->get_string());
  }

  bool boolean(std::string_view name) const {
    const json::value* found = member(name);
    if (found == nullptr) return false;
    if (!found->is_bool()) return complain(name, "must be true or false"), false;
    return found->get_bool();
  }

  double seconds(std::string_view name) const {
    const json::value* found = member(name);
    if (found == nullptr) return 0;
    if (!found->is_number()) return complain(name, "must be a number"), 0;
    return whole_micros(found->to_number<double>());
  }

  template <typename Integer>
  Integer integer(std::string_view name) const {
    const json::value* found = member(name);
    if (found == nullptr) return 0;
    json::error_code failed;
    const auto number = found->is_double() ? Integer{} : found->to_number<Integer>(failed);
    if (failed || found->is_double()) complain(name, "must be an integer within range");
    return number;
  }

  // A decimal in a string, since a 64-bit seed does not survive JavaScript's numbers.
  std::uint64_t decimal(std::string_view name) const {
    const std::string digits = text(name);
    std::uint64_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, failed] = std::from_chars(digits.data(), end, number);
    if (failed != std::errc{} || stopped != end) {
      complain(name, "must be a string of a decimal below 2^64");
    }
    return number;
  }

  template <typename Word>
  Word one_of(std::string_view name, std::initializer_list<Word> values) const {
    const std::string found = text(name);
    for (const Word value : values) {
      if (to_string(value) == found) return value;
    }
    complain(name, fmt::format("\"{}\" is none of its values", found));
    return *values.begin();
  }

  template <typename Read>
  auto list(std::string_view name, Read&& read) const {
    std::vector<decltype(read(std::declval<const Reader&>()))> out;
    each(name, [&](const json::value& item, std::string path) {
      out.push_back(read(Reader(item, std::move(path), complaint_)));
    });
    return out;
  }

  [[nodiscard]] bool has(std::string_view name) const {
    return object_ != nullptr && object_->if_contains(name) != nullptr;
  }

  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> out;
    each(name, [&](const json::value& item, const std::string& path) {
      if (!item.is_string()) return complaint_.add(path, "must be a string");
      out.emplace_back(item.get_string());
    });
    return out;
  }

  Reader object(std::string_view name) const {
    static const json::value kEmpty = json::object{};
    const json::value* found = member(name);
    return {found != nullptr ? *found : kEmpty, at(name), complaint_};
  }

  const json::value* member(std::string_view name) const {
    if (object_ == nullptr) return nullptr;
    const json::value* found = object_->if_contains(name);
    if (found == nullptr) complain(name, "is missing");
    return found;
  }

  void complain(std::string_view name, std::string_view what) const {
    complaint_.add(at(name), what);
  }

 private:
  std::string at(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }

  template <typename Use>
  void each(std::string_view name, Use&& use) const {
    const json::value* found = member(name);
    if (found == nullptr) return;
    if (!found->is_array()) return complain(name, "must be an array");
    std::size_t index = 0;
    for (const auto& item : found->get_array()) {
      use(item, fmt::format("{}[{}]", at(name), index++));
    }
  }

  const json::object* object_;
  std::string path_;
  Complaint& complaint_;
};

Verdict verdict_of(const Reader& in) {
  const std::string found = in.text("verdict");
  const auto verdict = contract::verdict_from(found);
  if (!verdict) in.complain("verdict", fmt::format("\"{}\" is no verdict", found));
  return verdict.value_or(Verdict::not_judged_yet);
}

contract::CaseResult read_case(const Reader& in) {
  contract::CaseResult out;
  out.id = in.text("id");
  out.verdict = verdict_of(in);
  out.finding = in.text("finding");
  out.detail = in.text("detail");
  out.judged = in.integer<std::uint64_t>("judged");
  out.tries = in.integer<int>("tries");
  out.seconds = in.seconds("seconds");
  out.evidence = in.texts("evidence");
  out.history = in.text("history");
  out.repeat = in.text("repeat");
  if (in.has("stall_ms")) out.stall_ms = in.integer<std::int64_t>("stall_ms");
  if (in.has("trace")) out.trace = in.texts("trace");
  return out;
}

contract::RuleResult read_rule(const Reader& in) {
  contract::RuleResult out;
  out.id = in.text("id");
  out.level = in.one_of("level", {Level::must, Level::should, Level::may});
  out.capability = in.text("capability");
  out.sentence = in.text("sentence");
  out.verdict = verdict_of(in);
  out.detail = in.text("detail");
  out.cases = in.list("cases", read_case);
  return out;
}

contract::TargetInfo read_target(const Reader& in) {
  contract::TargetInfo out;
  out.name = in.text("name");
  out.connect = in.text("connect");
  const Reader server = in.object("server");
  out.server_name = server.text("name");
  out.server_version = server.text("version");
  const json::value* claims = in.member("claims");
  if (claims == nullptr || claims->is_null()) return out;
  if (claims->is_string()) {
    out.claims_json = std::string(claims->get_string());
  } else if (claims->is_object()) {
    out.claims_json = json::serialize(*claims);
  } else {
    in.complain("claims", "must be an object, a string or null");
  }
  return out;
}

contract::ExpectationUse read_expectation(const Reader& in) {
  return {in.text("id"),   in.text("kind"),    in.text("reason"),
          in.text("link"), in.text("expires"), in.text("problem")};
}

contract::RunProblem read_problem(const Reader& in) {
  return {in.integer<int>("exit_code"), in.text("message")};
}

contract::RunRecord read_record(const Reader& in) {
  contract::RunRecord out;
  out.verdict = in.one_of(
      "verdict", {Conformance::incomplete, Conformance::conformant, Conformance::nonconformant});
  out.why = in.text("why");
  out.profile = in.text("profile");
  out.effort = in.text("effort");
  out.strict = in.boolean("strict");
  out.seed = in.decimal("seed");
  out.commit = in.text("commit");
  out.version = in.text("version");
  out.started_at = in.text("started_at");
  out.seconds = in.seconds("seconds");
  out.command = in.text("command");
  out.target = read_target(in.object("target"));
  out.rules = in.list("rules", read_rule);
  out.expectations = in.list("expectations", read_expectation);
  out.problems = in.list("problems", read_problem);
  out.notes = in.texts("notes");
  return out;
}

}  // namespace

contract::Result<contract::RunRecord> from_json(const json::object& result) {
  Complaint complaint;
  const json::value whole = result;
  const Reader in(whole, "", complaint);
  const int version = in.integer<int>("schema_version");
  if (!complaint.first && version != kResultSchemaVersion) {
    in.complain("schema_version",
                fmt::format("is {}; this busproof reads {}", version, kResultSchemaVersion));
  }
  contract::RunRecord record;
  if (!complaint.first) record = read_record(in);
  if (complaint.first) return contract::refused("bad_result", *complaint.first);
  return record;
}

contract::Result<contract::RunRecord> read_result_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = 256;
  json::error_code failed;
  const json::value parsed = json::parse(text, failed, json::storage_ptr{}, options);
  if (failed) return contract::refused("bad_result", "not JSON: " + failed.message());
  if (!parsed.is_object()) return contract::refused("bad_result", "not a JSON object");
  return from_json(parsed.get_object());
}

}  // namespace busproof::reports
