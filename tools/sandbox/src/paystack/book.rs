//! Paystack's books: transactions, refunds, customers.
//!
//! Its invariants: one transaction for a reference, at most one capture for a transaction, refunds
//! that did not fail never above the capture.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::refund::{Refund, RefundStatus};
use super::refusal::Refusal;
use super::transaction::{Capture, Channel, Customer, Status, TestCard, Transaction};
use crate::{clock, randomness};

/// Ids begin above 32 bits' reach, so that a client that counts in `i32` or `u32` is found out soon.
const FIRST_TRANSACTION: u64 = 4_000_000_000;
const FIRST_REFUND: u64 = 4_300_000_000;
const FIRST_CUSTOMER: u64 = 4_600_000_000;

/// What a new transaction is made of.
pub(super) struct Opening {
    pub(super) email: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) reference: Option<String>,
    pub(super) callback_url: Option<Url>,
    pub(super) metadata: Option<Value>,
    pub(super) channel: Channel,
}

/// What a payer hands over.
pub(super) struct Tender {
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) card: TestCard,
    pub(super) sender_name: Option<String>,
}

/// What a refund is asked with.
pub(super) struct RefundOrder {
    /// Subunits; the whole payment when absent.
    pub(super) amount: Option<i64>,
    pub(super) customer_note: Option<String>,
    pub(super) merchant_note: Option<String>,
}

/// All that one integration has done.
pub(crate) struct Book {
    /// Milliseconds since 1970 when the books were begun, added to every id: they are kept in memory,
    /// and a shop that outlives them must not be told of an id twice.
    begun: u64,
    transactions: BTreeMap<u64, Transaction>,
    by_reference: HashMap<String, u64>,
    by_access_code: HashMap<String, u64>,
    customers: HashMap<String, Customer>,
    refunds: BTreeMap<u64, Refund>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            begun: u64::try_from(clock::now().timestamp_millis()).unwrap_or_default(),
            transactions: BTreeMap::new(),
            by_reference: HashMap::new(),
            by_access_code: HashMap::new(),
            customers: HashMap::new(),
            refunds: BTreeMap::new(),
        }
    }
}

impl Book {
    pub(super) fn open(&mut self, opening: Opening) -> Result<Transaction, Refusal> {
        let reference = opening.reference.unwrap_or_else(|| randomness::code(10));
        if self.by_reference.contains_key(&reference) {
            return Err(Refusal::duplicate_reference());
        }
        let transaction = Transaction {
            id: next(&self.transactions, self.begun + FIRST_TRANSACTION),
            access_code: randomness::code(15),
            customer: self.customer(&opening.email),
            requested: opening.amount,
            currency: opening.currency,
            channel: opening.channel,
            callback_url: opening.callback_url,
            metadata: opening.metadata,
            created_at: clock::now(),
            status: Status::Open,
            attempts: 0,
            card: TestCard::Good,
            reference,
        };
        self.by_reference
            .insert(transaction.reference.clone(), transaction.id);
        self.by_access_code
            .insert(transaction.access_code.clone(), transaction.id);
        self.transactions
            .insert(transaction.id, transaction.clone());
        Ok(transaction)
    }

    fn customer(&mut self, email: &str) -> Customer {
        let id =
            self.begun + FIRST_CUSTOMER + u64::try_from(self.customers.len()).unwrap_or_default();
        let new = || Customer {
            id,
            code: format!("CUS_{}", randomness::code(15)),
            email: email.to_owned(),
        };
        self.customers
            .entry(email.to_lowercase())
            .or_insert_with(new)
            .clone()
    }

    /// Takes the payer's money, once: `None` when the transaction was paid before.
    pub(super) fn capture(&mut self, id: u64, tender: Tender) -> Option<Transaction> {
        let transaction = self.transactions.get_mut(&id)?;
        if transaction.capture().is_some() {
            return None;
        }
        transaction.attempts += 1;
        transaction.card = tender.card;
        transaction.status = Status::Paid(Capture {
            amount: tender.amount,
            currency: tender.currency,
            paid_at: clock::now(),
            sender_name: tender.sender_name,
        });
        Some(transaction.clone())
    }

    /// Notes a failed try; `None` when the transaction was paid before.
    pub(super) fn fail(&mut self, id: u64, reason: &'static str) -> Option<Transaction> {
        let transaction = self.transactions.get_mut(&id)?;
        if transaction.capture().is_some() {
            return None;
        }
        transaction.attempts += 1;
        transaction.status = Status::Failed(reason);
        Some(transaction.clone())
    }

