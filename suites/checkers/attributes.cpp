#include "suites/checkers/attributes.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "suites/contract/instant.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::View;

using Concerns = bool (*)(std::string_view name);

bool is_attribute(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {
      "sessionid", "toolname", "providername", "type", "subject", "correlationid", "messagetype"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_time(std::string_view name) { return name == "time" || name == "expirytime"; }

bool is_message_type(std::string_view name) { return name == "messagetype"; }

bool is_correlation(std::string_view name) { return name == "correlationid"; }

bool is_extension(std::string_view name) {
  // Those that somebody gives a meaning to: CloudEvents, the protocol, or who traces calls.
  constexpr std::array<std::string_view, 18> kMeant = {
      "specversion", "id",        "source",      "datacontenttype", "dataschema", "data",
      "data_base64", "dataref",   "datasize",    "datadigest",      "priority",   "fromagent",
      "toagent",     "workspace", "traceparent", "tracestate",      "expirytime", "time"};
  return !is_attribute(name) && std::find(kMeant.begin(), kMeant.end(), name) == kMeant.end();
}

bool same(std::string_view name, const json::value& sent, const json::value& came) {
  if (sent.is_number() && came.is_number())
    return sent.to_number<double>() == came.to_number<double>();
  if (!is_time(name) || !sent.is_string() || !came.is_string()) return sent == came;
  const auto instant = contract::instant_from(sent.get_string());
  return instant && instant == contract::instant_from(came.get_string());
}

const json::object* member(const json::object& of, std::string_view name) {
  const json::value* value = of.if_contains(name);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

class Comparison {
 public:
  Comparison(const View& view, Concerns concerns) : view_(view), concerns_(concerns) {
    for (const history::Delivery& delivery : view.deliveries())
      compare(delivery.message, member(delivery.said, "attributes"), delivery.index);
    for (const Operation& inspect : view.operations(Action::inspect))
      if (inspect.ok()) compare(inspect.message, own(inspect.said), inspect.answer_index);
    for (const Operation& call : view.operations(Action::call)) {
      const json::value* listed = call.said.if_contains("messages");
      if (listed == nullptr || !listed->is_array()) continue;
      for (const json::value& item : listed->get_array())
        if (item.is_object())
          compare(static_cast<std::uint32_t>(number_of(item.get_object(), "message")),
                  own(item.get_object()), call.answer_index);
    }
  }

  [[nodiscard]] Judgement judgement() const { return wrong_ ? *wrong_ : Judgement::met(judged_); }

 private:
  static const json::object* own(const json::object& of) {
    const json::object* event = member(of, "event");
    return event == nullptr ? nullptr : member(*event, "attributes");
  }

  void compare(std::uint32_t message, const json::object* came, std::size_t where) {
    const Operation* publish = view_.publish_of(message);
    const json::object* sent = publish == nullptr ? nullptr : member(publish->asked, "attributes");
    if (sent == nullptr || !publish->ok() || wrong_) return;
    for (const auto& attribute : *sent) {
      if (!concerns_(attribute.key())) continue;
      ++judged_;
      const json::value* value = came == nullptr ? nullptr : came->if_contains(attribute.key());
      if (value != nullptr && same(attribute.key(), attribute.value(), *value)) continue;
      wrong_ = Judgement::violated(
          value == nullptr ? "attribute_lost" : "attribute_changed",
          fmt::format("m{} was sent with {} {:.100} and came back with {:.100}.", message,
                      std::string_view(attribute.key()), json::serialize(attribute.value()),
                      value == nullptr ? "none" : json::serialize(*value)),
          {publish->invoke_index, where});
      return;
    }
  }

  const View& view_;
  Concerns concerns_;
  std::uint64_t judged_ = 0;
  std::optional<Judgement> wrong_;
};

}  // namespace

Judgement judge_attributes(const View& view, const contract::Claims&) {
  return Comparison(view, is_attribute).judgement();
}
Judgement judge_extensions(const View& view, const contract::Claims&) {
  return Comparison(view, is_extension).judgement();
}
Judgement judge_times(const View& view, const contract::Claims&) {
  return Comparison(view, is_time).judgement();
}
Judgement judge_correlation_unchanged(const View& view, const contract::Claims&) {
  return Comparison(view, is_correlation).judgement();
}
Judgement judge_message_type_unchanged(const View& view, const contract::Claims&) {
  return Comparison(view, is_message_type).judgement();
}

}  // namespace busproof::checkers
