// The view rendered: the only file that sees mustache.
#include <array>

#include <openssl/evp.h>
#include <boost/json/value.hpp>
#include <kainjow/mustache.hpp>

#include "reports/html/assets.hpp"
#include "reports/html/report.hpp"
#include "reports/html/view.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;
using kainjow::mustache::data;
using kainjow::mustache::mustache;

// From all that a page can hold to what fits whatever the record says.
constexpr std::array<Budget, 4> kBudgets = {{
    {4000, 60, 16'000, 2000, 100, 500},
    {1000, 15, 3000, 2000, 100, 300},
    {300, 0, 0, 300, 20, 100},
    {80, 0, 0, 30, 4, 30},
}};

data to_data(const json::value& value) {
  if (value.is_bool()) return data(value.get_bool());
  if (const auto* text = value.if_string()) return data(std::string(*text));
  if (const auto* items = value.if_array()) {
    data list(data::type::list);
    for (const auto& item : *items) list.push_back(to_data(item));
    return list;
  }
  data members(data::type::object);
  for (const auto& [name, member] : value.as_object()) {
    members.set(std::string(name), to_data(member));
  }
  return members;
}

// The content policy's name for a script: "sha256-" and the digest in base64.
std::string script_source(std::string_view script) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  EVP_Digest(script.data(), script.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 45> text{};
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return "sha256-" + std::string(text.begin(), text.end() - 1);
}

// The bytes of all texts in a view: what its page holds at least.
std::size_t text_bytes(const json::value& value) {
  std::size_t sum = 0;
  if (const auto* text = value.if_string()) sum = text->size();
  if (const auto* items = value.if_array()) {
    for (const auto& item : *items) sum += text_bytes(item);
  }
  if (const auto* members = value.if_object()) {
    for (const auto& member : *members) sum += text_bytes(member.value());
  }
  return sum;
}

std::string render(mustache& page, json::object view) {
  view["style"] = page_style();
  view["script"] = page_script();
  view["script_source"] = script_source(page_script());
  return page.render(to_data(view));
}

}  // namespace

std::string html_report(const contract::RunRecord& record) {
  mustache page{std::string(page_template())};
  for (const Budget& budget : kBudgets) {
    json::object view = page_view(record, budget);
    const bool last = &budget == &kBudgets.back();
    if (!last && text_bytes(view) > kHtmlBytesMax) continue;  // Not worth the rendering.
    std::string out = render(page, std::move(view));
    if (last || out.size() <= kHtmlBytesMax) return out;
  }
  return {};
}

}  // namespace busproof::reports
