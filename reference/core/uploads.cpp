// Payloads that come in parts: open, append, status, commit, and publishing what was committed.
//
// The store is told of every byte before its append is answered. One thing at a time is done to
// each upload, and only its last piece, while it is short, is ever rewritten.
// Source: CHUNK-1, CHUNK-4..7, ROUTE-6, DUR-2, STORE-11.
#include "reference/core/base64.hpp"
#include "reference/core/state.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

// What the appends of one connection may hold in chunks while they wait, as base 64.
constexpr std::uint64_t kChunksWaiting = 2;
constexpr std::uint64_t kBase64Of3 = 4;
// So many uploads are followed; of others the commit reads every piece.
constexpr std::size_t kFollowed = 256;

const Fault kUnknown{Kind::not_found, "no such upload"};
const Fault kSealed{Kind::conflict, "the upload is committed"};
const Fault kDamaged{Kind::digest_mismatch, "what is stored of the upload fails its digests"};
const Fault kWrongDigest{Kind::digest_mismatch, "datadigest is not the upload's"};

Fault too_large(const State& state) {
  return {Kind::payload_too_large, "a payload has at most " +
                                       std::to_string(state.settings.limits.payload_bytes_max) +
                                       " bytes"};
}

Fault wrong_offset(std::uint64_t expected) {
  return {Kind::upload_offset, "the upload goes on elsewhere", true, {{"expected", expected}}};
}

// One request about an upload, from its turn to its answer.
struct Turn {
  Reply reply;
  TransactionId id;
  Upload upload;
};
using Shared = std::shared_ptr<Turn>;

void next_turn(State& state, const TransactionId& id) {
  const auto waiting = state.uploads.find(id);
  waiting->second.pop_front();
  if (waiting->second.empty()) {
    state.uploads.erase(waiting);
    return;
  }
  const auto then = waiting->second.front();
  then();
}

void answer(State& state, const Turn& turn, const json::object& result) {
  state.answer(turn.reply, result);
  next_turn(state, turn.id);
}

void refuse(State& state, const Turn& turn, const Fault& fault) {
  state.refuse(turn.reply, fault);
  next_turn(state, turn.id);
}

// `then` is called with the upload as it is stored once all that came before has been done to it.
void take_turn(State& state, const Reply& reply, const TransactionId& id,
               std::function<void(const Shared&)> then) {
  auto turn = std::make_shared<Turn>(Turn{reply, id, {}});
  auto look = [&state, turn, then = std::move(then)] {
    state.to_payload(LookUpload{turn->id}, [&state, turn, then](const Result<PayloadAnswer>& got) {
      if (!got) return refuse(state, *turn, store_fault(got.error()));
      if (!got->upload) return refuse(state, *turn, kUnknown);
      turn->upload = *got->upload;
      then(turn);
    });
  };
  auto& waiting = state.uploads[id];
  waiting.push_back(std::move(look));
  if (waiting.size() > 1) return;
  const auto first = waiting.front();
  first();
}

// The short last piece that is rewritten when the upload grows, and its number.
std::optional<std::uint32_t> short_piece(const Upload& upload) {
  if (upload.offset % upload.chunk == 0) return std::nullopt;
  return static_cast<std::uint32_t>(upload.offset / upload.chunk);
}

// How a piece is stored.
struct Stored {
  Codec codec = Codec::none;
  std::uint64_t bytes = 0;
};

// `then` gets the bytes of piece number `n`, checked.
void read_piece(State& state, const Shared& turn, std::uint32_t n,
                const std::shared_ptr<RunningDigest>& digest,
                const std::function<void(std::string, Stored)>& then) {
  state.to_payload(ReadPayload{turn->id, n, 1}, [=, &state](Result<PayloadAnswer> got) {
    if (!got) return refuse(state, *turn, store_fault(got.error()));
    if (!got->found || got->pieces.front().size > turn->upload.chunk)
      return refuse(state, *turn, kDamaged);
    Piece piece = std::move(got->pieces.front());
    const Stored stored{piece.codec, piece.stored.size()};
    state.unpack(std::move(piece), digest, [=, &state](std::optional<std::string> bytes) {
      if (!bytes) return refuse(state, *turn, kDamaged);
      then(std::move(*bytes), stored);
    });
  });
}

