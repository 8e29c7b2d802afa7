// One function an op: its name, the number of its words, and those.
#include "reference/stores/redis/encode.hpp"

#include "reference/stores/redis/rows.hpp"

#include <string>
#include <variant>

namespace reference::stores::redis {
namespace {

std::string_view bytes_of(const core::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Tells what is absent from what is empty.
std::string optional(const std::optional<std::string>& text) { return text ? '=' + *text : ""; }

std::string optional(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "";
}

class Encoder {
 public:
  explicit Encoder(Command& command) : command_(command) {}

  void operator()(const core::Enqueue& op) {
    const auto& body = op.route == core::Route::inlined ? op.body.bytes : kNothing;
    begin("enqueue", 26);
    command_.view(op.id).view(op.destination).view(op.event);
    number(op.body.kind).view(body);
    number(op.route).add(static_cast<std::int64_t>(op.size));
    command_.add(static_cast<std::int64_t>(op.stored));
    number(op.codec).view(bytes_of(op.digest)).add(optional(op.correlation)).add(op.rank);
    command_.add(op.ttl.count()).add(optional(op.not_after)).add(op.ttl_max.count());
    command_.add(op.delay.count()).add(optional(op.messages_max));
    std::optional<std::string> identity;
    if (op.identity)
      identity.emplace(reinterpret_cast<const char*>(op.identity->data()), sizeof *op.identity);
    command_.add(optional(identity)).add(op.window.count()).view(op.who);
    command_.add(optional(op.session)).view(overflow_text(op.overflow)).view(flag(op.fan_out));
    command_.add(static_cast<std::int64_t>(op.chunk)).view(flag(op.upload));
    command_.add(optional(op.payload));
  }
  void operator()(const core::Join& op) { begin("join", 2).view(op.destination).view(op.group); }
  void operator()(const core::Lease& op) {
    begin("lease", 4 + 3 * op.wants.size()).view(op.destination).view(op.group);
    command_.add(static_cast<std::int64_t>(op.bytes_max));
    command_.add(static_cast<std::int64_t>(op.wants.size()));
    for (const auto& want : op.wants)
      command_.add(token_text(want.first_token)).add(want.count).add(want.term.count());
  }
  void operator()(const core::Ack& op) {
    begin("ack", 3);
    copy(op.copy);
  }
  void operator()(const core::Fail& op) {
    begin("fail", 8);
    copy(op.copy).view(flag(op.dead)).view(flag(op.unsent)).view(flag(op.rejected));
    command_.add(op.delay.count()).view(op.reason);
  }
  void operator()(const core::Extend& op) {
    begin("extend", 4);
    copy(op.copy).add(op.term.count());
  }
  void operator()(const core::Redrive& op) { dead("redrive", op.destination, op.group, op.ids); }
  void operator()(const core::Purge& op) { dead("purge", op.destination, op.group, op.ids); }
  void operator()(const core::Forget& op) {
    begin("forget", 2).view(op.destination).view(op.group);
  }
  void operator()(const core::Delete& op) { begin("delete", 1).view(op.id); }
  void operator()(const core::Spoil& op) { begin("spoil", 2).view(op.id).view(op.error); }
  void operator()(const core::Count& op) {
    begin("count", 3).add(op.topic_published).add(op.topic_delivered).view(op.tenant);
  }
  void operator()(const core::Corrupt&) {}
  void operator()(const core::Reset&) { begin("reset", 0); }

 private:
  static inline const std::string kNothing;

  static std::string_view flag(bool on) { return on ? "1" : "0"; }
  Command& begin(std::string_view name, std::size_t words) {
    return command_.view(name).add(static_cast<std::int64_t>(words));
  }
  template <typename Enumeration>
  Command& number(Enumeration value) {
    return command_.add(static_cast<std::int64_t>(value));
  }
  Command& copy(const core::Copy& copy) {
    return command_.add(copy.message).add(copy.group).add(token_text(copy.token));
  }
  void dead(std::string_view name, const std::string& destination, const std::string& group,
            const std::optional<std::vector<core::TransactionId>>& ids) {
    begin(name, 3 + (ids ? ids->size() : 0)).view(destination).view(group);
    command_.add(ids ? std::to_string(ids->size()) : "");
    if (ids)
      for (const auto& id : *ids) command_.view(id);
  }

  Command& command_;
};

}  // namespace

void encode(Command& command, const core::Step& step) {
  command.add(static_cast<std::int64_t>(step.ops.size()));
  for (const auto& op : step.ops) std::visit(Encoder(command), op);
}

void encode_damage(Command& command, const core::Corrupt& op, std::string bytes) {
  command.view("1").view("corrupt").view("3").view(op.id);
  command.view(op.part == core::Part::digest ? "digest" : "body").add(std::move(bytes));
}

}  // namespace reference::stores::redis
