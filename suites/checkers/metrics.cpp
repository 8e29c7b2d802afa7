#include "suites/checkers/metrics.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/books.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

constexpr std::int64_t kOk = 200, kStoreAway = 503;

/// A number that both show: where it is in bus/stats, and how its name on a page ends.
struct Number {
  std::string_view section, name, ending;
  bool grows = true;
};
constexpr std::array kNumbers = {Number{"totals", "published", "_published_total"},
                                 Number{"totals", "delivered", "_delivered_total"},
                                 Number{"totals", "acked", "_acked_total"},
                                 Number{"totals", "rejected", "_rejected_total"},
                                 Number{"totals", "redelivered", "_redelivered_total"},
                                 Number{"totals", "dead_lettered", "_dead_lettered_total"},
                                 Number{"totals", "expired", "_expired_total"},
                                 Number{"totals", "deleted", "_deleted_total"},
                                 Number{"totals", "topic_published", "_topic_published_total"},
                                 Number{"totals", "topic_delivered", "_topic_delivered_total"},
                                 Number{"payloads", "count", "_payloads", false},
                                 Number{"payloads", "bytes", "_payload_bytes", false}};

const json::object* member(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::optional<std::int64_t> whole(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

/// Whether the name ends so, and in no longer ending of another number.
bool is_named(std::string_view name, const Number& number) {
  if (!name.ends_with(number.ending) || name.size() == number.ending.size()) return false;
  return std::none_of(kNumbers.begin(), kNumbers.end(), [&](const Number& other) {
    return other.ending.size() > number.ending.size() && name.ends_with(other.ending);
  });
}

/// The number on the page; nothing where no name or more than one is meant.
std::optional<std::int64_t> on_page(const Operation& page, const Number& number) {
  const json::object* samples = member(&page.said, "samples");
  std::optional<std::int64_t> found;
  for (const auto& sample : samples == nullptr ? json::object() : *samples) {
    if (!is_named(sample.key(), number)) continue;
    if (found || !sample.value().is_int64()) return std::nullopt;
    found = sample.value().get_int64();
  }
  return found;
}

std::optional<std::int64_t> in_stats(const Operation& stats, const Number& number) {
  return whole(member(&stats.said, number.section), number.name);
}

/// A page, and the statistics right before and after it.
struct Look {
  const Operation* before = nullptr;
  const Operation* page = nullptr;
  const Operation* after = nullptr;
};

std::vector<Look> looks(const View& view) {
  std::vector<Look> found;
  for (const Operation& page : view.operations(Action::call)) {
    if (!page.ok() || text_of(page.asked, "method") != "GET metrics") continue;
    Look look{.page = &page};
    for (const Operation& stats : view.operations(Action::call)) {
      if (!stats.ok() || text_of(stats.asked, "method") != "bus/stats") continue;
      if (stats.answered <= page.invoked) look.before = &stats;
      if (look.after == nullptr && stats.invoked >= page.answered) look.after = &stats;
    }
    if (look.before != nullptr && look.after != nullptr) found.push_back(look);
  }
  return found;
}

/// What the number on a page may be by the statistics around it, and what it is.
struct Compared {
  std::int64_t least = 0, most = 0, shown = 0;
  [[nodiscard]] bool agrees() const { return shown >= least && shown <= most; }
};

std::optional<Compared> compare(const Look& first, const Look& look, const Number& number) {
  const auto before = in_stats(*look.before, number), after = in_stats(*look.after, number),
             shown = on_page(*look.page, number);
  if (!before || !after || !shown) return std::nullopt;
  Compared compared{std::min(*before, *after), std::max(*before, *after), *shown};
  if (!number.grows) return compared;
  const auto base = in_stats(*first.before, number), shown_first = on_page(*first.page, number);
  if (!base || !shown_first || base != in_stats(*first.after, number)) return std::nullopt;
  return Compared{compared.least - *base, compared.most - *base, compared.shown - *shown_first};
}

std::optional<Judgement> unusable(const Look& look) {
  const std::int64_t status = number_of(look.page->said, "status");
  const std::vector<std::size_t> events = {look.page->invoke_index, look.page->answer_index};
  if (status != kOk && status != kStoreAway)
    return Judgement::violated(
        "no_page", fmt::format("The metrics page was answered with {}.", status), events);
  if (const std::string line = text_of(look.page->said, "unreadable"); !line.empty())
    return Judgement::violated(
        "unreadable", fmt::format("The metrics page has a line that is no sample: {}", line),
        events);
  return std::nullopt;
}

}  // namespace

Judgement judge_metrics_agree(const View& view, const contract::Claims& claims) {
  const std::vector<Look> all = looks(view);
  std::uint64_t judged = 0;
  bool open = false, named = false;
  const bool begins_at_rest = !all.empty() && Books(view, claims, *all.front().before).at_rest();
  for (const Look& look : all) {
    if (auto wrong = unusable(look)) return *wrong;
    const bool at_rest = Books(view, claims, *look.before).at_rest() && begins_at_rest;
    open = false;
    for (const Number& number : kNumbers) {
      const auto compared = compare(all.front(), look, number);
      named = named || on_page(*look.page, number).has_value();
      if (!compared) continue;
      if (compared->agrees()) {
        judged += compared->most > 0 && look.page != all.front().page ? 1 : 0;
        continue;
      }
      if (at_rest)
        return Judgement::violated(
            "disagree",
            fmt::format("{} of the metrics page {} {}, and bus/stats {} to {}.", number.ending,
                        number.grows ? "grew by" : "is", compared->shown, compared->least,
                        compared->most),
            {look.before->answer_index, look.page->answer_index, look.after->answer_index});
      open = true;
    }
  }
  if (!all.empty() && !named)
    return Judgement::unverified("the metrics page has no name like bus_published_total");
  if (open) return Judgement::inconclusive("the last page came before the bus was at rest");
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
