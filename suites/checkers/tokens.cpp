// Source: SEC-3, CFG-4.
#include "suites/checkers/tokens.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::kNever;
using history::Note;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

constexpr std::string_view kRefused = "unauthenticated";
constexpr std::int64_t kUnauthorized = 401;
// Tokens end at whole seconds.
constexpr Time kSecond = std::chrono::seconds(1);

std::vector<std::size_t> events_of(const Operation& operation) {
  return {operation.invoke_index, operation.answer_index};
}

/// Whether a good token was taken, so that it is the token that others were refused for.
bool any_let_in(const View& view, std::string_view but) {
  const auto hellos = view.operations(Action::hello);
  return std::any_of(hellos.begin(), hellos.end(), [&](const Operation& hello) {
    return hello.ok() && text_of(hello.asked, "shown") != but;
  });
}

/// What a connection was given although no hello of it had been answered well.
std::optional<Judgement> done_for(const View& view, const Operation& hello) {
  for (const Action action : {Action::publish, Action::subscribe, Action::call})
    for (const Operation& asked : view.operations(action)) {
      if (asked.session != hello.session || asked.invoked < hello.invoked) continue;
      if (asked.ok())
        return Judgement::violated(
            "done_unauthenticated",
            "A request was answered with a result though the connection's hello had been refused.",
            {hello.answer_index, asked.invoke_index, asked.answer_index});
      for (const Delivery& came : view.deliveries_of(asked.message))
        return Judgement::violated(
            "done_unauthenticated",
            fmt::format("Message m{} was delivered though its publisher's hello had been refused.",
                        asked.message),
            {hello.answer_index, asked.invoke_index, came.index});
    }
  return std::nullopt;
}

std::optional<Judgement> judge_hello_showing(const View& view, const Operation& hello,
                                             std::string_view what, std::uint64_t& judged) {
  if (hello.ok())
    return Judgement::violated("accepted", fmt::format("A hello with {} was accepted.", what),
                               events_of(hello));
  if (auto done = done_for(view, hello)) return done;
  if (hello.error == kRefused) {
    ++judged;
    return std::nullopt;
  }
  if (is_passing(hello)) return std::nullopt;
  return Judgement::violated("wrong_error",
                             fmt::format("A hello with {} was refused with {} instead of {}.", what,
                                         hello.error, kRefused),
                             events_of(hello));
}

/// What the client's handshake alone was refused with; what hello is for is judged there.
std::optional<Judgement> judge_handshake(const Operation& call, std::string_view what,
                                         std::uint64_t& judged) {
  const auto status = number_of(call.said, "status");
  if (call.outcome != Phase::fail || status >= 500) return std::nullopt;
  if (status != kUnauthorized)
    return Judgement::violated(
        "wrong_status",
        fmt::format("A handshake with {} was refused with HTTP {} instead of {}.", what, status,
                    kUnauthorized),
        events_of(call));
  ++judged;
  return std::nullopt;
}

Judgement judge_shown(const View& view, std::string_view shown, std::string_view what) {
  std::uint64_t judged = 0;
  bool any = false;
  for (const Operation& hello : view.operations(Action::hello)) {
    if (text_of(hello.asked, "shown") != shown) continue;
    any = true;
    if (auto wrong = judge_hello_showing(view, hello, what, judged)) return *wrong;
  }
  for (const Operation& call : view.operations(Action::call)) {
    if (text_of(call.asked, "method") != "handshake" || text_of(call.asked, "shown") != shown)
      continue;
    any = true;
    if (auto wrong = judge_handshake(call, what, judged)) return *wrong;
  }
  if (!any) return Judgement::unverified(fmt::format("the target has no hold on {}", what));
  if (!any_let_in(view, shown))
    return Judgement::inconclusive("nobody was let in: it may have been for another reason");
  return Judgement::met(judged);
}

/// How the connection of a brief token ended, as far as the bus said so.
struct End {
  const Note* told = nullptr;  ///< Its bus/closed.
  const Note* gone = nullptr;
};

