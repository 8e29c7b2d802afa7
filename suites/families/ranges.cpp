#include "suites/families/ranges.hpp"

#include <utility>
#include <vector>

#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"

namespace busproof::families {

namespace json = boost::json;
using stage::Stage;
using targets::Session;

std::optional<std::size_t> read_range(Stage& stage, Session& session, const std::string& payload,
                                      const std::string& transaction_id, std::size_t offset,
                                      std::optional<std::size_t> length) {
  json::object params{{"transaction_id", transaction_id}, {"offset", offset}};
  if (length) params["length"] = *length;
  auto answer = session.call("bus/retrieve", std::move(params));
  if (!answer) {
    if (session.closed()) stage.give_up("bus/retrieve", answer.error());
    return std::nullopt;
  }
  const auto came = contract::from_base64(history::text_of(*answer, "data_base64"));
  const std::size_t size = came ? came->size() : 0;
  const std::string slice = offset < payload.size() ? payload.substr(offset, size) : std::string();
  stage.recorder().add(
      {.action = history::Action::mark},
      {.error = "slice",
       .detail = json::serialize(json::object{{"tx", transaction_id},
                                              {"offset", offset},
                                              {"size", slice.size()},
                                              {"digest", contract::sha256_digest(slice)}})});
  return size;
}

void read_whole(Stage& stage, Session& session, const std::string& payload,
                const std::string& transaction_id) {
  std::size_t at = 0;
  do {
    const auto came = read_range(stage, session, payload, transaction_id, at);
    if (!came || *came == 0) return;
    at += *came;
  } while (at < payload.size());
}

void read_ranges(Stage& stage, Session& session, const std::string& payload,
                 const std::string& transaction_id, std::size_t edge) {
  const std::size_t size = payload.size();
  const auto read = [&](std::size_t offset, std::optional<std::size_t> length) {
    read_range(stage, session, payload, transaction_id, offset, length);
  };
  const auto any = [&] {
    return static_cast<std::size_t>(stage.any(0, static_cast<std::int64_t>(size) - 1));
  };
  std::vector<std::pair<std::size_t, std::size_t>> asked = {
      {0, 1},         {0, edge},     {edge - 1, 2},   {edge, edge},    {edge, 1},
      {2 * edge, 10}, {size - 1, 1}, {size - 1, 100}, {edge / 2, edge}};
  for (int i = 0; i < 8; ++i) {
    const std::size_t offset = any();
    asked.emplace_back(offset, any() + 1);
  }
  for (const auto& [offset, length] : asked) read(offset, length);
  read(size, {});
  read(size, 10);
  for (const std::size_t more : {std::size_t{1}, edge, std::size_t{1} << 40U})
    read(size + more, 10);
}

}  // namespace busproof::families
