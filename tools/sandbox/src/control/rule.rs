//! One order to misbehave.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Target {
    #[serde(rename = "paystack.initialize")]
    Initialize,
    #[serde(rename = "paystack.verify")]
    Verify,
    #[serde(rename = "paystack.refund")]
    Refund,
    #[serde(rename = "paystack.charge")]
    Charge,
    #[serde(rename = "paystack.*")]
    AnyPaystackCall,
    #[serde(rename = "paystack.webhook")]
    Webhook,
    #[serde(rename = "twilio.messages")]
    TwilioMessages,
    #[serde(rename = "twilio.callback")]
    TwilioCallback,
    #[serde(rename = "storage.*")]
    Storage,
    #[serde(rename = "smtp")]
    Smtp,
}

/// How it is to misbehave; see the table of the module above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Refuse,
    Defer,
    Delay,
    Hang,
    Html,
    Drop,
    TimeoutAfterCommit,
    Repeat,
    BeforeAnswer,
    Shuffle,
    WrongSignature,
}

/// Rules of one slot exclude each other; rules of different slots combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Delay,
    Ending,
    Count,
    Moment,
    Order,
    Signature,
}

/// What is known of a call or an event when rules are looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) reference: Option<String>,
    pub(crate) to: Option<String>,
}

impl Facts {
    pub(crate) fn reference(reference: impl Into<String>) -> Self {
        Self {
            reference: Some(reference.into()),
            to: None,
        }
    }

    pub(crate) fn to(to: impl Into<String>) -> Self {
        Self {
            reference: None,
            to: Some(to.into()),
        }
    }
}

/// Narrows a rule to one payment or one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

impl Match {
    fn accepts(&self, facts: &Facts) -> bool {
        let same = |wanted: &Option<String>, found: &Option<String>| match (wanted, found) {
            (None, _) => true,
            (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found),
            (Some(_), None) => false,
        };
        same(&self.to, &facts.to) && same(&self.reference, &facts.reference)
    }
}

/// An order to misbehave, as `POST /control` takes it and `GET /control` lists it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(skip_deserializing)]
    pub(crate) id: u64,
    pub(crate) target: Target,
    pub(crate) action: Action,
    /// How many calls or events are left.
    #[serde(default = "one")]
    pub(crate) times: u32,
    #[serde(default, rename = "match")]
    pub(crate) matching: Match,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ms: Option<u64>,
    #[serde(default = "two")]
    pub(crate) count: u32,
    #[serde(default = "seed")]
    pub(crate) seed: u64,
}

fn one() -> u32 {
    1
}

fn two() -> u32 {
    2
}

fn seed() -> u64 {
    1
}

impl Rule {
    /// How long a delay is to last.
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(1_000))
    }

    /// How long a hanging call is kept open.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(600_000))
    }

    pub(super) fn applies_to(&self, target: Target, facts: &Facts) -> bool {
        self.target.covers(target) && self.matching.accepts(facts)
    }

    pub(super) fn slot(&self) -> Slot {
        match self.action {
            Action::Delay => Slot::Delay,
            Action::Refuse
            | Action::Defer
            | Action::Hang
            | Action::Html
            | Action::Drop
            | Action::TimeoutAfterCommit => Slot::Ending,
            Action::Repeat => Slot::Count,
            Action::BeforeAnswer => Slot::Moment,
            Action::Shuffle => Slot::Order,
            Action::WrongSignature => Slot::Signature,
        }
    }

    /// Why this rule makes no sense, in words for the person who wrote it.
    pub(super) fn problem(&self) -> Option<String> {
        let allowed = self.target.actions();
        if !allowed.contains(&self.action) {
            let names: Vec<_> = allowed.iter().filter_map(|action| name(*action)).collect();
            let target = name(self.target).unwrap_or_default();
            return Some(format!("action: {target} knows only {}", names.join(", ")));
        }
        let status = self.status?;
        let range = if self.target == Target::Smtp {
            400..600
        } else {
            100..600
        };
        (!range.contains(&status)).then(|| format!("status: must be in {range:?}"))
    }
}

impl Target {
    fn covers(self, other: Self) -> bool {
        let paystack_call = matches!(
            other,
            Self::Initialize | Self::Verify | Self::Refund | Self::Charge | Self::AnyPaystackCall
        );
        self == other || (self == Self::AnyPaystackCall && paystack_call)
    }

    fn actions(self) -> &'static [Action] {
        use Action::{
            BeforeAnswer, Defer, Delay, Drop, Hang, Html, Refuse, Repeat, Shuffle,
            TimeoutAfterCommit, WrongSignature,
        };
        match self {
            Self::Initialize => &[
                Refuse,
                Delay,
                Hang,
                Html,
                Drop,
                TimeoutAfterCommit,
                BeforeAnswer,
            ],
            Self::Verify
            | Self::Refund
            | Self::Charge
            | Self::AnyPaystackCall
            | Self::TwilioMessages
            | Self::Storage => &[Refuse, Delay, Hang, Html, Drop, TimeoutAfterCommit],
            Self::Webhook => &[Delay, Drop, Repeat, BeforeAnswer, Shuffle, WrongSignature],
            Self::TwilioCallback => &[Delay, Drop, Repeat, Shuffle, WrongSignature],
            Self::Smtp => &[Refuse, Defer, Delay, Hang, Drop, TimeoutAfterCommit],
        }
    }
}

/// A value's name in JSON.
fn name(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value)
        .ok()?
        .as_str()
        .map(str::to_owned)
}
