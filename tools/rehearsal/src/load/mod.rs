//! The customers: they browse, order, pay, come back, change their minds, and look at every answer.

mod answers;
mod browsing;
mod buying;
mod client;
mod memory;
mod paying;
mod returning;

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::record::Record;
use crate::traffic::Traffic;

pub(crate) use client::Client;
pub(crate) use memory::{Memory, SoldOut};

/// What the customers share.
pub(crate) struct Market {
    pub(crate) client: Client,
    pub(crate) memory: Memory,
    pub(crate) record: Arc<Record>,
    pub(crate) traffic: Arc<Traffic>,
    /// Where browsers are sent after paying.
    pub(crate) storefront: String,
}

/// Customers at work. [`Crowd::leave`] lets each finish what it is doing.
pub(crate) struct Crowd {
    leave: watch::Sender<bool>,
    customers: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Lets so many customers in; what each does follows from the seed, as far as the shop's answers
    /// allow.
    pub(crate) fn enter(market: &Arc<Market>, customers: usize, seed: u64) -> Self {
        let (leave, leaving) = watch::channel(false);
        let customers = (0..customers).map(|number| {
            let rng = Rng::with_seed(seed.wrapping_add(number as u64));
            tokio::spawn(shop(Arc::clone(market), rng, leaving.clone()))
        });
        Self {
            leave,
            customers: customers.collect(),
        }
    }

    /// Waits until the last one has left.
    pub(crate) async fn leave(mut self) {
        self.leave.send_replace(true);
        for customer in self.customers.drain(..) {
            // A task that panicked has said so already.
            let _ = customer.await;
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for customer in &self.customers {
            customer.abort();
        }
    }
}

async fn shop(market: Arc<Market>, mut rng: Rng, leaving: watch::Receiver<bool>) {
    while !*leaving.borrow() {
        let visit = match rng.u8(0..10) {
            0..=3 => market.browse(&mut rng).await,
            4..=7 => market.buy(&mut rng).await,
            _ => market.come_back(&mut rng).await,
        };
        if let Err(error) = visit {
            market.record.fail(format!("{error:#}"));
        }
        think(&mut rng).await;
    }
}

/// A customer reads, compares, types.
async fn think(rng: &mut Rng) {
    tokio::time::sleep(Duration::from_millis(rng.u64(10..120))).await;
}