// The digest of what is there, where this node has had all of it.
std::shared_ptr<RunningDigest> follow(State& state, const Turn& turn) {
  const auto offset = turn.upload.offset;
  auto found = state.followed.find(turn.id);
  if (found != state.followed.end() && found->second.to != offset) {
    state.followed.erase(found);
    found = state.followed.end();
  }
  if (found == state.followed.end() && offset == 0) {
    if (state.followed.size() >= kFollowed) state.followed.erase(state.followed.begin());
    found = state.followed.try_emplace(turn.id).first;
  }
  return found == state.followed.end() ? nullptr : found->second.digest;
}

void followed_to(State& state, const Turn& turn, std::uint64_t to,
                 const std::vector<Piece>& pieces) {
  const auto found = state.followed.find(turn.id);
  if (found == state.followed.end() || found->second.to != turn.upload.offset) return;
  auto& known = found->second;
  known.to = to;
  known.stored -= known.last;
  for (const auto& piece : pieces) {
    known.stored += piece.stored.size();
    if (piece.codec != Codec::none) known.codec = piece.codec;
  }
  known.last = to % turn.upload.chunk == 0 ? 0 : pieces.back().stored.size();
}

// Stores `bytes` behind what is there, the short last piece's own bytes among them.
void store_bytes(State& state, const Shared& turn, std::uint64_t to, std::string bytes,
                 const std::function<void()>& then) {
  const auto& upload = turn->upload;
  const auto first = static_cast<std::uint32_t>(upload.offset / upload.chunk);
  Pack work{.bytes = std::move(bytes), .piece_bytes = upload.chunk, .unfinished = to < upload.size};
  work.digest = follow(state, *turn);
  work.hashed = upload.offset % upload.chunk;
  state.pack(std::move(work), [=, &state](std::vector<Piece> pieces) {
    followed_to(state, *turn, to, pieces);
    AppendUpload op{turn->id, turn->upload.offset, to,
                    first,    std::move(pieces),   state.settings.limits.upload_ttl};
    state.to_payload(std::move(op), [=, &state](const Result<PayloadAnswer>& got) {
      const bool done = got && got->upload && got->upload->offset == to;
      if (!done) state.followed.erase(turn->id);
      if (!got) return refuse(state, *turn, store_fault(got.error()));
      if (!got->upload) return refuse(state, *turn, kUnknown);
      // Another node was there in between.
      if (!done) return refuse(state, *turn, wrong_offset(got->upload->offset));
      then();
    });
  });
}

std::optional<Fault> objection(const State& state, const Upload& upload, std::uint64_t offset,
                               std::uint64_t bytes) {
  if (upload.sealed) return kSealed;
  if (offset != upload.offset) return wrong_offset(upload.offset);
  if (bytes <= upload.size - upload.offset) return std::nullopt;
  if (bytes > state.settings.limits.payload_bytes_max - upload.offset) return too_large(state);
  return invalid_argument("the upload has no room for that: it was opened with " +
                          std::to_string(upload.size) + " bytes");
}

void append(State& state, const Shared& turn, std::uint64_t offset, std::string bytes) {
  if (const auto fault = objection(state, turn->upload, offset, bytes.size()))
    return refuse(state, *turn, *fault);
  const auto to = offset + bytes.size();
  const auto done = [&state, turn, to] { answer(state, *turn, {{"offset", to}}); };
  if (bytes.empty()) return done();
  const auto last = short_piece(turn->upload);
  if (!last) return store_bytes(state, turn, to, std::move(bytes), done);
  auto held = std::make_shared<std::string>(std::move(bytes));
  read_piece(state, turn, *last, nullptr,
             [&state, turn, to, held, done](std::string before, Stored) {
               before += *held;
               held->clear();
               store_bytes(state, turn, to, std::move(before), done);
             });
}

json::object committed(const State& state, const TransactionId& id) {
  const TransactionId shown(state.show(id));
  return {{"transaction_id", shown}, {"dataref", dataref_text(shown)}};
}

