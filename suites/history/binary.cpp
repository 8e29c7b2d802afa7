#include "suites/history/binary.hpp"

#include <vector>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/history/json_lines.hpp"

namespace busproof::history {
namespace {

constexpr std::string_view kMagic = "BPH1";
constexpr char kText = 0x01;
constexpr char kEvent = 0x02;
constexpr char kEnd = static_cast<char>(0xFF);

void put(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(0x80 | (value & 0x7F)));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_signed(std::string& out, std::int64_t value) {
  put(out, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

void put_bytes(std::string& out, std::string_view bytes) {
  put(out, bytes.size());
  out.append(bytes);
}

void put_event(std::string& out, const Event& event, Time before) {
  out.push_back(kEvent);
  put_signed(out, (event.at - before).count());
  out.push_back(static_cast<char>(event.phase));
  out.push_back(static_cast<char>(event.action));
  for (const std::uint32_t number : {event.session, event.op, event.message, event.destination,
                                     event.subscription, event.delivery})
    put(out, number);
  put_signed(out, event.attempt);
  put_signed(out, event.amount);
  put(out, event.error);
  put(out, event.detail);
}

/// Reads forward; after the first failure every value is zero and `ok` stays false.
class Reader {
 public:
  explicit Reader(std::string_view bytes)
      : begin_(bytes.data()), next_(begin_), end_(begin_ + bytes.size()) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = static_cast<unsigned char>(one());
      value |= (byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
  }

  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }

  /// A number that must be below `bound`.
  std::uint32_t below(std::uint64_t bound) {
    const std::uint64_t value = number();
    if (value < bound) return static_cast<std::uint32_t>(value);
    fail();
    return 0;
  }

  std::string_view bytes(std::uint64_t count) {
    if (count > static_cast<std::uint64_t>(end_ - next_)) {
      fail();
      return {};
    }
    next_ += count;
    return {next_ - count, static_cast<std::size_t>(count)};
  }

  char one() {
    if (next_ != end_) return *next_++;
    fail();
    return '\0';
  }

  [[nodiscard]] std::size_t at() const { return static_cast<std::size_t>(next_ - begin_); }
  bool ok = true;

 private:
  void fail() {
    ok = false;
    end_ = next_;
  }

  const char* begin_;
  const char* next_;
  const char* end_;
};

constexpr std::uint64_t kAnyNumber = std::uint64_t{1} << 32;

Event read_event(Reader& in, Time before, std::size_t texts) {
  Event event;
  event.at = before + Time(in.signed_number());
  event.phase = static_cast<Phase>(in.below(std::uint64_t{1} + static_cast<int>(Phase::note)));
  event.action = static_cast<Action>(in.below(std::uint64_t{1} + static_cast<int>(Action::stall)));
  event.session = in.below(kAnyNumber);
  event.op = in.below(kAnyNumber);
  event.message = in.below(kAnyNumber);
  event.destination = in.below(texts);
  event.subscription = in.below(kAnyNumber);
  event.delivery = in.below(kAnyNumber);
  event.attempt = static_cast<std::int32_t>(in.signed_number());
  event.amount = in.signed_number();
  event.error = in.below(texts);
  event.detail = in.below(texts);
  return event;
}

}  // namespace

std::string to_binary(const History& history) {
  std::string out(kMagic);
  put_bytes(out, header_json(history.header));
  for (std::size_t i = 1; i < history.texts().size(); ++i) {
    out.push_back(kText);
    put_bytes(out, history.texts()[i]);
  }
  Time before{};
  for (const Event& event : history.events) {
    put_event(out, event, before);
    before = event.at;
  }
  out.push_back(kEnd);
  put(out, history.events.size());
  return out;
}

contract::Result<Header> scan(std::string_view bytes, const OnEvent& each) {
  Reader in(bytes);
  if (in.bytes(kMagic.size()) != kMagic)
    return contract::refused("not_a_history", "the file does not begin with BPH1");
  const std::string_view head = in.bytes(in.number());
  if (!in.ok) return contract::refused("not_a_history", "the header is cut off");
  auto header = parse_header(head);
  if (!header) return header;
  std::vector<std::string_view> texts(1);
  texts.reserve(bytes.size() / 128);  // About what histories hold; a guess costs nothing.
  std::size_t events = 0;
  Time before{};
  for (;;) {
    const char tag = in.one();
    if (tag == kText) {
      texts.push_back(in.bytes(in.number()));
    } else if (tag == kEvent) {
      const Event event = read_event(in, before, texts.size());
      if (!in.ok) break;
      before = event.at;
      each(*header, event, events++, texts);
    } else if (tag == kEnd && in.number() == events && in.ok) {
      return header;
    } else {
      break;
    }
  }
  return contract::refused("not_a_history", fmt::format("torn or damaged near byte {}, after {} "
                                                        "events",
                                                        in.at(), events));
}

contract::Result<History> from_binary(std::string_view bytes) {
  History history;
  std::vector<Text> numbers(1);  // A file may hold a text twice.
  auto header = scan(bytes, [&](const Header&, const Event& read, std::size_t,
                                const std::vector<std::string_view>& texts) {
    while (numbers.size() < texts.size()) numbers.push_back(history.intern(texts[numbers.size()]));
    Event& event = history.events.emplace_back(read);
    for (Text* text : {&event.destination, &event.error, &event.detail}) *text = numbers[*text];
  });
  if (!header) return tl::make_unexpected(header.error());
  history.header = *header;
  return history;
}

}  // namespace busproof::history
