//! Time, as far as customers wait for it: what they have abandoned is soon past its time.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::load::Market;
use crate::rest;
use crate::scene::Scene;

/// How often abandoned orders are looked for.
const LOOK: Duration = Duration::from_millis(500);

/// Lets the half hour of abandoned orders pass, until it is dropped.
pub(super) struct Passing(JoinHandle<()>);

impl Passing {
    pub(super) fn begin(scene: &Scene, market: &Arc<Market>) -> Self {
        let (database, market) = (scene.database.clone(), Arc::clone(market));
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let abandoned = market.memory.take_abandoned();
                if abandoned.is_empty() {
                    continue;
                }
                if let Err(error) = rest::let_time_run_out(&database, &abandoned).await {
                    market.record.fail(format!("letting time pass: {error:#}"));
                }
            }
        }))
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.0.abort();
    }
}
