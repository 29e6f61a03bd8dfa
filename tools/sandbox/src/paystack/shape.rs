//! The JSON that Paystack answers, quirks included: `metadata` is `""` when absent (`0` in a card's
//! webhook, `null` in a list), `plan` is `null` here and `{}` there, `paid_at` and `paidAt` both
//! stand in one object, a refund names its transaction as an object when new and as a number later.

use chrono::Duration;
use serde_json::{Value, json};

use super::INTEGRATION;
use super::refund::{Refund, RefundStatus};
use super::transaction::{Capture, Customer, Transaction, fee};
use crate::clock::{iso, now};

/// An envelope of success.
pub(super) fn success(message: &str, data: Value) -> Value {
    json!({ "status": true, "message": message, "data": data })
}

/// The object of verify (§3.1).
pub(super) fn transaction(transaction: &Transaction) -> Value {
    let capture = transaction.capture();
    let paid_at = capture.map(|capture| iso(capture.paid_at));
    let created_at = iso(transaction.created_at);
    json!({
        "id": transaction.id,
        "domain": "test",
        "status": transaction.status_word(now()),
        "reference": transaction.reference,
        "receipt_number": null,
        "amount": transaction.amount(),
        "message": null,
        "gateway_response": transaction.gateway_response(),
        "paid_at": paid_at,
        "created_at": created_at,
        "channel": transaction.channel.name(),
        "currency": transaction.charged_currency(),
        "ip_address": "197.210.54.33",
        "metadata": transaction.metadata.clone().unwrap_or_else(|| json!("")),
        "log": log(transaction),
        "fees": capture.map(|capture| fee(capture.amount)),
        "fees_split": null,
        "authorization": authorization(transaction),
        "customer": customer(&transaction.customer),
        "plan": null,
        "split": {},
        "order_id": null,
        "paidAt": paid_at,
        "createdAt": created_at,
        "requested_amount": transaction.requested,
        "pos_transaction_data": null,
        "source": null,
        "fees_breakdown": null,
        "connect": null,
        "transaction_date": created_at,
        "plan_object": {},
        "subaccount": {}
    })
}

/// A row of the list (§3.5): the same, less two members, with `metadata` null when absent.
pub(super) fn listed(row: &Transaction) -> Value {
    let mut value = transaction(row);
    if let Some(members) = value.as_object_mut() {
        members.remove("receipt_number");
        members.remove("transaction_date");
    }
    if row.metadata.is_none() {
        value["metadata"] = Value::Null;
    }
    value
}

/// The `data` of `charge.success` (§9.4).
pub(super) fn charged(charged: &Transaction) -> Value {
    let mut value = transaction(charged);
    if let Some(members) = value.as_object_mut() {
        for absent in [
            "receipt_number",
            "createdAt",
            "transaction_date",
            "plan_object",
            "connect",
        ] {
            members.remove(absent);
        }
    }
    value["plan"] = json!({});
    value["gateway_response"] = json!("Approved");
    // The event of a payment stays what it was when a refund overtakes it.
    value["status"] = json!("success");
    if charged.metadata.is_none() && charged.channel.name() == "card" {
        value["metadata"] = json!(0);
    }
    value
}

/// A customer as transactions show it.
pub(super) fn customer(customer: &Customer) -> Value {
    json!({
        "id": customer.id,
        "first_name": null,
        "last_name": null,
        "email": customer.email,
        "customer_code": customer.code,
        "phone": null,
        "metadata": null,
        "risk_action": "default",
        "international_format_phone": null
    })
}

fn log(transaction: &Transaction) -> Value {
    let Some(capture) = transaction
        .capture()
        .filter(|_| transaction.channel.name() == "card")
    else {
        return Value::Null;
    };
    let spent = (capture.paid_at - transaction.created_at).num_seconds();
    json!({
        "start_time": transaction.created_at.timestamp(),
        "time_spent": spent,
        "attempts": transaction.attempts,
        "errors": transaction.attempts.saturating_sub(1),
        "success": true,
        "mobile": false,
        "input": [],
        "history": [
            { "type": "action", "message": "Attempted to pay with card", "time": spent },
            { "type": "success", "message": "Successfully paid with card", "time": spent }
        ]
    })
}

fn authorization(transaction: &Transaction) -> Value {
    match transaction.capture() {
        None => json!({}),
        Some(capture) if transaction.channel.name() == "bank_transfer" => transfer(capture),
        Some(_) => json!({
            "authorization_code": format!("AUTH_{}", &transaction.access_code[..10]),
            "bin": "408408",
            "last4": "4081",
            "exp_month": "12",
            "exp_year": "2030",
            "channel": transaction.channel.name(),
            "card_type": "visa ",
            "bank": "TEST BANK",
            "country_code": "NG",
            "brand": "visa",
            "reusable": true,
            "signature": format!("SIG_{}", transaction.access_code),
            "account_name": null
        }),
    }
}

