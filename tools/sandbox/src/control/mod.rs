//! Misbehaviour on order: `POST /control` sets it for the next N calls or events, `GET /control`
//! lists what is still to come, `DELETE /control` clears it.
//!
//! ```json
//! {"target": "paystack.webhook", "action": "repeat", "count": 5, "times": 1,
//!  "match": {"reference": "mr-…"}}
//! ```
//!
//! `target`: a call (`paystack.initialize`, `paystack.verify`, `paystack.refund` for `POST /refund`,
//! `paystack.charge` for the charge and its polling, `paystack.*` for any call to Paystack,
//! `twilio.messages` for the creation of a message, `storage.*` for any call to S3), an event (`paystack.webhook`,
//! `twilio.callback`), or `smtp` (a recipient, or its mail).
//!
//! | action | targets | what happens |
//! | --- | --- | --- |
//! | `refuse` | calls, smtp | an error instead of the work: `status` (500; smtp 550) and `body`; 429 and 401 have the documented body |
//! | `defer` | smtp | a temporary refusal: `status` (451) |
//! | `delay` | all | `ms` (1000) later, then as usual |
//! | `hang` | calls, smtp | no work, no answer, for `ms` (10 minutes), then the connection is closed |
//! | `html` | calls | no work; a page of HTML with 200 |
//! | `drop` | all | call: the connection is closed without an answer and without work; event: never sent; smtp: closed after the mail's final dot, the mail not kept |
//! | `timeout_after_commit` | calls, smtp | the work is done (the mail kept), then as `hang` |
//! | `repeat` | events | sent `count` (2) times |
//! | `before_answer` | `paystack.webhook`, `paystack.initialize` | webhook: delivered before the page's answer (303) or the refund's answer is sent; initialize: the payment succeeds and its webhook is delivered before initialize answers |
//! | `shuffle` | events | the next `times` events wait for each other, then go out in an order that depends on `seed` (1) |
//! | `wrong_signature` | events | signed with another key |
//!
//! `times` (1) counts calls or events; 0 takes back every rule with that target and action (events
//! held by `shuffle` go out). `match` narrows: `reference` (Paystack; the
//! object's key of a call to S3), `to` (e-mail address or phone
//! number). Rules of different actions combine (a delay and a refusal; five times and before the
//! answer); of two that cannot combine the older is used up first. An event that is dropped or
//! shuffled uses up its other rules too. A wrong field answers 422.

mod http;
mod rule;

use std::sync::Mutex;

pub(crate) use http::routes;
pub(crate) use rule::{Action, Facts, Rule, Target};

use crate::outgoing::Dispatch;
use crate::world::locked;
use rule::Slot;

/// The rules in force.
#[derive(Default)]
pub(crate) struct Control {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    rules: Vec<Rule>,
    held: Vec<Dispatch>,
}

impl Control {
    /// Adds a rule; `times: 0` takes back its like instead, and answers the events it let go.
    fn set(&self, mut rule: Rule) -> (u64, Vec<Dispatch>) {
        let mut state = locked(&self.state);
        if rule.times == 0 {
            state
                .rules
                .retain(|old| (old.target, old.action) != (rule.target, rule.action));
            return (0, state.released());
        }
        state.last_id += 1;
        rule.id = state.last_id;
        state.rules.push(rule);
        (state.last_id, Vec::new())
    }

    fn list(&self) -> Vec<Rule> {
        locked(&self.state).rules.clone()
    }

    /// Takes back every rule; answers the events that were held.
    fn clear(&self) -> Vec<Dispatch> {
        let mut state = locked(&self.state);
        state.rules.clear();
        state.released()
    }

    /// Uses up one time of each rule that applies, at most one for each slot.
    pub(crate) fn take(&self, target: Target, facts: &Facts) -> Taken {
        let mut state = locked(&self.state);
        let mut taken: Vec<Rule> = Vec::new();
        for rule in &mut state.rules {
            let slot_is_free = taken.iter().all(|other| other.slot() != rule.slot());
            if slot_is_free && rule.applies_to(target, facts) {
                rule.times -= 1;
                taken.push(rule.clone());
            }
        }
        state.rules.retain(|rule| rule.times > 0);
        Taken(taken)
    }

    /// Keeps an event until the last one its `shuffle` rule counts has come; then answers all.
    pub(crate) fn hold(&self, dispatch: Dispatch, rule: &Rule) -> Vec<Dispatch> {
        let mut state = locked(&self.state);
        state.held.push(dispatch);
        if rule.times > 0 {
            return Vec::new();
        }
        let mut released = std::mem::take(&mut state.held);
        crate::randomness::shuffle(&mut released, rule.seed);
        released
    }
}

impl State {
    /// Held events whose rule is gone.
    fn released(&mut self) -> Vec<Dispatch> {
        if self.rules.iter().any(|rule| rule.action == Action::Shuffle) {
            return Vec::new();
        }
        std::mem::take(&mut self.held)
    }
}

/// The rules that one call or event used up.
pub(crate) struct Taken(Vec<Rule>);

impl Taken {
    /// The rule of an action, if it applies.
    pub(crate) fn of(&self, action: Action) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.action == action)
    }

    /// The rule that decides how the call ends, if any.
    pub(crate) fn ending(&self) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.slot() == Slot::Ending)
    }
}