End end_of(const View& view, std::uint32_t session) {
  End end;
  for (const Note* note : view.notes_of(session)) {
    if (note->action == Action::closed && end.told == nullptr &&
        note->said.if_contains("subscription") == nullptr)
      end.told = note;
    if (note->action == Action::disconnected && end.gone == nullptr) end.gone = note;
  }
  return end;
}

/// A request that was answered on that connection and sent after `after`, or null.
const Operation* served_after(const View& view, std::uint32_t session, Time after) {
  for (const Operation& call : view.operations(Action::call))
    if (call.session == session && call.invoked > after && was_answered(call) &&
        call.error != kRefused && call.error != "hello_first" && call.error != "closed")
      return &call;
  return nullptr;
}

bool settled_by(const View& view, const Delivery& held) {
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.on_message(action, held.message))
      if (settle.session == held.session) return true;
  return false;
}

/// What the connection held came to another; `until` is when it was told of its end.
std::optional<Judgement> judge_back(const View& view, const contract::Claims& claims,
                                    const Operation& hello, Time until, std::uint64_t& judged) {
  const Time grace = declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise);
  const bool frees = claims.trait("queue", "release") == "frees";
  const auto groups = deliveries_by_group(view);
  for (const Delivery& held : view.deliveries()) {
    const auto group = group_of(view, held.subscription);
    if (held.session != hello.session || held.at > until || !group || held.message == 0 ||
        settled_by(view, held))
      continue;
    const auto all = view.deliveries_of(held.message);
    if (may_be_used_up(claims, held, all.size())) continue;
    if (std::any_of(all.begin(), all.end(),
                    [&](const Delivery& came) { return came.session != held.session; })) {
      ++judged;
      continue;
    }
    const auto lease = lease_of(view, claims, held.subscription);
    if (!frees && !lease) continue;
    const Time due = (frees ? until : std::max(until, held.at + *lease)) + grace;
    const Operation* fence = fence_published_after(view, groups.at(*group), group->first,
                                                   due + own_delay(view, until, due));
    if (fence == nullptr) continue;
    return Judgement::violated(
        "held_back",
        fmt::format("Message m{} was held by a connection whose token ended, and came to nobody "
                    "else, though a later one did.",
                    held.message),
        {held.index, fence->invoke_index});
  }
  return std::nullopt;
}

struct Brief {
  const Operation* hello = nullptr;
  const Note* mark = nullptr;
  [[nodiscard]] Time ends() const { return mark->at + std::chrono::milliseconds(mark->amount); }
};

Brief brief_in(const View& view) {
  Brief brief;
  for (const Operation& hello : view.operations(Action::hello))
    if (hello.ok() && text_of(hello.asked, "shown") == "brief") brief.hello = &hello;
  for (const Note& mark : view.marks("token_ends")) brief.mark = &mark;
  return brief;
}

/// What is wrong with how, and when, the bus ended that connection.
std::optional<Judgement> judge_end(const View& view, const Brief& brief, const End& end,
                                   Time limit) {
  const std::uint32_t session = brief.hello->session;
  const Operation* served = served_after(view, session, limit);
  if (served != nullptr)
    return Judgement::violated(
        "outlived",
        fmt::format("A connection was served {:.0f} ms after its token had ended.",
                    millis(served->invoked - brief.ends())),
        {brief.mark->index, served->invoke_index, served->answer_index});
  const bool by_bus = end.gone != nullptr && text_of(end.gone->said, "by") == "bus";
  if (end.told == nullptr && by_bus)
    return Judgement::violated("wordless",
                               "The connection whose token ended was ended without bus/closed.",
                               {brief.mark->index, end.gone->index});
  if (end.told == nullptr) return std::nullopt;
  const std::string kind = text_of(end.told->said, "kind");
  if (kind != kRefused)
    return Judgement::violated(
        "wrong_kind",
        fmt::format("The connection whose token ended was told {} instead of {}.", kind, kRefused),
        {brief.mark->index, end.told->index});
  if (end.told->at > limit)
    return Judgement::violated(
        "late",
        fmt::format("The connection was told {:.0f} ms after its token had ended.",
                    millis(end.told->at - brief.ends())),
        {brief.mark->index, end.told->index});
  return std::nullopt;
}

}  // namespace

