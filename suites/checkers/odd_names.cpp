#include "suites/checkers/odd_names.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/attributes.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/topics.hpp"
#include "suites/checkers/whose.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using contract::Verdict;
using history::Action;
using history::Operation;
using history::text_of;
using history::View;

constexpr std::string_view kInvalid = "invalid_argument";

std::vector<std::size_t> events_of(const Operation& operation) {
  return {operation.invoke_index, operation.answer_index};
}

std::string what_of(const Operation& operation) {
  return fmt::format("A {} with an odd name",
                     operation.action == Action::publish ? "publish" : "subscribe");
}

using Wanted = std::function<bool(const std::string& name)>;

/// The publishes and subscribes whose destination is wanted.
std::vector<const Operation*> naming(const View& view, const Wanted& wanted) {
  std::vector<const Operation*> found;
  for (const Action action : {Action::subscribe, Action::publish})
    for (const Operation& operation : view.operations(action))
      if (wanted(destination_of(view, operation))) found.push_back(&operation);
  return found;
}

/// A message that came under another name than it was published at.
std::optional<Judgement> renamed(const View& view) {
  for (const history::Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    const boost::json::value* came = delivery.said.if_contains("destination");
    if (publish == nullptr || came == nullptr || !came->is_string()) continue;
    if (std::string_view(came->get_string()) != destination_of(view, *publish))
      return Judgement::violated(
          "renamed",
          fmt::format("Message m{} came under another name than it was sent to.", publish->message),
          {publish->invoke_index, delivery.index});
  }
  return std::nullopt;
}

bool uses(const View& view, std::string_view mode) {
  const auto all = view.operations(Action::publish);
  return std::any_of(all.begin(), all.end(), [&](const Operation& publish) {
    return publish.ok() && text_of(publish.asked, "mode") == mode;
  });
}

/// What was accepted came, there and nowhere else, as it was sent; by queues and topics alike.
Judgement kept(const View& view, const Claims& claims) {
  constexpr std::array<std::pair<std::string_view, Judge>, 2> kWays = {
      {{"queue", judge_delivered}, {"topic", judge_topic_each}}};
  std::uint64_t judged = 0;
  for (const auto& [mode, judge] : kWays) {
    const Judgement came = judge(view, claims);
    if (came.verdict() == Verdict::violated) return came;
    if (uses(view, mode) && came.verdict() != Verdict::met) return came;
    judged += came.judged();
  }
  if (auto wrong = renamed(view)) return *wrong;
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_names_kept(const View& view, const Claims& claims) {
  std::uint64_t refused = 0;
  for (const Operation* named : naming(view, [](const std::string&) { return true; })) {
    if (auto undefined = undefined_outcome(view, *named, what_of(*named))) return *undefined;
    if (named->ok() || is_passing(*named)) continue;
    if (named->error != kInvalid)
      return Judgement::violated("wrong_error",
                                 fmt::format("{} was refused with {} instead of {}.",
                                             what_of(*named), named->error, kInvalid),
                                 events_of(*named));
    ++refused;
  }
  const Judgement came = kept(view, claims);
  return came.verdict() == Verdict::met ? Judgement::met(came.judged() + refused) : came;
}

Judgement judge_names_distinct(const View& view, const Claims& claims) {
  return kept(view, claims);
}

Judgement judge_values_kept(const View& view, const Claims& claims) {
  for (const Operation& publish : view.operations(Action::publish)) {
    const std::string what = fmt::format("The publish of m{} with odd values", publish.message);
    if (auto undefined = undefined_outcome(view, publish, what)) return *undefined;
    if (!publish.ok() && !is_passing(publish))
      return Judgement::violated("refused", fmt::format("{} was refused.", what),
                                 events_of(publish));
  }
  std::uint64_t judged = 0;
  for (const Judge judge : {judge_attributes, judge_extensions}) {
    const Judgement part = judge(view, claims);
    if (part.verdict() == Verdict::violated) return part;
    judged += part.judged();
  }
  const Judgement came = kept(view, claims);
  return came.verdict() == Verdict::met && judged > 0 ? Judgement::met(came.judged() + judged)
                                                      : came;
}

Judgement judge_nul_in_name(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  const auto has_nul = [](const std::string& name) { return name.find('\0') != std::string::npos; };
  for (const Operation* named : naming(view, has_nul)) {
    if (auto undefined = undefined_outcome(view, *named, what_of(*named))) return *undefined;
    if (auto wrong = not_refused(*named, kInvalid, what_of(*named), judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_longest_name(const View& view, const Claims& claims) {
  const auto most = claims.limit("name_bytes_max");
  const auto longest = [&](const std::string& name) {
    return most && static_cast<std::int64_t>(name.size()) == *most;
  };
  std::uint64_t judged = 0;
  for (const Operation* named : naming(view, longest)) {
    if (auto undefined = undefined_outcome(view, *named, what_of(*named))) return *undefined;
    if (named->ok()) ++judged;
    if (!named->ok() && !is_passing(*named))
      return Judgement::violated(
          "refused", fmt::format("A name of {} bytes was refused ({}).", *most, named->error),
          events_of(*named));
  }
  const Judgement came = kept(view, claims);
  return came.verdict() == Verdict::met && judged == 0 ? Judgement::met(0) : came;
}

Judgement judge_name_too_long(const View& view, const Claims& claims) {
  const auto most = claims.limit("name_bytes_max");
  const auto too_long = [&](const std::string& name) {
    return most && static_cast<std::int64_t>(name.size()) > *most;
  };
  std::uint64_t judged = 0;
  for (const Operation* named : naming(view, too_long)) {
    if (auto undefined = undefined_outcome(view, *named, what_of(*named))) return *undefined;
    if (auto wrong = not_refused(*named, kInvalid, what_of(*named), judged)) return *wrong;
  }
  for (const Judge judge : {judge_none_made_up, judge_refused_absent})
    if (const Judgement part = judge(view, claims); part.verdict() == Verdict::violated)
      return part;
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
