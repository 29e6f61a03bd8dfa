use chrono::{DateTime, Utc};
use ring::digest;
use serde_json::Value;

use crate::fields::Fields;
use crate::settings::Mode;

/// Longest key that is stored as it is; a longer one is hashed.
const KEY_LIMIT: usize = 200;

/// The body of a webhook is not an event: no JSON object, or without the event's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook's body is not a Paystack event")]
pub struct BadEvent;

/// What an event is about. Paystack sends none for a charge that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// `charge.success`
    ChargeSuccess,
    /// `charge.failed`; undocumented, but seen by some.
    ChargeFailed,
    /// `bank.transfer.rejected`: a transfer of the wrong amount, returned by Paystack.
    BankTransferRejected,
    /// `charge.dispute.create`
    DisputeCreated,
    /// `charge.dispute.remind`
    DisputeReminded,
    /// `charge.dispute.resolve`
    DisputeResolved,
    /// `refund.pending`
    RefundPending,
    /// `refund.processing`
    RefundProcessing,
    /// `refund.processed`
    RefundProcessed,
    /// `refund.failed`
    RefundFailed,
    /// `refund.needs-attention`
    RefundNeedsAttention,
    /// `transfer.success`; `transfer.reversed` may still follow.
    TransferSuccess,
    /// `transfer.failed`
    TransferFailed,
    /// `transfer.reversed`
    TransferReversed,
    /// Anything else: keep it, answer 200.
    Unknown,
}

impl EventKind {
    fn from_name(name: &str) -> Self {
        match name {
            "charge.success" => Self::ChargeSuccess,
            "charge.failed" => Self::ChargeFailed,
            "bank.transfer.rejected" => Self::BankTransferRejected,
            "charge.dispute.create" => Self::DisputeCreated,
            "charge.dispute.remind" => Self::DisputeReminded,
            "charge.dispute.resolve" => Self::DisputeResolved,
            "refund.pending" => Self::RefundPending,
            "refund.processing" => Self::RefundProcessing,
            "refund.processed" => Self::RefundProcessed,
            "refund.failed" => Self::RefundFailed,
            "refund.needs-attention" => Self::RefundNeedsAttention,
            "transfer.success" => Self::TransferSuccess,
            "transfer.failed" => Self::TransferFailed,
            "transfer.reversed" => Self::TransferReversed,
            _ => Self::Unknown,
        }
    }
}

/// An event as a hint of where to look; what is true is what [`crate::Paystack::verify`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's name as it came.
    pub event: String,
    /// The same, sorted.
    pub kind: EventKind,
    /// The reference of the transaction, or of the transfer in a transfer's event.
    /// `bank.transfer.rejected` has none, only a [`transaction_id`](Self::transaction_id).
    pub reference: Option<String>,
    /// Paystack's number of the transaction, where the event names one.
    pub transaction_id: Option<u64>,
    /// Paystack's number or code of what the event is about.
    pub object_id: Option<String>,
    /// The state of what the event is about, in Paystack's words.
    pub status: Option<String>,
    /// When a dispute must be answered, UTC; unanswered it is accepted for the merchant.
    pub due_at: Option<DateTime<Utc>>,
    /// Test or live; none if the event does not say.
    pub mode: Option<Mode>,
    key: String,
}

impl Event {
    /// Reads a webhook's body, whose signature was checked before.
    ///
    /// # Errors
    /// [`BadEvent`] if it is no event at all; an event of an unknown kind or form is read as far as
    /// possible.
    pub fn parse(body: &[u8]) -> Result<Self, BadEvent> {
        let value: Value = serde_json::from_slice(body).map_err(|_| BadEvent)?;
        let event = value.get("event").and_then(Value::as_str).ok_or(BadEvent)?;
        let data = Fields(&value).object("data");
        let kind = EventKind::from_name(event);
        let identity = Identity::of(kind, data);
        let status = data.text("status");
        Ok(Self {
            key: key(event, &identity, status.as_deref(), body),
            event: event.to_owned(),
            kind,
            reference: identity.reference,
            transaction_id: identity.transaction_id,
            object_id: identity.object_id,
            status,
            due_at: data.time(&["dueAt", "due_at"]),
            mode: data.text("domain").as_deref().and_then(Mode::from_domain),
        })
    }

