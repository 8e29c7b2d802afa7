// bus/publish and bus/publish_batch: from a request to an accepted message.
//
// Payloads are hashed and, above the inline limit, compressed and stored first. Then a submission
// waits for its turn in the connection's line, so that messages are accepted in the order sent.
// Source: ROUTE-1..4, ROUTE-7..10, STORE-7, STORE-8, API-3, SUM-1, QUE-19, PUB-5.
#include <algorithm>
#include <map>

#include "reference/core/publication.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;
using Shared = std::shared_ptr<Submission>;

const Fault kWrongDigest{Kind::digest_mismatch, "event.datadigest is not the payload's"};
const Fault kConflict{Kind::conflict, "the same source and id came with another payload"};

bool needs_queue(const Publication& item) {
  return item.mode != Mode::topic || item.route == Route::reference;
}

json::object item_result(const State& state, const Publication& item) {
  json::object result{{"transaction_id", state.show(item.id)}, {"route", route_text(item.route)}};
  if (item.mode != Mode::queue) result["receivers"] = item.receivers;
  return result;
}

Enqueue enqueue(const State& state, const Submission& submission, Publication& item) {
  Enqueue op;
  op.id = item.id;
  op.destination = item.destination;
  op.route = item.route;
  op.size = item.size;
  op.stored = item.route == Route::inlined ? item.size : item.stored;
  op.codec = item.codec;
  op.payload = item.upload;
  op.chunk = item.chunk;
  op.digest = item.digest;
  op.correlation = item.event.correlation;
  op.rank = state.policies.rank(item.event.priority);
  op.ttl = item.ttl;
  op.not_after = item.event.expires;
  op.ttl_max = state.settings.limits.ttl_max;
  op.delay = item.delay;
  op.messages_max = state.settings.limits.messages_max;
  op.overflow = state.settings.limits.overflow;
  op.fan_out = item.mode != Mode::topic;
  op.identity = item.identity;
  op.window = state.settings.limits.dedupe_window;
  op.who = submission.who;
  op.session = item.event.session ? item.event.session : submission.session;
  op.event = item.event.text;
  op.body.kind = item.upload ? BodyKind::binary : item.event.body.kind;
  // The topic's copy still needs the bytes.
  if (item.route == Route::inlined)
    op.body.bytes =
        item.mode == Mode::queue ? std::move(item.event.body.bytes) : item.event.body.bytes;
  return op;
}

// Answers with the fault, and takes back the payloads that are already stored.
void fail(State& state, Submission& submission, const Fault& fault) {
  std::vector<TransactionId> orphans;
  for (const auto& item : submission.items)
    if (item.put) orphans.push_back(item.id);
  state.drop_payloads(std::move(orphans));
  state.refuse(submission.reply, fault);
}

// Repeats are answered with what they repeat; what they brought along is dropped.
void take_repeats(State& state, Submission& submission, const std::vector<Repeat>& repeats) {
  std::vector<TransactionId> orphans;
  for (const auto& repeat : repeats) {
    for (auto& item : submission.items) {
      if (item.id != repeat.repeat) continue;
      if (item.put) orphans.push_back(item.id);
      item.id = repeat.first;
      item.route = repeat.route;
      item.repeated = true;
    }
  }
  state.drop_payloads(std::move(orphans));
}

void finish(State& state, Submission& submission) {
  for (auto& item : submission.items) {
    if (item.mode != Mode::queue && !item.repeated) {
      item.receivers = fan_out(state, item, item.mode == Mode::both);
      count_topic(state, item.destination, item.receivers);
    }
  }
  if (submission.batch) {
    json::array results;
    for (const auto& item : submission.items) results.emplace_back(item_result(state, item));
    state.answer(submission.reply, {{"results", std::move(results)}});
  } else {
    state.answer(submission.reply, item_result(state, submission.items.front()));
  }
  for (auto& item : submission.items)
    if (item.mode != Mode::topic && !item.repeated) state.ring(std::move(item.destination));
}

void advance(State& state, const std::shared_ptr<Line>& line);

Fault refusal(Refusal why) {
  switch (why) {
    case Refusal::full:
      return {Kind::backpressure, "the queue is full"};
    case Refusal::conflict:
      return kConflict;
    case Refusal::no_upload:
      return kNoUpload;
    default:
      return invalid_argument("event.expirytime has passed or lies beyond ttl_max_ms");
  }
}

// The item behind a step's op: those of topics alone have none.
std::size_t item_of_op(const Submission& submission, std::size_t op) {
  std::size_t index = 0;
  for (; index < submission.items.size(); ++index)
    if (needs_queue(submission.items[index]) && op-- == 0) break;
  return index;
}

void committed(State& state, const std::shared_ptr<Line>& line, const Shared& submission,
               const Result<Answer>& answer) {
  if (!answer) {
    fail(state, *submission, store_fault(answer.error()));
  } else if (answer->refused) {
    Fault fault = refusal(*answer->refused);
    if (submission->batch) fault.more["index"] = item_of_op(*submission, answer->refused_at);
    fail(state, *submission, fault);
  } else {
    take_repeats(state, *submission, answer->repeats);
    finish(state, *submission);
  }
  line->remove(submission);
  advance(state, line);
}

