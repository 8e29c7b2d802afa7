// Who a connection belongs to where a token is demanded, and until when. Source: SEC-3, AGT-6.
#include "reference/core/state.hpp"

namespace reference::core {
namespace {

Fault unauthenticated(std::string_view why) {
  return {Kind::unauthenticated, "the token " + std::string(why)};
}

/// The first name that hello gives and the token does not; tokens say who somebody is, hello alone
/// does not.
std::optional<Fault> contradiction(const Bearer& bearer, Params& params) {
  const std::pair<const char*, const std::optional<std::string>*> names[] = {
      {"session_id", &bearer.session},
      {"user_id", &bearer.user},
      {"agent_id", &bearer.agent},
      {"workspace_id", &bearer.workspace}};
  for (const auto& [name, told] : names)
    if (const auto given = params.optional_text(name); given && given != *told)
      return Fault{Kind::forbidden, std::string(name) + " is not the token's"};
  return std::nullopt;
}

std::variant<Bearer, Fault> read(const State& state, std::string_view token) {
  auto read =
      read_token(*state.settings.authority, state.policies, token, state.true_time_of_day());
  if (const auto* flaw = std::get_if<Flaw>(&read)) return unauthenticated(flaw_text(*flaw));
  return std::get<Bearer>(std::move(read));
}

}  // namespace

std::variant<std::optional<Bearer>, Fault> authenticate(const State& state, const Connection& from,
                                                        Params& params) {
  if (!state.settings.authority) return std::nullopt;
  const auto token = params.optional_text("token");
  if (!token && from.token.empty())
    return Fault{Kind::unauthenticated, "a token is needed: in hello or in the handshake"};
  auto bearer = read(state, token.value_or(from.token));
  if (auto* fault = std::get_if<Fault>(&bearer)) return std::move(*fault);
  if (auto fault = contradiction(std::get<Bearer>(bearer), params)) return std::move(*fault);
  return std::optional(std::get<Bearer>(std::move(bearer)));
}

void admit_bearer(State& state, Conn conn, Bearer bearer) {
  auto& connection = *state.connection(conn);
  if (connection.ends) state.token_ends.erase({*connection.ends, conn});
  const Ms left(bearer.ends - state.true_time_of_day());
  connection.token.clear();
  connection.bearer = std::move(bearer);
  connection.ends = state.now + state.policies.token_holds(left);
  state.token_ends.emplace(*connection.ends, conn);
}

void renew(State& state, Call& call) {
  const auto token = call.params.text("token");
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  // Tokens mean nothing where none is demanded: nothing changes.
  if (!state.settings.authority) return state.answer(call.reply, hello_result(state));
  auto bearer = read(state, token);
  if (const auto* fault = std::get_if<Fault>(&bearer)) return state.refuse(call.reply, *fault);
  if (!std::get<Bearer>(bearer).same_as(*state.connection(call.reply.conn)->bearer))
    return state.refuse(call.reply, {Kind::forbidden, "the token is another's"});
  admit_bearer(state, call.reply.conn, std::get<Bearer>(std::move(bearer)));
  state.answer(call.reply, hello_result(state));
}

void end_tokens(State& state) {
  while (!state.token_ends.empty() && state.token_ends.begin()->first <= state.now) {
    const Conn conn = state.token_ends.begin()->second;
    state.close(conn, notification_text("bus/closed", {{"kind", "unauthenticated"},
                                                       {"message", "the token has expired"}}));
    drop_connection(state, conn);
  }
}

}  // namespace reference::core
