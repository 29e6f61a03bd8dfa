//! Which version each function's events go to: the `live` aliases of a deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use runtime_api::FunctionError;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::fleet::Fleet;
use crate::routes::Routes;
use crate::version::Side;

/// How long requests in flight may take to finish after their function's traffic has moved.
const DRAIN_LIMIT: Duration = Duration::from_secs(75);

/// How often idle instances are looked for.
const FREEZE_EVERY: Duration = Duration::from_millis(250);

/// Every function's instances of both versions, and where its events go.
#[derive(Default)]
pub(crate) struct Traffic {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    functions: BTreeMap<String, Alias>,
    routes: [Routes; 2],
    /// Instances that a later deployment of the same version has replaced, for their last words.
    replaced: Vec<(String, Side, Arc<Fleet>)>,
}

struct Alias {
    fleets: [Option<Arc<Fleet>>; 2],
    side: Side,
}

/// A function's answer, and who gave it.
pub(crate) struct Served {
    pub(crate) side: Side,
    pub(crate) answer: Result<Value, FunctionError>,
}

/// What becomes of a request by its route.
pub(crate) struct Routed {
    pub(crate) pattern: String,
    pub(crate) function: String,
}

impl Traffic {
    /// Adds a version's functions; a function that only this version has gets its traffic at once.
    pub(crate) fn deploy(&self, side: Side, fleets: BTreeMap<String, Fleet>, routes: Routes) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for (name, fleet) in fleets {
            let alias = state.functions.entry(name.clone()).or_insert(Alias {
                fleets: [None, None],
                side,
            });
            let replaced = alias.fleets[side.index()].replace(Arc::new(fleet));
            state
                .replaced
                .extend(replaced.map(|fleet| (name, side, fleet)));
        }
        state.routes[side.index()] = routes;
    }

    /// The functions whose traffic can be moved: those that both versions have.
    pub(crate) fn movable(&self) -> BTreeSet<String> {
        self.read(|state| {
            let both = state
                .functions
                .iter()
                .filter(|(_, alias)| alias.fleets.iter().all(Option::is_some));
            both.map(|(name, _)| name.clone()).collect()
        })
    }

    /// The function of a route, as either version has it.
    pub(crate) fn route(&self, method: &str, path: &str) -> Option<Routed> {
        self.read(|state| {
            let mut found = state
                .routes
                .iter()
                .rev()
                .filter_map(|routes| routes.find(method, path));
            let route = found.next()?;
            Some(Routed {
                pattern: route.pattern.clone(),
                function: route.function.clone(),
            })
        })
    }

    /// Hands an event to the version that has the function's traffic.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Option<Served> {
        // Counted and decided under one lock: a move that follows sees this event in flight.
        let (side, busy) = self.read(|state| {
            let alias = state.functions.get(function)?;
            let fleet = alias.fleets[alias.side.index()].as_ref()?;
            Some((alias.side, fleet.expect()))
        })?;
        Some(Served {
            side,
            answer: busy.invoke(event).await,
        })
    }

    /// Hands an event to one version whatever has the traffic, as a deployment's own hooks do.
    pub(crate) async fn invoke_on(
        &self,
        side: Side,
        function: &str,
        event: &Value,
    ) -> anyhow::Result<Value> {
        let busy = self.read(|state| {
            let alias = state.functions.get(function)?;
            alias.fleets[side.index()].as_ref().map(Fleet::expect)
        });
        let busy = busy.with_context(|| format!("{side} has no function {function}"))?;
        Ok(busy.invoke(event).await?)
    }

    /// Sends a function's next events to a version; answers how long those in flight took to finish.
    ///
    /// # Errors
    /// Where they do not finish.
    pub(crate) async fn shift(&self, function: &str, to: Side) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let Some(left) = self.redirect(function, to) else {
            return Ok(Duration::ZERO);
        };
        while left.in_flight() > 0 {
            if began.elapsed() > DRAIN_LIMIT {
                bail!(
                    "{function}: {} events never finished on {}",
                    left.in_flight(),
                    to.other()
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(began.elapsed())
    }

    /// The instances that lose the traffic, if it moves.
    fn redirect(&self, function: &str, to: Side) -> Option<Arc<Fleet>> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let alias = state.functions.get_mut(function)?;
        let moves = alias.side != to && alias.fleets[to.index()].is_some();
        if !moves {
            return None;
        }
        alias.side = to;
        alias.fleets[to.other().index()].clone()
    }

    /// Where a function's events go now.
    pub(crate) fn side_of(&self, function: &str) -> Option<Side> {
        self.read(|state| state.functions.get(function).map(|alias| alias.side))
    }

    /// Whether there is such a function in either version.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.side_of(function).is_some()
    }

    /// Every function's instances, with its name and version.
    pub(crate) fn fleets(&self) -> Vec<(String, Side, Arc<Fleet>)> {
        self.read(|state| {
            let present = state.functions.iter().flat_map(|(name, alias)| {
                let fleets = Side::BOTH.into_iter().zip(&alias.fleets);
                fleets.filter_map(move |(side, fleet)| {
                    Some((name.clone(), side, Arc::clone(fleet.as_ref()?)))
                })
            });
            present.chain(state.replaced.iter().cloned()).collect()
        })
    }

    /// The last error that a version's function has logged, in its own words.
    pub(crate) fn last_words(&self, side: Side, function: &str) -> Option<String> {
        let fleets = self.fleets();
        let mut own = fleets
            .iter()
            .filter(|(name, of, _)| *of == side && name == function);
        own.find_map(|(_, _, fleet)| fleet.logs().iter().rev().find_map(|line| told(line)))
    }

    /// Ends every instance.
    pub(crate) fn take_down(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = State::default();
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What an error's log line says.
fn told(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let is_error = line["level"] == "ERROR";
    line["error"]
        .as_str()
        .filter(|_| is_error)
        .map(str::to_owned)
}

/// Freezes instances that have had no work for a moment, until it is dropped.
pub(crate) struct Freezing(JoinHandle<()>);

impl Freezing {
    pub(crate) fn begin(traffic: &Arc<Traffic>) -> Self {
        let traffic = Arc::clone(traffic);
        Self(tokio::spawn(async move {
            loop {
                for (_, _, fleet) in traffic.fleets() {
                    fleet.freeze_idle();
                }
                tokio::time::sleep(FREEZE_EVERY).await;
            }
        }))
    }
}

impl Drop for Freezing {
    fn drop(&mut self) {
        self.0.abort();
    }
}
