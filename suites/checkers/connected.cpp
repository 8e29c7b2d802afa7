#include "suites/checkers/connected.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

constexpr std::int64_t kOk = 200;
constexpr std::string_view kList = "GET connections", kOne = "GET connection",
                           kStats = "GET connection stats";

std::vector<const Operation*> gets(const View& view, std::string_view page) {
  std::vector<const Operation*> found;
  for (const Operation& get : view.operations(Action::call))
    if (get.ok() && text_of(get.asked, "method") == page) found.push_back(&get);
  return found;
}

std::vector<std::size_t> events_of(const Operation& get) {
  return {get.invoke_index, get.answer_index};
}

const json::object* body_of(const Operation& get) {
  const json::value* body = get.said.if_contains("body");
  return body == nullptr ? nullptr : body->if_object();
}

/// How many connections there are while a page is asked for: for certain, and at most.
struct Bounds {
  std::int64_t least = 0, most = 0;
};

/// When a session's hello was answered.
Time greeted(const View& view, std::uint32_t session) {
  for (const Operation& hello : view.operations(Action::hello))
    if (hello.session == session && hello.ok()) return hello.answered;
  return history::kNever;
}

const Note* end_of(const View& view, std::uint32_t session) {
  for (const Note* note : view.notes_of(session))
    if (note->action == Action::disconnected) return note;
  return nullptr;
}

/// Who was connected before the history began may be shown for a while: then there is no most.
bool nobody_else(const View& view, Time settle, const Operation& page) {
  const Time begin = view.history().events.front().at;
  return page.invoked > begin + settle + own_delay(view, begin, page.invoked);
}

Bounds bounds(const View& view, const Claims& claims, const Operation& page) {
  const Time settle = declared(claims, "counts_settle_ms").value_or(kGraceOtherwise);
  Bounds found;
  if (!nobody_else(view, settle, page)) found.most = std::numeric_limits<std::int64_t>::max() / 2;
  for (const Note& open : view.notes()) {
    // One thread connects and asks: what comes later has not begun.
    if (open.action != Action::connected || open.at > page.answered) continue;
    const Note* end = end_of(view, open.session);
    if (end == nullptr || page.invoked <= end->at + settle + own_delay(view, end->at, page.invoked))
      ++found.most;
    if (greeted(view, open.session) > page.invoked) continue;
    if (end != nullptr && end->at <= page.answered) continue;
    // The bus may have ended it before we heard of that.
    const bool ended_by_bus = end != nullptr && text_of(end->said, "by") == "bus";
    if (ended_by_bus && view.last_known(open.session, end->at) < page.answered) continue;
    ++found.least;
  }
  return found;
}

/// Whether connections have certainly become fewer from one of the pages to a later one.
class Falls {
 public:
  void add(const Bounds& now) {
    seen_ = seen_ || (now.most < highest_ && now.least > 0);
    highest_ = std::max(highest_, now.least);
  }
  [[nodiscard]] bool seen() const { return seen_; }

 private:
  std::int64_t highest_ = 0;
  bool seen_ = false;
};

Judgement met_where(bool fell, std::uint64_t judged) {
  if (!fell) return Judgement::inconclusive("no page was asked for before and after an end");
  return Judgement::met(judged);
}

std::optional<Judgement> no_page(const Operation& get, std::string_view name) {
  const std::int64_t status = number_of(get.said, "status");
  if (status == kOk) return std::nullopt;
  return Judgement::violated("no_page", fmt::format("{} was answered with {}.", name, status),
                             events_of(get));
}

Judgement unreadable(const Operation& get, std::string_view wanted) {
  return Judgement::violated(
      "unreadable", fmt::format("The page is no JSON object with {}.", wanted), events_of(get));
}

std::optional<std::vector<std::string>> ids_of(const Operation& list) {
  const json::object* body = body_of(list);
  const json::value* listed = body == nullptr ? nullptr : body->if_contains("connections");
  if (listed == nullptr || !listed->is_array()) return std::nullopt;
  std::vector<std::string> ids;
  for (const json::value& one : listed->get_array()) {
    const std::string id = one.is_object() ? text_of(one.get_object(), "id") : "";
    if (id.empty()) return std::nullopt;
    ids.push_back(id);
  }
  return ids;
}

