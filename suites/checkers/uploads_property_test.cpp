// Method: an upload whose appends are answered one after the other over several connections, some
// of them at a wrong offset: right answers are accepted and counted, and with exactly one of them
// falsified the judge names that one. CHUNK-5.
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/checkers/uploads.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Verdict;
using history::Action;

struct Append {
  std::int64_t asked = 0, size = 0;
  std::int64_t offset = 0;  ///< that the upload has when it is asked
  Millis from = 0, to = 0;
  std::uint32_t session = 1;

  [[nodiscard]] bool right() const { return asked == offset; }
};

/// The first goes on where the upload is, the second does not; the others as they come.
std::vector<Append> some_appends() {
  std::vector<Append> made;
  std::int64_t offset = 0;
  Millis now = 10;
  const auto count = any_between<std::size_t>(2, 12);
  for (std::size_t i = 0; i < count; ++i) {
    Append append{.size = any_between<std::int64_t>(1, 100), .offset = offset};
    append.from = now + any_between<Millis>(1, 20);
    append.to = append.from + any_between<Millis>(0, 20);
    append.session = any_between<std::uint32_t>(1, 4);
    const bool right = i == 0 || (i > 1 && any_between(0, 2) == 0);
    append.asked = right ? offset : any_between<std::int64_t>(0, offset + 100);
    if (append.right()) offset += append.size;
    now = append.to;
    made.push_back(append);
  }
  return made;
}

enum class Fault { none, accepted, other_error, other_expected };

void write(Sketch& sketch, const Append& append, Fault fault) {
  About about{.session = append.session};
  about.asked = {{"method", "bus/upload_append"},
                 {"params", {{"upload", "u"}, {"offset", append.asked}, {"size", append.size}}}};
  if (append.right() || fault == Fault::accepted) {
    about.said["offset"] = append.asked + append.size;
  } else {
    about.error = fault == Fault::other_error ? "invalid_argument" : "upload_offset";
    about.said["expected"] = fault == Fault::other_expected ? append.asked : append.offset;
  }
  sketch.request(Action::call, append.from, append.to, about);
}

Sketch begun() {
  Sketch sketch(json::object{}, {{"upload", json::object{}}});
  sketch.request(Action::call, 1, 2,
                 {.asked = {{"method", "bus/upload_open"}, {"params", {{"datasize", 100'000}}}},
                  .said = {{"upload", "u"}}});
  return sketch;
}

RC_GTEST_PROP(Uploads, Chunk5_AcceptsOffsetsThatAreHeldTo, ()) {
  Sketch sketch = begun();
  std::uint64_t wrong = 0;
  for (const Append& append : some_appends()) {
    write(sketch, append, Fault::none);
    wrong += append.right() ? 0 : 1;
  }
  const Judgement judgement = sketch.judged(judge_upload_offset);
  RC_ASSERT(judgement.verdict() == (wrong > 0 ? Verdict::met : Verdict::inconclusive));
  RC_ASSERT(judgement.judged() == wrong);
}

RC_GTEST_PROP(Uploads, Chunk5_PointsAtTheOneFalseAnswer, ()) {
  const auto appends = some_appends();
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < appends.size(); ++i)
    if (!appends[i].right()) wrong.push_back(i);
  RC_PRE(!wrong.empty());
  const std::size_t which = wrong[any_between<std::size_t>(0, wrong.size())];
  const auto fault = *rc::gen::element(Fault::accepted, Fault::other_error, Fault::other_expected);
  Sketch sketch = begun();
  for (std::size_t i = 0; i <= which; ++i)
    write(sketch, appends[i], i == which ? fault : Fault::none);
  const Judgement judgement = sketch.judged(judge_upload_offset);
  RC_ASSERT(judgement.verdict() == Verdict::violated);
  const std::string expected = fault == Fault::accepted      ? "accepted"
                               : fault == Fault::other_error ? "wrong_refusal"
                                                             : "wrong_expected";
  RC_ASSERT(judgement.finding() == expected);
  const auto& events = sketch.history().events;
  RC_ASSERT(events[judgement.events().back()].at == std::chrono::milliseconds(appends[which].to));
}

}  // namespace
}  // namespace busproof::checkers