// The first item that is in conflict with one before it in the same batch, or their number.
std::size_t first_conflict(const Submission& submission) {
  std::map<Identity, const Digest*> known;
  for (std::size_t index = 0; index < submission.items.size(); ++index) {
    const auto& item = submission.items[index];
    if (!item.identity) continue;
    const auto [entry, fresh] = known.try_emplace(*item.identity, &item.digest);
    if (!fresh && *entry->second != item.digest) return index;
  }
  return submission.items.size();
}

void commit(State& state, const std::shared_ptr<Line>& line, const Shared& submission) {
  if (const auto index = first_conflict(*submission); index < submission->items.size()) {
    Fault fault = kConflict;
    fault.more["index"] = index;
    fail(state, *submission, fault);
    line->remove(submission);
    return;
  }
  Step step;
  for (auto& item : submission->items)
    if (needs_queue(item)) step.ops.emplace_back(enqueue(state, *submission, item));
  if (step.ops.empty()) {
    finish(state, *submission);
    line->remove(submission);
    return;
  }
  submission->committing = true;
  // What has no topic part needs its place in line no longer: the store keeps the order.
  if (!submission->has_topic()) line->remove(submission);
  state.to_queue(std::move(step), [&state, line, submission](const Result<Answer>& answer) {
    committed(state, line, submission, answer);
  });
}

// Commits what is ready at the line's front. A topic part waits until those before it are out.
void advance(State& state, const std::shared_ptr<Line>& line) {
  bool topic_pending = false;
  for (auto at = line->begin(); at != line->end();) {
    const Shared submission = *at++;
    if (submission->committing) {
      topic_pending = topic_pending || submission->has_topic();
      continue;
    }
    if (submission->waiting > 0 || (topic_pending && submission->has_topic())) return;
    if (submission->fault) {
      fail(state, *submission, *submission->fault);
      line->remove(submission);
      continue;
    }
    commit(state, line, submission);
    // What only went to topics is out already.
    topic_pending = topic_pending || (submission->committing && submission->has_topic());
  }
}

// What is known of an upload's payload, or why the sender's claims about it are wrong.
std::optional<Fault> take_upload(Publication& item, const MessageView& upload) {
  item.size = upload.size;
  item.stored = upload.stored;
  item.codec = upload.codec;
  item.chunk = upload.chunk;
  item.digest = upload.digest;
  if (item.event.size.value_or(item.size) != item.size)
    return invalid_argument("event.datasize is not the payload's size");
  if (item.event.digest.value_or(item.digest) != item.digest) return kWrongDigest;
  item.event.text = with_measures(item.event, item.size, item.digest);
  return std::nullopt;
}

void blame(Submission& submission, Fault fault, std::size_t index) {
  if (submission.fault) return;
  // Whatever became of a payload: the message was not accepted and never will be.
  fault.definite = true;
  if (submission.batch) fault.more["index"] = index;
  submission.fault = std::move(fault);
}

// Whether the payload may go inline, should it not be stored: then its bytes are kept for that.
bool may_fall_back(const State& state, const Publication& item) {
  return state.settings.fallback && item.size <= state.settings.limits.message_bytes_max;
}

// Its payload can't be stored now: the message goes with it inline where a client could take that.
void fall_back(State& state, Submission& submission, std::size_t index, const StoreError& error) {
  auto& item = submission.items[index];
  const bool fits = may_fall_back(state, item) &&
                    state.policies.falls_back(with_body(item.event.text, item.event.body).size(),
                                              state.settings.limits.message_bytes_max);
  if (fits) {
    item.route = Route::inlined;
    item.codec = Codec::none;
    ++state.fallbacks[std::string(mark_in(item.destination))];
    return;
  }
  blame(submission, store_fault(error), index);
}

// The store has answered for the payload, or was not asked.
void put(State& state, const std::shared_ptr<Line>& line, const Shared& submission,
         std::size_t index, const Result<PayloadAnswer>& answer) {
  auto& item = submission->items[index];
  --submission->waiting;
  if (answer) {
    item.event.text =
        with_reference(item.event, TransactionId(state.show(item.id)), item.size, item.digest);
    item.event.body.bytes.clear();
    item.put = true;
  } else {
    // It may be there all the same, and is taken away then.
    if (!answer.error().definite()) state.drop_payloads({item.id});
    fall_back(state, *submission, index, answer.error());
  }
  advance(state, line);
}

void store(State& state, const std::shared_ptr<Line>& line, const Shared& submission,
           std::size_t index, std::vector<Piece> pieces) {
  auto& item = submission->items[index];
  for (const Piece& piece : pieces) {
    item.stored += piece.stored.size();
    if (piece.codec != Codec::none) item.codec = piece.codec;
  }
  state.to_payload(PutPayload{item.id, std::move(pieces), item.ttl + kPayloadSlack},
                   [&state, line, submission, index](const Result<PayloadAnswer>& answer) {
                     put(state, line, submission, index, answer);
                   });
}

