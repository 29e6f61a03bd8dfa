//! Paystack's webhooks (§9): a signed JSON body, four retries every three minutes, then hourly for
//! 72 hours, unless the receiver answers exactly 200.

use std::time::Duration;

use bytes::Bytes;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::INTEGRATION;
use super::refund::Refund;
use super::shape;
use super::transaction::Transaction;
use crate::clock::iso;
use crate::control::{Facts, Target};
use crate::outgoing::{self, Dispatch};
use crate::signing::paystack_signature;
use crate::world::World;

const SOON: Duration = Duration::from_secs(3 * 60);
const HOURLY: Duration = Duration::from_secs(60 * 60);

/// `charge.success`, for a transaction just paid.
pub(super) async fn charge_success(world: &World, transaction: &Transaction) {
    let event = event("charge.success", shape::charged(transaction));
    send(world, "charge.success", &transaction.reference, &event).await;
}

/// `charge.success`, delivered once before this returns.
pub(super) async fn charge_success_now(world: &World, transaction: &Transaction) {
    let event = event("charge.success", shape::charged(transaction));
    if let Some(dispatch) = dispatch(world, "charge.success", &transaction.reference, &event) {
        outgoing::send_now(world, dispatch).await;
    }
}

/// `refund.<status>`.
pub(super) async fn refund_moved(world: &World, refund: &Refund) {
    let name = format!("refund.{}", refund.status.word());
    let event = event(&name, shape::refund_event(refund));
    send(world, &name, &refund.transaction_reference, &event).await;
}

/// `bank.transfer.rejected`: it carries no reference, only the transaction's id, as text.
pub(super) async fn transfer_rejected(
    world: &World,
    transaction: &Transaction,
    amount: i64,
    message: &str,
    message_type: &str,
) {
    let mut customer = shape::customer(&transaction.customer);
    customer["domain"] = json!("test");
    customer["integration"] = json!(INTEGRATION);
    customer["createdAt"] = json!(iso(transaction.created_at));
    customer["updatedAt"] = json!(iso(transaction.created_at));
    let data = json!({
        "bank_transfer": {
            "amount": amount.to_string(),
            "message": message,
            "message_type": message_type,
            "transaction_id": transaction.id.to_string()
        },
        "customer": customer
    });
    let event = event("bank.transfer.rejected", data);
    send(
        world,
        "bank.transfer.rejected",
        &transaction.reference,
        &event,
    )
    .await;
}

fn event(name: &str, data: Value) -> Value {
    json!({ "event": name, "data": data })
}

async fn send(world: &World, name: &str, reference: &str, event: &Value) {
    if let Some(dispatch) = dispatch(world, name, reference, event) {
        outgoing::send(world, dispatch).await;
    }
}

/// `None` when the shop has set no webhook address.
fn dispatch(world: &World, name: &str, reference: &str, event: &Value) -> Option<Dispatch> {
    let url = world.config.webhook_url.as_ref()?.to_string();
    let body = Bytes::from(event.to_string());
    let key = world.config.paystack_secret_key.expose_secret();
    let mut retries = vec![SOON; 4];
    retries.extend([HOURLY; 72]);
    Some(Dispatch {
        target: Target::Webhook,
        event: name.to_owned(),
        facts: Facts::reference(reference),
        url,
        content_type: "application/json",
        signature_header: "x-paystack-signature",
        signature: paystack_signature(key, &body),
        wrong_signature: paystack_signature("sk_test_of_somebody_else", &body),
        body,
        retries,
    })
}
