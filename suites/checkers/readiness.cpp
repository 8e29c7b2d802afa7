#include "suites/checkers/readiness.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/store_calls.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::kNever;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

std::vector<const Operation*> asked(const View& view, std::string_view method) {
  std::vector<const Operation*> found;
  for (const Operation& call : view.operations(Action::call))
    if (text_of(call.asked, "method") == method) found.push_back(&call);
  return found;
}

bool says_yes(const Operation& page) {
  const std::int64_t status = number_of(page.said, "status");
  return status >= 200 && status < 300;
}

/// A time in which the stores were down.
struct Down {
  const Note* from;
  Time to;
};

std::vector<Down> downs(const View& view) {
  std::vector<Down> found;
  for (const Note& note : view.marks("ailing")) {
    if (text_of(note.said, "is") != "down") continue;
    Time to = kNever;
    for (const Note& healing : view.marks("healing"))
      if (healing.at > note.at) to = std::min(to, healing.at);
    found.push_back({&note, to});
  }
  return found;
}

/// The publishes that were answered last before the page and invoked first after it.
struct Around {
  const Operation* before = nullptr;
  const Operation* after = nullptr;
};

template <typename Counts>
Around around(const View& view, const Operation& page, Counts counts) {
  Around found;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!counts(publish)) continue;
    if (publish.answered < page.invoked) found.before = &publish;
    if (publish.invoked > page.answered && found.after == nullptr) found.after = &publish;
  }
  return found;
}

std::vector<std::size_t> events_of(const Around& around, const Operation& page) {
  return {around.before->answer_index, page.invoke_index, page.answer_index,
          around.after->answer_index};
}

}  // namespace

Judgement judge_alive(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  for (const Down& down : downs(view))
    for (const Operation* page : asked(view, "GET live")) {
      if (page->invoked < down.from->at || page->invoked > down.to || page->answered == kNever)
        continue;
      const std::vector<std::size_t> events = {down.from->index, page->invoke_index,
                                               page->answer_index};
      if (!page->ok())
        return Judgement::violated(
            "no_page",
            fmt::format("The stores are down, and nobody says whether the process lives: {}.",
                        page->error),
            events);
      if (!says_yes(*page))
        return Judgement::violated(
            "not_alive",
            fmt::format("The stores are down, and the process, which lives, says {}.",
                        number_of(page->said, "status")),
            events);
      ++judged;
    }
  return Judgement::met(judged);
}

Judgement judge_not_ready(const View& view, const Claims& claims) {
  const auto detect = declared(claims, "health.detect_ms");
  if (!detect) return Judgement::unverified("health.detect_ms is not declared");
  std::uint64_t judged = 0;
  const auto to_queue = [](const Operation& publish) {
    return text_of(publish.asked, "mode") != "topic";
  };
  for (const Down& down : downs(view))
    for (const Operation* page : asked(view, "GET ready")) {
      if (!page->ok() || page->invoked < down.from->at || page->answered > down.to) continue;
      const Around publishes = around(view, *page, to_queue);
      if (publishes.before == nullptr || publishes.after == nullptr ||
          publishes.before->invoked < down.from->at || publishes.after->answered > down.to ||
          !says_store_is_away(*publishes.before) || !says_store_is_away(*publishes.after))
        continue;
      if (!says_yes(*page)) {
        ++judged;
      } else if (page->invoked >
                 down.from->at + *detect + own_delay(view, down.from->at, page->invoked)) {
        return Judgement::violated(
            "ready_but_refuses",
            fmt::format("Publishes are refused with {}, and the bus says that it is ready.",
                        publishes.after->error),
            events_of(publishes, *page));
      }
    }
  return Judgement::met(judged);
}

Judgement judge_ready(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  const auto falls_back = [&](const Operation& publish) { return needs_store(publish, claims); };
  for (const Operation* page : asked(view, "GET ready")) {
    if (!page->ok()) continue;
    const Around publishes = around(view, *page, falls_back);
    const auto is_inline = [](const Operation* publish) {
      return publish != nullptr && publish->ok() && text_of(publish->said, "route") == "inline";
    };
    if (!is_inline(publishes.before) || !is_inline(publishes.after)) continue;
    if (!says_yes(*page))
      return Judgement::violated(
          "not_ready_but_accepts",
          fmt::format("Payloads go inline while their store is away, and the bus says {}.",
                      number_of(page->said, "status")),
          events_of(publishes, *page));
    ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