// A commit on its way: every piece is read once, for the digest of them all.
struct Commit {
  Shared turn;
  Digest claimed{};
  std::shared_ptr<RunningDigest> digest = std::make_shared<RunningDigest>();
  std::uint32_t next = 0;
  std::uint64_t stored = 0;
  Codec codec = Codec::none;
};
using SharedCommit = std::shared_ptr<Commit>;

// From here on it is a payload like any other, with a record of its own.
void record(State& state, const SharedCommit& commit) {
  const auto& turn = *commit->turn;
  const auto* from = state.connection(turn.reply.conn);
  Enqueue op;
  op.id = turn.id;
  op.destination = mark_in(turn.id);  // nobody's queue, but its tenant's payload
  op.event = "{}";
  op.body.kind = BodyKind::binary;
  op.route = Route::reference;
  op.size = turn.upload.size;
  op.stored = commit->stored;
  op.codec = commit->codec;
  op.digest = commit->claimed;
  op.ttl = state.policies.time_to_live(state.settings.limits.ttl_default);
  op.ttl_max = state.settings.limits.ttl_max;
  op.who = from == nullptr ? "" : from->who;
  op.session = from == nullptr ? turn.reply.session : from->session;
  op.fan_out = false;
  op.upload = true;
  op.chunk = turn.upload.chunk;
  state.to_queue(std::move(op), [&state, commit](const Result<Answer>& got) {
    const auto& done = *commit->turn;
    if (!got) return refuse(state, done, store_fault(got.error()));
    answer(state, done, committed(state, done.id));
  });
}

void seal(State& state, const SharedCommit& commit) {
  if (!state.policies.whole(commit->digest->finish(), commit->claimed, commit->turn->upload.size))
    return refuse(state, *commit->turn, kWrongDigest);
  const Ms term = state.settings.limits.ttl_default + kPayloadSlack;
  state.to_payload(KeepPayload{commit->turn->id, term},
                   [&state, commit](const Result<PayloadAnswer>& got) {
                     if (!got) return refuse(state, *commit->turn, store_fault(got.error()));
                     if (!got->found) return refuse(state, *commit->turn, kUnknown);
                     record(state, commit);
                   });
}

void read_on(State& state, const SharedCommit& commit) {
  const auto& upload = commit->turn->upload;
  if (commit->next == pieces_of(upload.size, upload.chunk)) return seal(state, commit);
  read_piece(state, commit->turn, commit->next++, commit->digest,
             [&state, commit](const std::string&, Stored stored) {
               commit->stored += stored.bytes;
               if (stored.codec != Codec::none) commit->codec = stored.codec;
               read_on(state, commit);
             });
}

void commit(State& state, const Shared& turn, const Digest& claimed) {
  const auto& upload = turn->upload;
  if (upload.digest && *upload.digest != claimed) return refuse(state, *turn, kWrongDigest);
  if (upload.offset < upload.size) return refuse(state, *turn, wrong_offset(upload.offset));
  auto commit = std::make_shared<Commit>();
  commit->turn = turn;
  commit->claimed = claimed;
  // Committed already: its answer was lost, or its record never came to be.
  state.ask(AskMessage{turn->id, false}, [&state, commit](const Result<View>& view) {
    const auto& asked = *commit->turn;
    if (!view) return refuse(state, asked, store_fault(view.error()));
    const auto* found = std::get_if<MessageView>(&*view);
    if (found == nullptr) {
      auto followed = state.followed.extract(asked.id);
      if (followed.empty() || followed.mapped().to != asked.upload.size)
        return read_on(state, commit);
      commit->digest = std::move(followed.mapped().digest);
      commit->stored = followed.mapped().stored;
      commit->codec = followed.mapped().codec;
      return seal(state, commit);
    }
    if (found->digest != commit->claimed) return refuse(state, asked, kWrongDigest);
    answer(state, asked, committed(state, asked.id));
  });
}

// A digest that was given; a fault where it is none.
std::variant<std::optional<Digest>, Fault> read_digest(const std::optional<std::string>& text) {
  if (!text) return std::optional<Digest>();
  const auto digest = parse_digest(*text);
  if (!digest) return invalid_argument("datadigest is no sha-256 digest");
  return digest;
}

}  // namespace

