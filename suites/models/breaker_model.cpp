#include "suites/models/breaker_model.hpp"

namespace busproof::models {

using Told = BreakerModel::Told;

void BreakerModel::close(bool again) {
  state_ = State::closed;
  failures_ = forgiven_ = successes_ = 0;
  again_ = again;
}

void BreakerModel::open(bool again) {
  state_ = State::open;
  failures_ = forgiven_ = successes_ = 0;
  again_ = again;
  called_ = false;
  just_opened_ = true;
}

std::optional<Told> BreakerModel::call(StoreIs store, CallWas was, const Passed& passed) {
  just_opened_ = false;
  if (store == StoreIs::unknown || was == CallWas::unknown) {
    lose_track();
    return std::nullopt;
  }
  switch (state_) {
    case State::closed:
      return call_closed(store, was);
    case State::open:
      return call_open(store, was, passed);
    case State::unknown:
      // Those that are served while the store is well were let through, and as many in a row as
      // close it leave it closed wherever it was.
      if (store != StoreIs::well || was != CallWas::served)
        successes_ = 0;
      else if (++successes_ >= rules_.closes_after)
        close(false);
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Told> BreakerModel::call_closed(StoreIs store, CallWas was) {
  if (store == StoreIs::failing) {
    if (was == CallWas::served) {
      lose_track();  // The store does not fail as it was told to.
    } else if (++failures_ == rules_.failures) {
      open(false);
    }
    return std::nullopt;
  }
  const bool on_the_brink = failures_ > 0 && failures_ + 1 == rules_.failures;
  Told told{About::anything, was == CallWas::served};
  if (again_)
    told.about = failures_ == 0 ? About::closed_again : About::counted_anew;
  else if (failures_ > 0)
    told.about = forgiven_ + failures_ >= rules_.failures && forgiven_ > 0 ? About::after_success
                                                                           : About::below_threshold;
  told.telling = failures_ == 0 || on_the_brink;
  if (was == CallWas::unserved) {
    lose_track();
    return told;
  }
  forgiven_ += failures_;
  failures_ = 0;
  return told;
}

std::optional<Told> BreakerModel::call_open(StoreIs store, CallWas was, const Passed& passed) {
  if (passed.least >= rules_.open + rules_.slack) return call_due(store, was);
  if (passed.most >= rules_.open - rules_.slack) {
    // It may or may not have been asked again.
    const bool closed = store == StoreIs::well && was == CallWas::served;
    lose_track();
    if (closed && rules_.closes_after == 1) close(true);
    return std::nullopt;
  }
  if (store == StoreIs::failing) return std::nullopt;
  const About about = again_ ? About::opened_again : called_ ? About::open : About::opening;
  called_ = true;
  if (was == CallWas::unserved) return Told{about, true};
  lose_track();
  return Told{about, false};
}

std::optional<Told> BreakerModel::call_due(StoreIs store, CallWas was) {
  if (store == StoreIs::failing) {
    if (rules_.probes_itself || was == CallWas::served)
      lose_track();
    else
      open(true);
    return std::nullopt;
  }
  if (was == CallWas::served) {
    if (++successes_ >= rules_.closes_after) close(true);
    return Told{About::probing, true};
  }
  // When the bus asks by itself is its own affair: until then it keeps calls away.
  if (rules_.probes_itself) return std::nullopt;
  lose_track();
  return Told{About::probing, false};
}

std::optional<bool> BreakerModel::may_show(Shown shown, const Passed& passed) const {
  if (state_ == State::closed) return shown == Shown::closed;
  if (state_ == State::unknown) return std::nullopt;
  if (passed.most < rules_.open - rules_.slack) return shown == Shown::open;
  if (rules_.probes_itself || passed.least < rules_.open + rules_.slack) return std::nullopt;
  return shown != Shown::closed;
}

}  // namespace busproof::models