// The digest is known: check the sender's own, and store what goes by reference.
void digested(State& state, const std::shared_ptr<Line>& line, const Shared& submission,
              std::size_t index) {
  auto& item = submission->items[index];
  --submission->waiting;
  if (item.event.digest && *item.event.digest != item.digest)
    return blame(*submission, kWrongDigest, index);
  if (item.route == Route::inlined || submission->fault) return;
  // What would be kept away is not even compressed.
  if (shut(state, Store::payloads))
    return fall_back(state, *submission, index,
                     StoreError::kept_away(open_for(state, Store::payloads)));
  ++submission->waiting;
  Pack work{.bytes = {}, .piece_bytes = item.chunk};
  if (may_fall_back(state, item))
    work.bytes = item.event.body.bytes;
  else
    work.bytes = std::exchange(item.event.body.bytes, {});
  state.pack(std::move(work), [&state, line, submission, index](std::vector<Piece> pieces) {
    store(state, line, submission, index, std::move(pieces));
  });
}

// The upload's payload becomes the message's, which it is to outlive.
void name_upload(State& state, const std::shared_ptr<Line>& line, const Shared& submission,
                 std::size_t index) {
  const auto& item = submission->items[index];
  keep_upload(state, *item.upload, item.ttl + kPayloadSlack,
              [&state, line, submission, index](const std::variant<MessageView, Fault>& found) {
                --submission->waiting;
                auto& named = submission->items[index];
                if (const auto* fault = std::get_if<Fault>(&found))
                  blame(*submission, *fault, index);
                else if (auto wrong = take_upload(named, std::get<MessageView>(found)))
                  blame(*submission, std::move(*wrong), index);
                advance(state, line);
              });
}

void hash(State& state, const std::shared_ptr<Line>& line, const Shared& submission,
          std::size_t index) {
  state.encode(std::move(submission->items[index].event.body),
               [&state, line, submission, index](Body body, const Digest& digest) {
                 auto& hashed = submission->items[index];
                 hashed.event.body = std::move(body);
                 hashed.digest = digest;
                 digested(state, line, submission, index);
                 advance(state, line);
               });
}

void prepare(State& state, const std::shared_ptr<Line>& line, const Shared& submission) {
  submission->waiting = submission->items.size();
  for (std::size_t index = 0; index < submission->items.size(); ++index) {
    auto& item = submission->items[index];
    if (item.upload) {
      name_upload(state, line, submission, index);
    } else if (item.size <= kHashHere) {
      item.digest = state.policies.digest(item.event.body);
      digested(state, line, submission, index);
    } else {
      hash(state, line, submission, index);
    }
  }
}

void submit(State& state, const Shared& submission) {
  const auto& from = *state.connection(submission->reply.conn);
  submission->who = from.who;
  submission->session = from.session;
  const auto line = from.line;
  line->push_back(submission);
  prepare(state, line, submission);
  advance(state, line);
}

}  // namespace

void publish(State& state, Call& call) {
  if (beyond_rate(state, call.reply, 1)) return;
  const Caller& caller = state.connection(call.reply.conn)->caller;
  auto read = read_publication(state, caller, call.params);
  if (const auto* fault = std::get_if<Fault>(&read)) {
    state.refuse(call.reply, *fault);
    return;
  }
  auto submission = std::make_shared<Submission>();
  submission->reply = call.reply;
  submission->items.push_back(std::move(std::get<Publication>(read)));
  submit(state, submission);
}

void publish_batch(State& state, Call& call) {
  auto* items = call.params.array("items");
  if (items == nullptr) return state.refuse(call.reply, *call.params.fault());
  if (items->size() > state.settings.limits.batch_max)
    return state.refuse(
        call.reply, invalid_argument("a batch has at most " +
                                     std::to_string(state.settings.limits.batch_max) + " items"));
  if (beyond_rate(state, call.reply, items->size())) return;
  const Caller& caller = state.connection(call.reply.conn)->caller;
  auto submission = std::make_shared<Submission>();
  submission->reply = call.reply;
  submission->batch = true;
  for (std::size_t index = 0; index < items->size(); ++index) {
    auto* params = (*items)[index].if_object();
    if (params == nullptr)
      return state.refuse(call.reply, invalid_params("items must hold objects"));
    auto read = read_publication(state, caller, Params(*params, state.settings.limits));
    if (auto* fault = std::get_if<Fault>(&read)) {
      fault->more["index"] = index;
      return state.refuse(call.reply, *fault);
    }
    submission->items.push_back(std::move(std::get<Publication>(read)));
  }
  if (submission->items.empty()) return state.answer(call.reply, {{"results", json::array()}});
  submit(state, submission);
}

}  // namespace reference::core