Judgement judge_token_missing(const View& view, const contract::Claims&) {
  return judge_shown(view, "missing", "no token");
}

Judgement judge_token_altered(const View& view, const contract::Claims&) {
  return judge_shown(view, "altered", "a token that was altered");
}

Judgement judge_token_unsigned(const View& view, const contract::Claims&) {
  return judge_shown(view, "unsigned", "a token whose alg is none");
}

Judgement judge_token_expired(const View& view, const contract::Claims&) {
  return judge_shown(view, "expired", "a token that has expired");
}

Judgement judge_token_audience(const View& view, const contract::Claims&) {
  return judge_shown(view, "other_audience", "a token for another audience");
}

Judgement judge_token_of_other_key(const View& view, const contract::Claims&) {
  const Judgement key = judge_shown(view, "other_key", "a token signed with another key");
  const Judgement kind = judge_shown(view, "other_kind", "a token signed with another kind of key");
  if (key.verdict() == contract::Verdict::violated) return key;
  if (kind.verdict() != contract::Verdict::met) return kind;
  return key.verdict() == contract::Verdict::met ? Judgement::met(key.judged() + kind.judged())
                                                 : key;
}

Judgement judge_token_ends(const View& view, const contract::Claims& claims) {
  const auto idle = declared(claims, "idle_ms");
  if (!idle) return Judgement::unverified("idle_ms is not declared");
  const Brief brief = brief_in(view);
  if (brief.hello == nullptr || brief.mark == nullptr)
    return Judgement::inconclusive("no token that ends was taken");
  const End end = end_of(view, brief.hello->session);
  // What ended well before the token did was ended for another reason.
  for (const Note* note : {end.told, end.gone})
    if (note != nullptr && note->at < brief.ends() - kSecond)
      return Judgement::inconclusive("the connection ended before its token did");
  Time limit = brief.ends() + *idle + kSecond;
  limit += own_delay(view, brief.ends(), limit);
  if (auto wrong = judge_end(view, brief, end, limit)) return *wrong;
  if (end.told == nullptr) return Judgement::inconclusive("how the connection ended was not seen");
  std::uint64_t judged = 0;
  if (auto wrong = judge_back(view, claims, *brief.hello, end.told->at, judged)) return *wrong;
  return Judgement::met(judged);
}

Judgement judge_secrets_untold(const View& view, const contract::Claims&) {
  constexpr std::array kAnswers = {Action::hello,   Action::publish, Action::subscribe,
                                   Action::call,    Action::control, Action::inspect,
                                   Action::pending, Action::retrieve};
  std::uint64_t judged = 0;
  bool secrets = false;
  for (const Note& secret : view.marks("secret")) {
    const std::string text = text_of(secret.said, "text");
    if (text.empty()) continue;
    secrets = true;
    for (const Action action : kAnswers)
      for (const Operation& asked : view.operations(action)) {
        if (asked.said.empty() || !was_answered(asked)) continue;
        ++judged;
        if (boost::json::serialize(asked.said).find(text) != std::string::npos)
          return Judgement::violated(
              "told", fmt::format("An answer holds {}.", text_of(secret.said, "what")),
              {secret.index, asked.invoke_index, asked.answer_index});
      }
  }
  if (!secrets) return Judgement::inconclusive("no token was shown");
  return Judgement::met(judged);
}

Judgement judge_secrets_unlogged(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Note& secret : view.marks("secret")) {
    const auto found = number_of(secret.said, "in_log", -1);
    if (found < 0) continue;
    if (found > 0)
      return Judgement::violated("logged",
                                 fmt::format("The log of the bus holds {}, {} times.",
                                             text_of(secret.said, "what"), found),
                                 {secret.index});
    ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
