#include "suites/checkers/links.hpp"

#include <fmt/format.h>

#include "suites/checkers/link_spans.hpp"

namespace busproof::checkers {

using contract::Claims;
using history::Note;
using history::number_of;
using history::Operation;
using history::View;

Judgement judge_inline_not_sent(const View& view, const Claims& claims) {
  const auto limit = claims.limit("inline_bytes_max");
  if (!limit) return Judgement::unverified("limit inline_bytes_max is not declared");
  std::uint64_t judged = 0, seen = 0, unseen = 0;
  for (const Note& sought : view.marks("sought")) {
    const Operation* publish = view.publish_of(sought.message);
    if (publish == nullptr || !publish->ok() || number_of(sought.said, "pieces") == 0) continue;
    const std::int64_t size = number_of(publish->asked, "size", -1);
    if (size > *limit) {
      ++(sought.amount > 0 ? seen : unseen);
    } else if (sought.amount > 0) {
      return Judgement::violated(
          "payload_sent",
          fmt::format("Message m{} has {} bytes, inline_bytes_max is {}, and {} of the {} pieces "
                      "of its payload that were looked for went to the payload store.",
                      publish->message, size, *limit, sought.amount,
                      number_of(sought.said, "pieces")),
          {publish->invoke_index, publish->answer_index, sought.index});
    } else if (size >= 0) {
      ++judged;
    }
  }
  if (seen == 0 && unseen > 0)
    return Judgement::unverified(
        "not even a payload by reference can be seen on its way to the payload store: what goes "
        "there cannot be read");
  if (seen == 0)
    return Judgement::inconclusive("nothing shows that a payload on its way would have been seen");
  return Judgement::met(judged);
}

Judgement judge_store_untouched(const View& view, const Claims&) {
  const std::string link = payload_link(view);
  return against_idle(link_spans(view, "calls", "calls_end", link),
                      link_spans(view, "idle", "idle_end", link), "contacted",
                      "The bus was disabled");
}

}  // namespace busproof::checkers
