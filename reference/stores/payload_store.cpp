// Each op of the core as a call of the store.
#include "reference/stores/payload_store.hpp"

namespace reference::stores {
namespace {

using core::PayloadAnswer;
using core::Result;

constexpr int kSweepMost = 100;

// What a call gives back, as the answer to its op.
Result<PayloadAnswer> answer_of(const Result<void>& done) {
  if (!done) return tl::unexpected(done.error());
  return PayloadAnswer{};
}
Result<PayloadAnswer> answer_of(const Result<std::int64_t>& done) {
  if (!done) return tl::unexpected(done.error());
  return PayloadAnswer{};
}
Result<PayloadAnswer> answer_of(const Result<bool>& found) {
  if (!found) return tl::unexpected(found.error());
  return PayloadAnswer{*found};
}
Result<PayloadAnswer> answer_of(Result<std::vector<core::Piece>> pieces) {
  if (!pieces) return tl::unexpected(pieces.error());
  const bool found = !pieces->empty();
  return PayloadAnswer{found, std::move(*pieces)};
}
Result<PayloadAnswer> answer_of(const Result<std::optional<core::Upload>>& upload) {
  if (!upload) return tl::unexpected(upload.error());
  return PayloadAnswer{upload->has_value(), {}, *upload};
}

struct CarryOut {
  PayloadStore& store;
  core::Shift shift;

  Result<PayloadAnswer> operator()(const core::PutPayload& op) const {
    return answer_of(store.put(op.id, op.pieces, op.ttl, shift));
  }
  Result<PayloadAnswer> operator()(const core::ReadPayload& op) const {
    return answer_of(store.pieces(op.id, op.first, op.count));
  }
  Result<PayloadAnswer> operator()(const core::OpenUpload& op) const {
    return with_uploads([&](UploadStore& uploads) { return uploads.open(op, shift); });
  }
  Result<PayloadAnswer> operator()(const core::AppendUpload& op) const {
    return with_uploads([&](UploadStore& uploads) { return uploads.append(op, shift); });
  }
  Result<PayloadAnswer> operator()(const core::LookUpload& op) const {
    return with_uploads([&](UploadStore& uploads) { return uploads.upload(op.id, shift); });
  }
  Result<PayloadAnswer> operator()(const core::KeepPayload& op) const {
    return with_uploads([&](UploadStore& uploads) { return uploads.keep(op.id, op.ttl, shift); });
  }
  Result<PayloadAnswer> operator()(const core::DropPayloads& op) const {
    return answer_of(store.drop(op.ids));
  }
  Result<PayloadAnswer> operator()(const core::Corrupt& op) const {
    return answer_of(store.corrupt(op));
  }
  Result<PayloadAnswer> operator()(const core::SweepPayloads&) const {
    return answer_of(store.sweep(kSweepMost, shift));
  }
  Result<PayloadAnswer> operator()(const core::ResetPayloads&) const {
    return answer_of(store.reset());
  }

 private:
  template <typename Call>
  Result<PayloadAnswer> with_uploads(const Call& call) const {
    if (auto* uploads = store.uploads()) return answer_of(call(*uploads));
    return tl::make_unexpected(core::StoreError::did_not_happen("this store knows no uploads"));
  }
};

}  // namespace

Result<PayloadAnswer> carry_out(PayloadStore& store, const core::PayloadOp& op, core::Shift shift) {
  return std::visit(CarryOut{store, shift}, op);
}

}  // namespace reference::stores
