// Method: small histories of one upload, right and wrong ones, judged twice: by the judge of
// CHUNK-5 and by a search through the orders in which a correct bus can have taken the calls. No
// order explains the answers: broken. The judge must never call broken what the search explains,
// and where no two calls overlap both must agree.
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "suites/checkers/sketch.hpp"
#include "suites/checkers/uploads.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Verdict;
using history::Action;

constexpr std::int64_t kPart = 10, kSize = 1000;
constexpr std::uint32_t kAppends = 5;

enum class Said { taken, wrong_offset, conflict, nothing };

struct Call {
  bool status = false;  ///< bus/upload_status; else an append of kPart bytes.
  std::int64_t asked = 0;
  Millis from = 0, to = 0;  ///< Even and odd: no answer comes at the instant of another request.
  Said said = Said::taken;
  std::int64_t told = 0;
};

struct Case {
  std::vector<Call> calls = {};  ///< In the order in which the bus took them.
  bool overlaps = false;
};

/// What a correct bus answers, at `state` bytes; some answers never arrive.
void answer(Call& call, std::int64_t& state, bool arrives) {
  if (!call.status && call.asked == state) {
    state += kPart;
    call.said = Said::taken;
  } else {
    call.said = call.status ? Said::taken : Said::wrong_offset;
  }
  call.told = state;
  if (!arrives) call.said = Said::nothing;
}

Case some_case(std::mt19937_64& random) {
  const auto any = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  Case made{.overlaps = any(0, 2) > 0};
  std::int64_t state = 0;
  Millis taken = 10;
  for (std::uint32_t i = 0; i < kAppends; ++i) {
    const Millis reach = made.overlaps ? 6 : 0;
    taken += 2 * any(1, 4);
    Call call{.status = any(0, 3) == 0,
              .asked = state + kPart * any(-1, 1) * (any(0, 1)),
              .from = taken - 2 * any(0, reach),
              .to = taken + 1 + 2 * any(0, reach)};
    if (call.asked < 0) call.asked = 0;
    answer(call, state, any(0, 7) > 0);
    made.calls.push_back(call);
  }
  return made;
}

/// One answer is another than the bus gave.
void spoil(Case& it, std::mt19937_64& random) {
  Call& call = it.calls[random() % it.calls.size()];
  if (call.said == Said::nothing) return;
  switch (random() % 3) {
    case 0:
      call.told += kPart;
      break;
    case 1:
      call.told -= kPart;
      break;
    default:
      if (call.status) return;
      call.said = call.said == Said::taken ? Said::wrong_offset : Said::taken;
  }
}

Sketch sketch_of(const Case& it) {
  Sketch sketch(json::object{}, {{"upload", json::object{}}});
  sketch.request(Action::call, 1, 2,
                 {.asked = {{"method", "bus/upload_open"}, {"params", {{"datasize", kSize}}}},
                  .said = {{"upload", "u"}}});
  std::uint32_t session = 1;
  for (const Call& call : it.calls) {
    About about{.session = ++session};
    about.asked["method"] = call.status ? "bus/upload_status" : "bus/upload_append";
    json::object params{{"upload", "u"}};
    if (!call.status) params = {{"upload", "u"}, {"offset", call.asked}, {"size", kPart}};
    about.asked["params"] = params;
    if (call.said == Said::taken) about.said["offset"] = call.told;
    if (call.said == Said::wrong_offset) about.said["expected"] = call.told;
    if (call.said == Said::wrong_offset) about.error = "upload_offset";
    if (call.said == Said::conflict) about.error = "conflict";
    sketch.request(Action::call, call.from, call.said == Said::nothing ? -1 : call.to, about);
  }
  return sketch;
}

/// Whether the bus may have taken that call at `state`; what becomes of it is told in `after`.
bool explains(const Call& call, std::int64_t state, bool took, std::int64_t& after) {
  after = took ? state + kPart : state;
  if (took && (call.status || call.asked != state)) return false;
  switch (call.said) {
    case Said::taken:
      return call.told == after && (call.status || took);
    case Said::wrong_offset:
      return !took && call.asked != state && call.told == state;
    case Said::conflict:
      return !took && call.asked == state;  // For another reason, which is not this judge's.
    case Said::nothing:
      return true;
  }
  return false;
}

bool search(const std::vector<Call>& calls, std::uint32_t done, std::int64_t state) {
  if (done + 1 == 1U << calls.size()) return true;
  Millis first_answer = 1'000'000;
  for (std::size_t i = 0; i < calls.size(); ++i)
    if ((done >> i & 1U) == 0 && calls[i].said != Said::nothing)
      first_answer = std::min(first_answer, calls[i].to);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if ((done >> i & 1U) != 0 || calls[i].from > first_answer) continue;
    for (const bool took : {false, true}) {
      std::int64_t after = 0;
      if (explains(calls[i], state, took, after) && search(calls, done | 1U << i, after))
        return true;
    }
  }
  return false;
}

TEST(UploadsTwin, Chunk5_NeverBreaksWhatAnOrderExplains) {
  std::mt19937_64 random(20'261'121);
  int broken = 0, explained = 0, agreed = 0;
  for (int i = 0; i < 20'000; ++i) {
    Case it = some_case(random);
    if (i % 2 == 1) spoil(it, random);
    if (i % 20 == 1) it.calls[random() % it.calls.size()].said = Said::conflict;
    const Sketch sketch = sketch_of(it);
    const bool violated = sketch.judged(judge_upload_offset).verdict() == Verdict::violated;
    const bool right = search(it.calls, 0, 0);
    ASSERT_FALSE(violated && right) << history::to_json_lines(sketch.history());
    if (i % 2 == 0) {
      ASSERT_TRUE(right) << history::to_json_lines(sketch.history());
    }
    (right ? explained : broken) += 1;
    agreed += violated ? 1 : 0;
  }
  EXPECT_GT(explained, 10'000);
  EXPECT_GT(broken, 3'000);
  EXPECT_GT(agreed, 1'000);
}

}  // namespace
}  // namespace busproof::checkers