bool appends_enough(const State& state, const Connection& from) {
  return from.open_appends >= kChunksWaiting * state.settings.limits.chunk_bytes * kBase64Of3 / 3;
}

void upload_open(State& state, Call& call) {
  const auto& limits = state.settings.limits;
  const auto size = call.params.integer("datasize");
  const auto digest = read_digest(call.params.optional_text("datadigest"));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (const auto* fault = std::get_if<Fault>(&digest)) return state.refuse(call.reply, *fault);
  if (size < 0) return state.refuse(call.reply, invalid_argument("datasize is negative"));
  if (static_cast<std::uint64_t>(size) > limits.payload_bytes_max)
    return state.refuse(call.reply, too_large(state));
  OpenUpload op;
  op.id = state.keep(call.reply.conn, state.make_id());
  op.upload = {static_cast<std::uint64_t>(size), limits.chunk_bytes, std::get<0>(digest)};
  op.ttl = limits.upload_ttl;
  op.most = limits.uploads_max;
  const Reply reply = call.reply;
  const auto id = op.id;
  state.to_payload(std::move(op), [&state, reply, id](const Result<PayloadAnswer>& got) {
    if (!got) return state.refuse(reply, store_fault(got.error()));
    if (!got->found)
      return state.refuse(reply, {Kind::backpressure, "as many uploads as may be are open"});
    state.answer(reply, {{"upload", state.show(id)}});
  });
}

void add_part(State& state, const Reply& reply, const TransactionId& id, std::uint64_t offset,
              std::string bytes) {
  auto held = std::make_shared<std::string>(std::move(bytes));
  take_turn(state, reply, id, [&state, offset, held](const Shared& turn) {
    append(state, turn, offset, std::move(*held));
  });
}

void find_upload(State& state, const Reply& reply, const TransactionId& id) {
  take_turn(state, reply, id, [&state](const Shared& turn) {
    const auto& upload = turn->upload;
    answer(state, *turn,
           {{"offset", upload.offset}, {"datasize", upload.size}, {"chunk", upload.chunk}});
  });
}

void finish_upload(State& state, const Reply& reply, const TransactionId& id,
                   const Digest& digest) {
  take_turn(state, reply, id,
            [&state, digest](const Shared& turn) { commit(state, turn, digest); });
}

void upload_append(State& state, Call& call) {
  const auto id = state.keep(call.reply.conn, call.params.text("upload"));
  const auto offset = call.params.integer("offset");
  auto bytes = from_base64(call.params.text("data_base64"));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (offset < 0) return state.refuse(call.reply, invalid_argument("offset is negative"));
  if (!bytes) return state.refuse(call.reply, invalid_argument("data_base64 is not base 64"));
  add_part(state, call.reply, id, static_cast<std::uint64_t>(offset), std::move(*bytes));
}

void upload_status(State& state, Call& call) {
  const auto id = state.keep(call.reply.conn, call.params.text("upload"));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  take_turn(state, call.reply, id, [&state](const Shared& turn) {
    answer(state, *turn, {{"offset", turn->upload.offset}});
  });
}

void upload_commit(State& state, Call& call) {
  const auto id = state.keep(call.reply.conn, call.params.text("upload"));
  const auto digest = read_digest(call.params.text("datadigest"));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (const auto* fault = std::get_if<Fault>(&digest)) return state.refuse(call.reply, *fault);
  finish_upload(state, call.reply, id, *std::get<0>(digest));
}

void keep_upload(State& state, const TransactionId& id, Ms term,
                 std::function<void(std::variant<MessageView, Fault>)> then) {
  state.ask(AskMessage{id, false}, [&state, id, term, then = std::move(then)](Result<View> view) {
    if (!view) return then(store_fault(view.error()));
    auto* found = std::get_if<MessageView>(&*view);
    if (found == nullptr || !found->upload || found->status == Status::expired)
      return then(kNoUpload);
    auto held = std::make_shared<MessageView>(std::move(*found));
    state.to_payload(KeepPayload{id, term}, [then, held](const Result<PayloadAnswer>& got) {
      if (!got) return then(store_fault(got.error()));
      if (!got->found) return then(kNoUpload);
      then(std::move(*held));
    });
  });
}

}  // namespace reference::core
