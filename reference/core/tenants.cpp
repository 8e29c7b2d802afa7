// See the header for how names are kept.
#include "reference/core/tenants.hpp"

#include "reference/core/payload.hpp"

namespace reference::core {
namespace {

// A sign that no transaction id holds, and hardly any name.
constexpr char kSign = '\x1f';
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kMarkDigits = 26;

bool has_mark(std::string_view kept) {
  return kept.size() > kMarkDigits && kept[0] == kSign && kept[1] != kSign;
}

}  // namespace

std::string_view mark_in(std::string_view kept) {
  return has_mark(kept) ? kept.substr(0, 1 + kMarkDigits) : std::string_view();
}

std::string Tenants::mark_of(const std::optional<std::string>& session) const {
  if (!apart_ || !session || session->empty()) return {};
  const auto hash = sha256(*session);
  std::string mark(1 + kMarkDigits, kSign);
  unsigned bits = 0, held = 0;
  std::size_t byte = 0;
  for (std::size_t digit = 1; digit < mark.size(); ++digit, held -= 5) {
    if (held < 5) {
      bits = bits << 8 | hash.at(byte++);
      held += 8;
    }
    mark[digit] = kDigits[bits >> (held - 5) & 31U];
  }
  return mark;
}

std::string Tenants::keep(std::string_view mark, std::string_view name) const {
  std::string kept(mark);
  if (apart_ && mark.empty() && name.starts_with(kSign)) kept += kSign;
  return kept.append(name);
}

std::string_view Tenants::show(std::string_view kept) const {
  if (!apart_ || !kept.starts_with(kSign)) return kept;
  return kept.substr(has_mark(kept) ? 1 + kMarkDigits : 1);
}

}  // namespace reference::core
