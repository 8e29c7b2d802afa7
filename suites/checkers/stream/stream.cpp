#include "suites/checkers/stream/stream.hpp"

#include "suites/checkers/stream/members.hpp"
#include "suites/history/binary.hpp"

namespace busproof::checkers::stream {

Stream::Stream(const contract::Claims& claims) : ledger_(claims), checkers_(all_promises()) {}

void Stream::see_tenant(const Event& hello, const Texts& texts) {
  std::string tenant;  // None and an empty one are the same.
  for_each_member(texts[hello.detail], [&](std::string_view key, std::string_view value) {
    if (key == "session_id" && value.size() > 2) tenant = value.substr(1, value.size() - 2);
  });
  if (!tenant_) tenant_ = tenant;
  several_tenants_ = several_tenants_ || *tenant_ != tenant;
}

void Stream::add(const Event& event, std::uint32_t index, const Texts& texts) {
  using history::Phase;
  if (event.action == history::Action::hello && event.phase == Phase::invoke &&
      ledger_.claims().has("tenancy"))
    see_tenant(event, texts);
  if (event.phase == Phase::note && event.action == history::Action::deliver) {
    const Came came = ledger_.came(event, index);
    for (const auto& checker : checkers_) checker->on_delivery(ledger_, came);
  }
  ledger_.add(event, index, texts);
  if (event.phase == Phase::invoke || event.phase == Phase::note) return;
  for (const auto& checker : checkers_) checker->on_answer(ledger_, event, index, texts);
}

std::vector<Promise> Stream::finish() const {
  std::vector<Promise> all;
  for (const auto& checker : checkers_)
    all.push_back({checker->name(), several_tenants_
                                        ? Judgement::inconclusive("several tenants share it")
                                        : checker->judgement(ledger_)});
  return all;
}

std::vector<Promise> judge(const history::History& history, const contract::Claims& claims) {
  const Texts texts(history.texts().begin(), history.texts().end());
  Stream stream(claims);
  for (std::size_t i = 0; i < history.events.size(); ++i)
    stream.add(history.events[i], static_cast<std::uint32_t>(i), texts);
  return stream.finish();
}

contract::Result<std::vector<Promise>> judge_binary(std::string_view bytes) {
  std::optional<Stream> stream;
  std::optional<contract::Error> unreadable;
  const auto header = history::scan(bytes, [&](const history::Header& head, const Event& event,
                                               std::size_t index, const Texts& texts) {
    if (!stream && !unreadable) {
      auto claims = contract::Claims::parse_text(head.claims, head.over_lines
                                                                  ? contract::Transport::lines
                                                                  : contract::Transport::websocket);
      if (claims)
        stream.emplace(*claims);
      else
        unreadable = claims.error();
    }
    if (stream) stream->add(event, static_cast<std::uint32_t>(index), texts);
  });
  if (!header) return tl::make_unexpected(header.error());
  if (unreadable) return tl::make_unexpected(*unreadable);
  if (!stream) return contract::refused("not_a_history", "it holds no events");
  return stream->finish();
}

}  // namespace busproof::checkers::stream
