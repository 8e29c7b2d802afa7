// Queues in memory: for tests and simulation. Durable as long as the object lives; migrate() frees
// leases, as a restart does.
//
// Threads: one at a time. Errors: none of its own.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "reference/stores/clock.hpp"
#include "reference/stores/known_events.hpp"
#include "reference/stores/leases.hpp"
#include "reference/stores/queue_store.hpp"

namespace reference::stores::memory {

class MemoryQueueStore : public QueueStore {
 public:
  /// `clock` must outlive the store.
  explicit MemoryQueueStore(const Clock& clock, core::Expiry expiry = {})
      : clock_(clock), expiry_(expiry) {}

  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                core::Shift shift) override;
  core::Result<core::View> look(const core::Question& question, core::Shift shift) override;
  core::Result<core::Swept> sweep(int at_most, int attempts_max, core::Shift shift) override;
  core::Result<void> migrate() override;

 private:
  enum class State : std::uint8_t { ready, leased, delayed, dead };
  struct Owed {
    State state = State::ready;
    std::int64_t rank = 0;
    std::int64_t place = 0;
    int attempt = 0;
    core::Instant due = 0;
    std::string reason;
  };
  struct Group {
    std::int64_t id = 0;
    std::string destination;
    std::string name;
    core::Counts counts;
    std::map<std::int64_t, Owed> owed;                                     ///< by message
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> ready;  ///< rank, place, message
  };
  struct Message {
    core::MessageView view;
    std::optional<std::string> correlation;
    bool queued = true;
    bool gone = false;   ///< expired, kept for who holds a lease
    bool named = false;  ///< the record of an upload that a message has named
    std::string who;
    std::optional<std::string> session;
  };
  /// What stays known of a message that is gone.
  struct Past {
    core::AuditRecord record;
    std::optional<std::string> session;
    core::Digest digest{};
    core::Instant ended = 0;
  };
  struct Seen {
    core::TransactionId id;
    core::Route route = core::Route::inlined;
    bool same = true;  ///< with the digest asked about
  };

  [[nodiscard]] std::optional<Seen> seen(const core::Enqueue& op) const;
  [[nodiscard]] std::optional<core::Refusal> objection(const core::QueueOp& op) const;
  std::int64_t fullest(const std::string& destination);
  void on(const core::Enqueue& op, core::Answer& answer);
  void on(const core::Join& op, core::Answer& answer);
  void on(const core::Lease& op, core::Answer& answer);
  void on(const core::Ack& op, core::Answer& answer);
  void on(const core::Fail& op, core::Answer& answer);
  void on(const core::Extend& op, core::Answer& answer);
  void on(const core::Redrive& op, core::Answer& answer);
  void on(const core::Purge& op, core::Answer& answer);
  void on(const core::Forget& op, core::Answer& answer);
  void on(const core::Delete& op, core::Answer& answer);
  void on(const core::Spoil& op, core::Answer& answer);
  void on(const core::Count& op, core::Answer& answer);
  void on(const core::Corrupt& op, core::Answer& answer);
  void on(const core::Reset& op, core::Answer& answer);

  core::View view(const core::AskMessage& ask);
  core::View view(const core::AskCounts& ask);
  core::View view(const core::AskDead& ask);
  core::View view(const core::AskCorrelated& ask);
  core::View view(const core::AskAudit& ask);
  core::View view(const core::AskStats& ask);
  core::MessageView message_view(std::int64_t seq, bool with_body);

  [[nodiscard]] std::map<std::int64_t, Message>::const_iterator find_upload(
      const core::TransactionId& id) const;
  Group* find(const std::string& destination, const std::string& name);
  Group& make(const std::string& destination, const std::string& name);
  std::vector<Group*> groups(const std::string& destination);
  std::int64_t& count_of(Group& group, State state);
  core::Totals& totals_of(std::string_view destination);
  void enter(Group& group, std::int64_t seq, State state);
  void leave(Group& group, std::int64_t seq);
  void end_lease(Group& group, const CopyKey& key, const core::Fail& how, core::Answer& answer);
  bool make_room(const core::Enqueue& op, Group& group);
  bool expire_copy(Group& group, std::int64_t seq);
  void settle_gone(std::int64_t seq, std::vector<core::TransactionId>& unreferenced);
  void erase_message(std::int64_t seq, core::Outcome outcome,
                     std::vector<core::TransactionId>& unreferenced);
  void expire(std::int64_t seq, std::vector<core::TransactionId>& unreferenced);
  std::vector<std::int64_t> dead_of(
      Group& group, const std::optional<std::vector<core::TransactionId>>& ids) const;
  [[nodiscard]] std::optional<core::Instant> next_due() const;

  const Clock& clock_;
  core::Expiry expiry_;
  core::Instant now_ = 0;
  std::int64_t next_place_ = 1;
  std::int64_t next_group_ = 1;
  std::map<std::int64_t, Message> messages_;  ///< by seq
  std::unordered_map<core::TransactionId, std::int64_t> by_id_;
  std::map<core::TransactionId, int> naming_;  ///< how many messages name that upload
  std::map<std::pair<std::string, std::string>, std::int64_t> group_ids_;
  std::map<std::int64_t, Group> groups_;
  std::set<std::pair<core::Instant, std::int64_t>> by_expiry_;
  std::set<std::pair<core::Instant, CopyKey>> by_due_;
  std::map<std::int64_t, Past> past_;                           ///< by seq
  std::set<std::pair<core::Instant, std::int64_t>> past_ends_;  ///< seqs by their end
  KnownEvents known_;
  Leases leases_;
  std::map<std::string, core::Totals, std::less<>> totals_;  ///< by tenant
};

}  // namespace reference::stores::memory