    /// The key of the fact that the event tells, at most 200 bytes: the same for every delivery
    /// of it, since Paystack numbers neither events nor deliveries. An event that names nothing is
    /// known by its body.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// What an event says about which record it means.
struct Identity {
    object_id: Option<String>,
    reference: Option<String>,
    transaction_id: Option<u64>,
    /// What sets apart events that carry no id: refunds say only which transaction, how much, and
    /// sometimes the processor's reference.
    details: Vec<String>,
}

impl Identity {
    fn of(kind: EventKind, data: Fields<'_>) -> Self {
        let transaction = data.object("transaction");
        let rejected = data.object("bank_transfer");
        let is_charge = matches!(kind, EventKind::ChargeSuccess | EventKind::ChargeFailed);
        let own_id = if is_charge {
            data.optional("id").ok().flatten()
        } else {
            None
        };
        let whole = |fields: Fields<'_>, name| fields.optional(name).ok().flatten();
        Self {
            object_id: ["id", "transfer_code"]
                .iter()
                .find_map(|name| data.text(name))
                .or_else(|| rejected.text("transaction_id")),
            reference: ["reference", "transaction_reference"]
                .iter()
                .find_map(|name| data.text(name))
                .or_else(|| transaction.text("reference")),
            transaction_id: own_id
                .or_else(|| whole(transaction, "id"))
                .or_else(|| whole(rejected, "transaction_id")),
            details: [
                data.text("refund_reference"),
                data.text("amount"),
                rejected.text("amount"),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

/// `event:id:status`, or `event:reference:details:status` where there is no id.
fn key(event: &str, identity: &Identity, status: Option<&str>, body: &[u8]) -> String {
    let mut parts = vec![event];
    match (&identity.object_id, &identity.reference) {
        (Some(id), _) => parts.push(id),
        (None, Some(reference)) => {
            parts.push(reference);
            parts.extend(identity.details.iter().map(String::as_str));
        }
        (None, None) => return hashed(event, body),
    }
    parts.extend(status);
    let key = parts.join(":");
    if key.len() > KEY_LIMIT {
        hashed(event, key.as_bytes())
    } else {
        key
    }
}

fn hashed(event: &str, content: &[u8]) -> String {
    let short: String = event.chars().take(30).collect();
    format!(
        "{short}:sha256:{}",
        hex::encode(digest::digest(&digest::SHA256, content))
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event(value: &Value) -> Event {
        Event::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_charge_is_known_by_its_id() {
        let event = event(&json!({"event": "charge.success", "data": {
            "id": 302_961, "domain": "live", "status": "success", "reference": "qTPrJoy9Bx",
            "amount": 10000, "metadata": 0}}));
        assert_eq!(event.kind, EventKind::ChargeSuccess);
        assert_eq!(event.reference.as_deref(), Some("qTPrJoy9Bx"));
        assert_eq!(event.transaction_id, Some(302_961));
        assert_eq!(event.mode, Some(Mode::Live));
        assert_eq!(event.key(), "charge.success:302961:success");
    }

    #[test]
    fn a_rejected_transfer_leads_to_its_transaction_by_number() {
        let event = event(&json!({"event": "bank.transfer.rejected", "data": {
            "bank_transfer": {"amount": "30000", "transaction_id": "3103959930"},
            "customer": {"id": 138_492_368}}}));
        assert_eq!(
            (event.reference.as_deref(), event.transaction_id),
            (None, Some(3_103_959_930))
        );
        assert_eq!(event.key(), "bank.transfer.rejected:3103959930");
    }

    #[test]
    fn a_refund_without_an_id_is_known_by_all_that_it_says() {
        let refund = |name: &str, status: &str, processor: Value, amount: Value| {
            event(&json!({"event": name, "data": {"status": status,
                "transaction_reference": "T2154954", "refund_reference": processor,
                "amount": amount, "currency": "NGN", "domain": "live"}}))
        };
        let processed = refund(
            "refund.processed",
            "processed",
            json!("132013318360"),
            json!("5000"),
        );
        assert_eq!(processed.kind, EventKind::RefundProcessed);
        assert_eq!(processed.reference.as_deref(), Some("T2154954"));
        assert_eq!(
            processed.key(),
            "refund.processed:T2154954:132013318360:5000:processed"
        );
        let pending = refund("refund.pending", "pending", Value::Null, json!(5000));
        assert_eq!(pending.key(), "refund.pending:T2154954:5000:pending");
        let as_text = refund("refund.pending", "pending", Value::Null, json!("5000"));
        assert_eq!(pending.key(), as_text.key());
    }

    #[test]
    fn a_dispute_brings_its_transaction_and_its_due_date() {
        let event = event(&json!({"event": "charge.dispute.create", "data": {
            "id": 358_950, "status": "awaiting-merchant-feedback", "domain": "live",
            "transaction": {"id": 896_467_688, "reference": "v3mjfgbnc19v97x"},
            "transaction_reference": null, "dueAt": "2020-11-25T18:00:00.000Z"}}));
        assert_eq!(event.kind, EventKind::DisputeCreated);
        assert_eq!(event.reference.as_deref(), Some("v3mjfgbnc19v97x"));
        assert_eq!(event.transaction_id, Some(896_467_688));
        assert_eq!(event.object_id.as_deref(), Some("358950"));
        assert_eq!(event.due_at.unwrap().timestamp(), 1_606_327_200);
    }

    #[test]
    fn one_transfer_told_in_two_states_is_two_facts() {
        let transfer = |name: &str, status: &str| {
            event(
                &json!({"event": name, "data": {"id": 860_703_114, "status": status,
                "reference": "acv_9ee", "transfer_code": "TRF_v5"}}),
            )
        };
        let success = transfer("transfer.success", "success");
        let reversed = transfer("transfer.reversed", "reversed");
        assert_ne!(success.key(), reversed.key());
        assert_eq!(success.transaction_id, None);
    }

    #[test]
    fn unknown_events_are_kept_under_a_key_of_their_own() {
        let one = event(&json!({"event": "moon.landed", "data": {"a": 1}}));
        let other = event(&json!({"event": "moon.landed", "data": {"a": 2}}));
        assert_eq!(one.kind, EventKind::Unknown);
        assert_ne!(one.key(), other.key());
        let long = event(&json!({"event": "x".repeat(5000), "data": {"id": "y".repeat(5000)}}));
        assert!(long.key().len() <= KEY_LIMIT);
        assert!(Event::parse(br#"{"event":"charge.success"}"#).is_ok());
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let deep = "[".repeat(100_000);
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"event":1}"#,
            "{\"event\":\"x\"",
            &deep,
        ] {
            assert_eq!(Event::parse(body.as_bytes()), Err(BadEvent));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            drop(Event::parse(&bytes));
        }

        #[test]
        fn arbitrary_members_never_panic_and_the_key_is_bounded(
            name in "\\PC{0,80}",
            id in prop_oneof![Just(json!(null)), any::<u64>().prop_map(|n| json!(n)),
                any::<f64>().prop_map(|n| json!(n)), "\\PC{0,300}".prop_map(|s| json!(s))],
            reference in "\\PC{0,300}",
        ) {
            let body = json!({"event": name, "data": {"id": id, "reference": reference,
                "transaction": id, "bank_transfer": {"transaction_id": id}, "status": id}});
            let event = event(&body);
            prop_assert!(event.key().len() <= KEY_LIMIT);
        }
    }
}