bool listed_in(const Operation* list, const std::string& id) {
  if (list == nullptr) return false;
  const auto ids = ids_of(*list);
  return ids && std::find(ids->begin(), ids->end(), id) != ids->end();
}

/// A page of one connection with the lists around it.
struct Look {
  const Operation* before = nullptr;
  const Operation* after = nullptr;
  bool once = false;  ///< It was on some list before.
};

Look look_around(const std::vector<const Operation*>& lists, const Operation& page,
                 const std::string& id) {
  Look look;
  for (const Operation* list : lists) {
    if (list->answered <= page.invoked) {
      look.before = list;
      look.once = look.once || listed_in(list, id);
    }
    if (look.after == nullptr && list->invoked >= page.answered) look.after = list;
  }
  return look;
}

/// Nobody came in between who could have been given the id anew.
bool nobody_came(const View& view, const Look& look) {
  return std::none_of(view.notes().begin(), view.notes().end(), [&](const Note& note) {
    return note.action == Action::connected && note.at >= look.before->invoked &&
           note.at <= look.after->answered;
  });
}

}  // namespace

Judgement judge_connections_listed(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  Falls falls;
  for (const Operation* list : gets(view, kList)) {
    if (auto wrong = no_page(*list, "The list")) return *wrong;
    const auto ids = ids_of(*list);
    if (!ids) return unreadable(*list, "a list of connections, each with its id");
    if (std::set<std::string>(ids->begin(), ids->end()).size() != ids->size())
      return Judgement::violated("listed_twice", "One id is on the list twice.", events_of(*list));
    const Bounds open = bounds(view, claims, *list);
    const auto count = static_cast<std::int64_t>(ids->size());
    if (count < open.least)
      return Judgement::violated(
          "missing", fmt::format("{} connections were open and {} are listed.", open.least, count),
          events_of(*list));
    if (count > open.most)
      return Judgement::violated(
          "left_over",
          fmt::format("{} connections are listed and no more than {} were open.", count, open.most),
          events_of(*list));
    falls.add(open);
    ++judged;
  }
  return met_where(falls.seen(), judged);
}

Judgement judge_connection_pages(const View& view, const Claims&) {
  const auto lists = gets(view, kList);
  std::uint64_t open = 0, gone = 0;
  for (const Operation* page : gets(view, kOne)) {
    const std::string id = text_of(page->asked, "id");
    const Look look = look_around(lists, *page, id);
    if (look.before == nullptr || look.after == nullptr) continue;
    const bool before = listed_in(look.before, id), after = listed_in(look.after, id);
    const bool shown = number_of(page->said, "status") == kOk;
    if (before && after) {
      ++open;
      if (!shown)
        return Judgement::violated("unknown",
                                   "A connection is on the list before and after and has no page.",
                                   events_of(*page));
      const json::object* body = body_of(*page);
      if (body == nullptr || text_of(*body, "id").empty()) return unreadable(*page, "its id");
      if (text_of(*body, "id") != id)
        return Judgement::violated("another", "The page is that of another connection.",
                                   events_of(*page));
    } else if (!before && !after && look.once && nobody_came(view, look)) {
      ++gone;
      if (shown)
        return Judgement::violated("gone_but_shown",
                                   "A connection that is on the list no more still has its page.",
                                   events_of(*page));
    }
  }
  if (open == 0 || gone == 0)
    return Judgement::inconclusive(
        "no page was asked for of one that is there and one that is not");
  return Judgement::met(open + gone);
}

Judgement judge_connection_stats(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  Falls falls;
  for (const Operation* page : gets(view, kStats)) {
    if (auto wrong = no_page(*page, "The statistics page")) return *wrong;
    const json::object* body = body_of(*page);
    const json::value* shown = body == nullptr ? nullptr : body->if_contains("connections");
    if (shown == nullptr || !shown->is_int64()) return unreadable(*page, "a number of connections");
    const Bounds open = bounds(view, claims, *page);
    const std::int64_t count = shown->get_int64();
    if (count < open.least || count > open.most)
      return Judgement::violated(
          "disagree",
          fmt::format("{} connections are told of, and between {} and {} were open.", count,
                      open.least, open.most),
          events_of(*page));
    falls.add(open);
    ++judged;
  }
  return met_where(falls.seen(), judged);
}

}  // namespace busproof::checkers
