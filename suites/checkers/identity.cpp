#include "suites/checkers/identity.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

std::string id_of(const Operation& publish) { return text_of(publish.said, "transaction_id"); }

std::vector<const Operation*> accepted(const View& view) {
  std::vector<const Operation*> found;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok() && !id_of(publish).empty()) found.push_back(&publish);
  return found;
}

// What the id of a request is to those that were made.
enum class Kin : std::uint8_t { real, near, well_formed, malformed };

char kind_of(char c) {
  if (c >= '0' && c <= '9') return '0';
  if (c >= 'a' && c <= 'z') return 'a';
  if (c >= 'A' && c <= 'Z') return 'A';
  return c;
}

std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return std::max(a.size(), b.size());
  std::size_t apart = 0;
  for (std::size_t i = 0; i < a.size(); ++i) apart += a[i] == b[i] ? 0 : 1;
  return apart;
}

/// One has a character more than the other, and they are the same otherwise.
bool one_more(std::string_view longer, std::string_view shorter) {
  if (longer.size() != shorter.size() + 1) return false;
  const auto [in_longer, in_shorter] =
      std::mismatch(longer.begin(), longer.end(), shorter.begin(), shorter.end());
  return std::equal(in_longer + 1, longer.end(), in_shorter, shorter.end());
}

bool same_form(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return kind_of(x) == kind_of(y);
         });
}

/// The ids of a history, and whether others can have been made that look like them: a bus that
/// counts makes neighbours for strangers.
class Ids {
 public:
  explicit Ids(const View& view) {
    for (const Operation* publish : accepted(view)) {
      const std::string id = id_of(*publish);
      for (const auto& [other, message] : known_) apart_ = std::min(apart_, distance(id, other));
      known_[id] = publish;
    }
    if (known_.size() < 2) apart_ = 0;
  }

  [[nodiscard]] Kin kin(const std::string& id) const {
    if (known_.contains(id)) return Kin::real;
    Kin found = Kin::malformed;
    for (const auto& [real, publish] : known_) {
      if (distance(id, real) == 1 || one_more(id, real) || one_more(real, id)) return Kin::near;
      if (same_form(id, real)) found = Kin::well_formed;
    }
    return found;
  }

  /// Ids lie so far apart that nobody else's lies beside one by chance.
  [[nodiscard]] bool sparse() const {
    constexpr std::size_t kApart = 8;
    return apart_ >= kApart;
  }

  /// A message here that has that digest, or 0.
  [[nodiscard]] std::uint32_t message_with(const std::string& digest) const {
    for (const auto& [id, publish] : known_)
      if (!digest.empty() && text_of(publish->asked, "digest") == digest) return publish->message;
    return 0;
  }

 private:
  std::map<std::string, const Operation*> known_;
  std::size_t apart_ = 1000;
};

/// Whether that answer is certainly not the answer to a stranger's id.
bool is_ours(const Ids& ids, const Operation& call) {
  if (ids.sparse()) return true;
  if (number_of(call.said, "message") != 0) return true;
  return number_of(call.said, "size") > 0 && ids.message_with(text_of(call.said, "digest")) != 0;
}

bool names_nothing(const Operation& call) {
  return call.error == "not_found" || call.error == "invalid_argument";
}

std::optional<Judgement> answered_wrongly(const Ids& ids, const Operation& call,
                                          const std::string& id) {
  const std::string method = text_of(call.asked, "method");
  if (names_nothing(call) || is_momentary(call)) return std::nullopt;
  if (!call.ok())
    return Judgement::violated("wrong_refusal",
                               fmt::format("{} of \"{:.60}\", an id that was never made, was "
                                           "refused with {}.",
                                           method, id, call.error),
                               {call.invoke_index, call.answer_index});
  if (method == "bus/delete" || !is_ours(ids, call)) return std::nullopt;
  return Judgement::violated(
      "reached_a_record",
      fmt::format("{} of \"{:.60}\", an id that was never made, was answered.", method, id),
      {call.invoke_index, call.answer_index});
}

/// A record that was there, and was gone when an id like its own had been deleted.
std::optional<Judgement> harmed(const View& view, const contract::Claims& claims) {
  for (const Operation& read : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(read.message);
    if (publish == nullptr || !publish->ok() || !names_nothing(read)) continue;
    if (may_be_gone(view, claims, *publish, read)) continue;
    return Judgement::violated(
        "harmed_a_record",
        fmt::format("m{} was gone, and nothing but ids that were never made had been deleted.",
                    read.message),
        {publish->answer_index, read.answer_index});
  }
  return std::nullopt;
}

Judgement judge_kin(const View& view, const contract::Claims& claims, Kin wanted) {
  const Ids ids(view);
  std::uint64_t judged = 0;
  for (const Operation& call : view.operations(Action::call)) {
    const json::value* params = call.asked.if_contains("params");
    if (params == nullptr || !params->is_object()) continue;
    const json::value* named = params->get_object().if_contains("transaction_id");
    if (named == nullptr || !named->is_string()) continue;
    const std::string id = text_of(params->get_object(), "transaction_id");
    if (ids.kin(id) != wanted) continue;
    if (auto wrong = answered_wrongly(ids, call, id)) return *wrong;
    if (names_nothing(call) || (call.ok() && text_of(call.asked, "method") == "bus/delete"))
      ++judged;
  }
  if (auto wrong = harmed(view, claims)) return *wrong;
  return Judgement::met(judged);
}

}  // namespace

std::optional<Judgement> find_repeated_id(const View& view) {
  std::map<std::string, const Operation*> first;
  for (const Operation* publish : accepted(view)) {
    const auto [other, fresh] = first.try_emplace(id_of(*publish), publish);
    if (fresh || other->second->message == publish->message) continue;
    return Judgement::violated(
        "id_repeated",
        fmt::format("Messages m{} and m{} were both told the transaction id {:.80}.",
                    other->second->message, publish->message, id_of(*publish)),
        {other->second->answer_index, publish->answer_index});
  }
  return std::nullopt;
}

Judgement judge_ids_over_connections(const View& view, const contract::Claims&) {
  if (auto found = find_repeated_id(view)) return *found;
  const auto all = accepted(view);
  const bool several = std::any_of(all.begin(), all.end(), [&](const Operation* publish) {
    return publish->session != all.front()->session;
  });
  return several ? Judgement::met(all.size())
                 : Judgement::inconclusive("messages of one connection only");
}

Judgement judge_ids_over_restart(const View& view, const contract::Claims&) {
  if (auto found = find_repeated_id(view)) return *found;
  const auto marks = view.marks("started");
  const auto all = accepted(view);
  if (marks.empty() || all.empty()) return Judgement::inconclusive("nothing was restarted");
  const Time at = marks.front().at;
  const bool before = all.front()->answered < at;
  const bool after = all.back()->invoked > at;
  return before && after ? Judgement::met(all.size())
                         : Judgement::inconclusive("no messages on both sides of a restart");
}

Judgement judge_unknown_ids(const View& view, const contract::Claims& claims) {
  return judge_kin(view, claims, Kin::well_formed);
}
Judgement judge_malformed_ids(const View& view, const contract::Claims& claims) {
  return judge_kin(view, claims, Kin::malformed);
}
Judgement judge_near_misses(const View& view, const contract::Claims& claims) {
  return judge_kin(view, claims, Kin::near);
}

}  // namespace busproof::checkers
