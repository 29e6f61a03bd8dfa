//! What customers remember of their orders.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use fastrand::Rng;

use crate::version::Side;

/// Everything the customers remember.
#[derive(Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    orders: Vec<Remembered>,
    requests: Vec<Sent>,
    paid: BTreeSet<String>,
    sold_out: Vec<SoldOut>,
    private: BTreeSet<String>,
    abandoned: Vec<String>,
}

/// An order and what opens it.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub(crate) number: String,
    pub(crate) token: String,
    /// In kobo.
    pub(crate) total: i64,
    pub(crate) email: String,
    /// Its first attempt to pay.
    pub(crate) reference: Option<String>,
}

/// A request that was sent with a key, and how it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) answer: Vec<u8>,
    pub(crate) side: Side,
}

/// A refusal for want of stock, to be held against what the stock was.
#[derive(Debug, Clone)]
pub(crate) struct SoldOut {
    pub(crate) variant: String,
    pub(crate) wanted: i64,
    pub(crate) began: SystemTime,
    pub(crate) ended: SystemTime,
}

impl Memory {
    pub(crate) fn order(&self, order: Remembered) {
        self.locked().orders.push(order);
    }

    pub(crate) fn request(&self, sent: Sent) {
        self.locked().requests.push(sent);
    }

    pub(crate) fn sold_out(&self, refusal: SoldOut) {
        self.locked().sold_out.push(refusal);
    }

    /// Notes that an order was seen paid; what was paid once must stay so.
    pub(crate) fn paid(&self, number: &str) {
        self.locked().paid.insert(number.to_owned());
    }

    pub(crate) fn was_paid(&self, number: &str) -> bool {
        self.locked().paid.contains(number)
    }

    /// Notes a word that must stand nowhere in clear text.
    pub(crate) fn keep_private(&self, word: &str) {
        self.locked().private.insert(word.to_owned());
    }

    pub(crate) fn some_order(&self, rng: &mut Rng) -> Option<Remembered> {
        let state = self.locked();
        rng.choice(&state.orders).cloned()
    }

    /// A request to repeat: one that the other version answered, if there is any.
    pub(crate) fn some_request(
        &self,
        rng: &mut Rng,
        present: impl Fn(&Sent) -> Option<Side>,
    ) -> Option<Sent> {
        let state = self.locked();
        let across: Vec<&Sent> = state
            .requests
            .iter()
            .filter(|sent| present(sent).is_some_and(|side| side != sent.side))
            .collect();
        let chosen = rng.choice(across).or_else(|| rng.choice(&state.requests));
        chosen.cloned()
    }

    /// Leaves an order alone: its time to pay may as well be over.
    pub(crate) fn abandon(&self, number: &str) {
        self.locked().abandoned.push(number.to_owned());
    }

    /// The orders that were abandoned since the last look.
    pub(crate) fn take_abandoned(&self) -> Vec<String> {
        std::mem::take(&mut self.locked().abandoned)
    }

    pub(crate) fn refusals(&self) -> Vec<SoldOut> {
        self.locked().sold_out.clone()
    }

    /// The e-mail addresses of those who saw their order paid.
    pub(crate) fn payers(&self) -> Vec<String> {
        let state = self.locked();
        let paid = state
            .orders
            .iter()
            .filter(|order| state.paid.contains(&order.number));
        paid.map(|order| order.email.clone()).collect()
    }

    /// At most so many words that must stand nowhere in clear text.
    pub(crate) fn private(&self, most: usize) -> Vec<String> {
        let state = self.locked();
        let step = (state.private.len() / most).max(1);
        state.private.iter().step_by(step).cloned().collect()
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