fn transfer(capture: &Capture) -> Value {
    json!({
        "authorization_code": "AUTH_q5nfynycgm",
        "bin": "008XXX",
        "last4": "X553",
        "exp_month": capture.paid_at.format("%m").to_string(),
        "exp_year": capture.paid_at.format("%Y").to_string(),
        "channel": "bank_transfer",
        "card_type": "transfer",
        "bank": null,
        "country_code": "NG",
        "brand": "Managed Account",
        "reusable": false,
        "signature": null,
        "account_name": null,
        "sender_country": "NG",
        "sender_bank": null,
        "sender_bank_account_number": "XXXXXXX553",
        "sender_name": capture.sender_name,
        "narration": "Channel Tests"
    })
}

/// The answer to a new refund (§6.1): its transaction is an object.
pub(super) fn new_refund(refund: &Refund, transaction: &Transaction) -> Value {
    let paid_at = transaction.capture().map(|capture| iso(capture.paid_at));
    json!({
        "transaction": {
            "id": transaction.id,
            "domain": "test",
            "reference": transaction.reference,
            "amount": transaction.amount(),
            "paid_at": paid_at,
            "channel": transaction.channel.name(),
            "currency": transaction.charged_currency(),
            "authorization": { "exp_month": null, "exp_year": null, "account_name": null },
            "customer": { "international_format_phone": null },
            "plan": {},
            "subaccount": { "currency": null },
            "split": {},
            "order_id": null,
            "paidAt": paid_at,
            "pos_transaction_data": null,
            "source": null,
            "fees_breakdown": null
        },
        "integration": INTEGRATION,
        "deducted_amount": 0,
        "channel": null,
        "merchant_note": refund.merchant_note,
        "customer_note": refund.customer_note,
        "status": refund.status.word(),
        "refunded_by": "shop@example.com",
        "expected_at": iso(refund.created_at + Duration::days(9)),
        "currency": refund.currency,
        "domain": "test",
        "amount": refund.amount,
        "fully_deducted": false,
        "id": refund.id,
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.updated_at)
    })
}

/// A refund as it is fetched (§6.2): its transaction is a number.
pub(super) fn refund(refund: &Refund) -> Value {
    let processed = refund.status == RefundStatus::Processed;
    json!({
        "integration": INTEGRATION,
        "transaction": refund.transaction_id,
        "dispute": null,
        "settlement": null,
        "domain": "test",
        "amount": refund.amount,
        "deducted_amount": refund.amount,
        "fully_deducted": true,
        "currency": refund.currency,
        "channel": refund.channel,
        "status": refund.status.word(),
        "refunded_by": "shop@example.com",
        "refunded_at": processed.then(|| iso(refund.updated_at)),
        "expected_at": iso(refund.created_at + Duration::days(9)),
        "customer_note": refund.customer_note,
        "merchant_note": refund.merchant_note,
        "id": refund.id,
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.updated_at)
    })
}

/// A row of the list of refunds: other spellings, and a number for a truth.
pub(super) fn listed_refund(row: &Refund) -> Value {
    let mut value = refund(row);
    let processed = row.status == RefundStatus::Processed;
    if let Some(members) = value.as_object_mut() {
        members.remove("createdAt");
        members.remove("updatedAt");
    }
    value["created_at"] = json!(iso(row.created_at));
    value["updated_at"] = json!(iso(row.updated_at));
    value["fully_deducted"] = if processed { json!(1) } else { Value::Null };
    value["deducted_amount"] = if processed {
        json!(row.amount)
    } else {
        Value::Null
    };
    value
}

/// The `data` of a refund's event (§9.4): the amount is text in some and a number in others, and
/// there is no refund id but in `needs-attention`, where it is text.
pub(super) fn refund_event(refund: &Refund) -> Value {
    let telling = matches!(
        refund.status,
        RefundStatus::Failed | RefundStatus::NeedsAttention
    );
    let amount = if telling {
        json!(refund.amount)
    } else {
        json!(refund.amount.to_string())
    };
    let mut value = json!({
        "status": refund.status.word(),
        "transaction_reference": refund.transaction_reference,
        "refund_reference": refund.refund_reference,
        "amount": amount,
        "currency": refund.currency,
        "processor": "instant-transfer",
        "customer": { "first_name": null, "last_name": null, "email": refund.email },
        "integration": INTEGRATION,
        "domain": "test"
    });
    if refund.status == RefundStatus::NeedsAttention {
        if let Some(members) = value.as_object_mut() {
            members.remove("processor");
        }
        value["id"] = json!(refund.id.to_string());
        value["customer_note"] = json!(refund.customer_note);
        value["merchant_note"] = json!(refund.merchant_note);
    }
    value
}
