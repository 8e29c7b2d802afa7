// Source: DUR-7 (a batch is done whole or not at all).
#include "reference/executor/lane.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace reference::executor {

namespace {

constexpr std::size_t kBatchSteps = 1'024;
constexpr std::size_t kBatchBytes = 16 * 1'048'576;

std::size_t bytes_of(const core::Step& step) {
  std::size_t bytes = 0;
  for (const auto& op : step.ops)
    if (const auto* enqueue = std::get_if<core::Enqueue>(&op)) bytes += enqueue->body.bytes.size();
  return bytes;
}

}  // namespace

struct Lane::Round {
  std::vector<core::ToPayload> payloads;
  std::vector<core::ToQueue> steps;
  std::vector<core::SweepQueue> sweeps;
  std::vector<core::AskQueue> questions;
};

Lane::Lane(stores::QueueStore& queues, stores::PayloadStore& payloads, Report report)
    : queues_(queues),
      payloads_(payloads),
      report_(std::move(report)),
      thread_([this] { run(); }) {}

Lane::~Lane() { end(); }

void Lane::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ready_.notify_one();
  if (thread_.joinable()) thread_.join();
  teller_.end();
}

void Lane::push(Work work) {
  {
    const std::lock_guard lock(mutex_);
    gathered_.push_back(std::move(work));
  }
  ready_.notify_one();
}

std::vector<core::Ticket> Lane::withdraw(const std::set<core::Ticket>& tickets) {
  std::vector<core::Ticket> withdrawn;
  const std::lock_guard lock(mutex_);
  std::erase_if(gathered_, [&](const Work& work) {
    const auto ticket = std::visit([](const auto& one) { return one.ticket; }, work);
    if (!tickets.contains(ticket)) return false;
    withdrawn.push_back(ticket);
    return true;
  });
  return withdrawn;
}

bool Lane::gather(Round& round) {
  std::deque<Work> taken;
  {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return ending_ || !gathered_.empty(); });
    if (gathered_.empty()) return false;
    if (std::holds_alternative<core::ToPayload>(gathered_.front())) {
      taken.push_back(std::move(gathered_.front()));
      gathered_.pop_front();
    } else {
      taken.swap(gathered_);
    }
  }
  for (auto& work : taken) {
    if (auto* step = std::get_if<core::ToQueue>(&work))
      round.steps.push_back(std::move(*step));
    else if (auto* question = std::get_if<core::AskQueue>(&work))
      round.questions.push_back(std::move(*question));
    else if (auto* sweep = std::get_if<core::SweepQueue>(&work))
      round.sweeps.push_back(*sweep);
    else
      round.payloads.push_back(std::move(std::get<core::ToPayload>(work)));
  }
  return true;
}

void Lane::run() {
  while (true) {
    Round round;
    if (!gather(round)) return;
    teller_.push([this, answers = std::make_shared<Answers>(carry_out(round))] {
      report_(std::move(*answers));
    });
  }
}

// One commit for as many steps as a batch may hold.
void Lane::apply_steps(Round& round, Answers& answers) {
  std::size_t at = 0;
  while (at < round.steps.size()) {
    std::vector<core::Step> batch;
    core::Shift shift{0};
    std::size_t bytes = 0;
    const std::size_t first = at;
    for (; at < round.steps.size() && batch.size() < kBatchSteps && bytes < kBatchBytes; ++at) {
      bytes += bytes_of(round.steps[at].step);
      shift = std::max(shift, round.steps[at].shift);
      batch.push_back(std::move(round.steps[at].step));
    }
    auto applied = queues_.apply(batch, shift);
    for (std::size_t i = first; i < at; ++i) {
      if (applied)
        answers.steps.emplace_back(round.steps[i].ticket, std::move((*applied)[i - first]));
      else
        answers.steps.emplace_back(round.steps[i].ticket, tl::unexpected(applied.error()));
    }
  }
}

Answers Lane::carry_out(Round& round) {
  Answers answers;
  for (const auto& work : round.payloads)
    answers.payloads.emplace_back(work.ticket, stores::carry_out(payloads_, work.op, work.shift));
  apply_steps(round, answers);
  for (const auto& work : round.sweeps)
    answers.swept.emplace_back(work.ticket,
                               queues_.sweep(work.at_most, work.attempts_max, work.shift));
  for (auto& work : round.questions)
    answers.views.emplace_back(work.ticket, queues_.look(work.question, work.shift));
  return answers;
}

}  // namespace reference::executor
