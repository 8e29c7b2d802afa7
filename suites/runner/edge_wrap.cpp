#include "suites/runner/edge_wrap.hpp"

#include <mutex>

#include <boost/asio/steady_timer.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace busproof::runner {
namespace {

namespace json = boost::json;
using edge::Actions;
using targets::Connector;
using targets::Listener;
using targets::Reactor;
using targets::Transport;

/// The filter and who may touch it: it is called on the reactor's thread alone.
struct Mutation {
  std::unique_ptr<edge::Filter> filter;
  edge::Connection connections = 0;
};

/// One connection's side of the filter; lives on the reactor's thread.
class Hop : public Listener, public std::enable_shared_from_this<Hop> {
 public:
  Hop(Reactor& reactor, std::shared_ptr<Mutation> mutation, Listener& outer)
      : reactor_(reactor),
        mutation_(std::move(mutation)),
        outer_(&outer),
        connection_(++mutation_->connections) {
    mutation_->filter->opened(connection_);
  }

  void attach(std::unique_ptr<Transport> inner) { inner_ = std::move(inner); }
  void forget_outer() { outer_ = nullptr; }
  Transport* inner() { return inner_.get(); }
  std::unique_ptr<Transport> release() { return std::move(inner_); }

  void from_client(const std::string& text) {
    pass(
        text,
        [&](json::object message, Actions& actions) {
          mutation_->filter->from_client(connection_, std::move(message), actions);
        },
        [&] { inner_->send(text); });
  }

  void on_text(std::string_view text, history::Time at) override {
    pass(
        text,
        [&](json::object message, Actions& actions) {
          mutation_->filter->from_bus(connection_, std::move(message), actions);
        },
        [&] { tell(text, at); });
  }

  void on_closed(const targets::Ending& ending, history::Time at) override {
    if (ended_) return;
    ended_ = true;
    mutation_->filter->closed(connection_);
    // To who stands before it, what the mutant closes the bus has closed.
    const targets::Ending told{ending.by_us && !closed_here_, ending.code, ending.why};
    if (outer_ != nullptr) outer_->on_closed(told, at);
  }

 private:
  template <typename Filtered, typename AsItIs>
  void pass(std::string_view text, Filtered filtered, AsItIs as_it_is) {
    boost::system::error_code failed;
    json::parse_options options;
    options.max_depth = 1024;
    json::value message = json::parse(text, failed, {}, options);
    if (failed || !message.is_object()) return as_it_is();
    Actions actions;
    filtered(std::move(message.get_object()), actions);
    carry_out(std::move(actions));
  }

  void carry_out(Actions actions) {
    for (const json::object& message : actions.to_bus) inner_->send(json::serialize(message));
    for (const json::object& message : actions.to_client)
      tell(json::serialize(message), history::now());
    for (Actions::Later& later : actions.later) put_off(std::move(later));
    if (!actions.close) return;
    closed_here_ = true;
    inner_->cut();
  }

  void put_off(Actions::Later later) {
    auto timer = std::make_shared<boost::asio::steady_timer>(reactor_.context(), later.after);
    timer->async_wait([self = shared_from_this(), timer,
                       message = std::move(later.to_client)](boost::system::error_code) {
      if (self->ended_) return;
      Actions actions;
      self->mutation_->filter->due(self->connection_, message, actions);
      self->carry_out(std::move(actions));
    });
  }

  void tell(std::string_view text, history::Time at) {
    if (outer_ != nullptr && !ended_) outer_->on_text(text, at);
  }

  Reactor& reactor_;
  std::shared_ptr<Mutation> mutation_;
  Listener* outer_;
  edge::Connection connection_;
  std::unique_ptr<Transport> inner_;
  bool closed_here_ = false, ended_ = false;
};

class HopTransport : public Transport {
 public:
  HopTransport(Reactor& reactor, std::shared_ptr<Hop> hop)
      : reactor_(reactor), hop_(std::move(hop)) {}
  ~HopTransport() override {
    std::unique_ptr<Transport> inner;
    reactor_.run([&] {
      hop_->forget_outer();
      hop_->on_closed({true, 0, "cut"}, history::now());
      inner = hop_->release();
    });
    inner.reset();  // Not on the reactor's thread: it waits for it.
  }
  void send(std::string text) override {
    reactor_.post([hop = hop_, text = std::move(text)] {
      if (hop->inner() != nullptr) hop->from_client(text);
    });
  }
  void close() override {
    reactor_.post([hop = hop_] {
      if (hop->inner() != nullptr) hop->inner()->close();
    });
  }
  void cut() override {
    reactor_.post([hop = hop_] {
      if (hop->inner() != nullptr) hop->inner()->cut();
    });
  }
  void read(bool on) override {
    reactor_.post([hop = hop_, on] {
      if (hop->inner() != nullptr) hop->inner()->read(on);
    });
  }

 private:
  Reactor& reactor_;
  std::shared_ptr<Hop> hop_;
};

class MutatedConnector : public Connector {
 public:
  MutatedConnector(Reactor& reactor, std::unique_ptr<Connector> inner,
                   std::shared_ptr<Mutation> mutation, std::string name)
      : reactor_(reactor),
        inner_(std::move(inner)),
        mutation_(std::move(mutation)),
        name_(std::move(name)) {}

  contract::Result<std::unique_ptr<Transport>> connect(Listener& listener) override {
    unsigned unused = 0;
    return connect_as(listener, {}, unused);
  }

  contract::Result<std::unique_ptr<Transport>> connect_as(Listener& listener,
                                                          const targets::Handshake& handshake,
                                                          unsigned& status) override {
    std::shared_ptr<Hop> hop;
    reactor_.run([&] { hop = std::make_shared<Hop>(reactor_, mutation_, listener); });
    auto inner = inner_->connect_as(*hop, handshake, status);
    if (!inner) return tl::make_unexpected(inner.error());
    reactor_.run([&] { hop->attach(std::move(*inner)); });
    return std::unique_ptr<Transport>(std::make_unique<HopTransport>(reactor_, hop));
  }

  [[nodiscard]] std::string describe() const override {
    return inner_->describe() + " behind " + name_;
  }
  [[nodiscard]] contract::Transport over() const override { return inner_->over(); }
  [[nodiscard]] bool many() const override { return inner_->many(); }

 private:
  Reactor& reactor_;
  std::unique_ptr<Connector> inner_;
  std::shared_ptr<Mutation> mutation_;
  std::string name_;
};

}  // namespace

targets::Wrap wrap_in(const edge::Mutant& mutant) {
  return [&mutant](Reactor& reactor, std::unique_ptr<Connector> inner) {
    auto mutation = std::make_shared<Mutation>();
    mutation->filter = mutant.make();
    return std::unique_ptr<Connector>(std::make_unique<MutatedConnector>(
        reactor, std::move(inner), mutation, std::string(mutant.name)));
  };
}

}  // namespace busproof::runner