    pub(super) fn by_id(&self, id: u64) -> Option<&Transaction> {
        self.transactions.get(&id)
    }

    pub(super) fn by_reference(&self, reference: &str) -> Option<&Transaction> {
        self.by_id(*self.by_reference.get(reference)?)
    }

    pub(super) fn by_access_code(&self, access_code: &str) -> Option<&Transaction> {
        self.by_id(*self.by_access_code.get(access_code)?)
    }

    pub(super) fn by_account(&self, number: &str) -> Option<&Transaction> {
        self.transactions
            .values()
            .find(|transaction| match &transaction.channel {
                Channel::BankTransfer(account) => account.number == number,
                Channel::Hosted(_) | Channel::Ussd(_) => false,
            })
    }

    /// Oldest first.
    pub(super) fn transactions(&self) -> impl DoubleEndedIterator<Item = &Transaction> {
        self.transactions.values()
    }

    /// Oldest first.
    pub(super) fn refunds(&self) -> impl DoubleEndedIterator<Item = &Refund> {
        self.refunds.values()
    }

    pub(super) fn refund_by_id(&self, id: u64) -> Option<&Refund> {
        self.refunds.get(&id)
    }

    /// What of a transaction is refunded or about to be.
    fn refunded(&self, transaction_id: u64) -> i64 {
        self.refunds
            .values()
            .filter(|refund| refund.transaction_id == transaction_id)
            .filter(|refund| refund.status != RefundStatus::Failed)
            .map(|refund| refund.amount)
            .sum()
    }

    pub(super) fn refund(&mut self, id: u64, order: RefundOrder) -> Result<Refund, Refusal> {
        let transaction = self.by_id(id).ok_or_else(Refusal::transaction_not_found)?;
        // Paystack's own words for this case are not known.
        let Some(capture) = transaction.capture() else {
            return Err(Refusal::invalid(
                "You can only refund a successful transaction",
            ));
        };
        let left = capture.amount - self.refunded(id);
        if left <= 0 {
            return Err(Refusal::fully_reversed());
        }
        let amount = order.amount.unwrap_or(capture.amount);
        if amount > left {
            return Err(Refusal::refund_above_payment());
        }
        let refund = new_refund(
            next(&self.refunds, self.begun + FIRST_REFUND),
            transaction,
            capture,
            amount,
            order,
        );
        self.refunds.insert(refund.id, refund.clone());
        Ok(refund)
    }

    /// Moves a refund on, and with the last of a payment its transaction.
    pub(super) fn move_refund(&mut self, id: u64, status: RefundStatus) -> Option<Refund> {
        let refund = self.refunds.get_mut(&id)?;
        refund.status = status;
        refund.updated_at = clock::now();
        if status != RefundStatus::Processing {
            refund
                .refund_reference
                .get_or_insert_with(|| randomness::digits(12));
        }
        let refund = refund.clone();
        if status == RefundStatus::Processed {
            self.reverse_if_refunded(refund.transaction_id);
        }
        Some(refund)
    }

    fn reverse_if_refunded(&mut self, transaction_id: u64) {
        let processed: i64 = self
            .refunds
            .values()
            .filter(|refund| refund.transaction_id == transaction_id)
            .filter(|refund| refund.status == RefundStatus::Processed)
            .map(|refund| refund.amount)
            .sum();
        let Some(transaction) = self.transactions.get_mut(&transaction_id) else {
            return;
        };
        if let Status::Paid(capture) = &transaction.status
            && processed >= capture.amount
        {
            transaction.status = Status::Reversed(capture.clone());
        }
    }
}

fn new_refund(
    id: u64,
    transaction: &Transaction,
    capture: &Capture,
    amount: i64,
    order: RefundOrder,
) -> Refund {
    let note = format!("Refund for transaction {}", transaction.reference);
    let now: DateTime<Utc> = clock::now();
    Refund {
        id,
        transaction_id: transaction.id,
        transaction_reference: transaction.reference.clone(),
        email: transaction.customer.email.clone(),
        amount,
        currency: capture.currency.clone(),
        channel: transaction.channel.name().to_owned(),
        status: RefundStatus::Pending,
        merchant_note: order
            .merchant_note
            .unwrap_or_else(|| format!("{note} by shop@example.com")),
        customer_note: order.customer_note.unwrap_or(note),
        refund_reference: None,
        created_at: now,
        updated_at: now,
    }
}

fn next<T>(rows: &BTreeMap<u64, T>, first: u64) -> u64 {
    rows.last_key_value().map_or(first, |(last, _)| last + 1)
}
