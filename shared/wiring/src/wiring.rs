//! A function's resources, built from its settings and built anew when those have changed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::chain;
use settings::{Env, SettingsError};
use telemetry::metric;

use crate::extension::Patience;
use crate::source::{Secrets, Source};
use crate::{SecretsUnavailable, StartError};

/// How long a function's start waits for its secrets. Lambda gives a start 10 s.
const AT_START: Patience = Patience {
    while_it_starts: Duration::from_millis(100),
    in_all: Duration::from_secs(3),
};
/// How long a request or a batch waits for them: enough for an extension that begins with it.
const AT_WORK: Patience = Patience {
    while_it_starts: Duration::from_secs(3),
    in_all: Duration::from_secs(3),
};
/// How long a secret that was refused and has not changed is not read again, so that neither a wrong
/// secret nor a stranger's wrong signatures become a load.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// What a function works with, and how it is built.
///
/// `T` is what the closure makes of the settings: a function's routes, a consumer with its desk.
/// It is cloned for each request, so it is something cheap to clone.
pub struct Wiring<T> {
    wire: Wire<T>,
    source: Source,
    state: Mutex<State<T>>,
}

type Wire<T> = Box<dyn Fn(&mut Env) -> Option<T> + Send + Sync>;

struct State<T> {
    built: Option<Built<T>>,
    /// When a refused credential was last read again without finding another.
    unchanged_at: Option<Instant>,
}

struct Built<T> {
    secrets: Secrets,
    thing: T,
}

/// Why there is nothing to work with just now.
#[derive(Debug, thiserror::Error)]
pub enum NotWired {
    /// The secrets did not come in time.
    #[error(transparent)]
    Secrets(#[from] SecretsUnavailable),
    /// They came, and something is wrong with them.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The closure gave nothing and named no setting: a mistake of ours.
    #[error("the function's wiring gave nothing and named no setting")]
    Nothing,
}

impl<T: Clone> Wiring<T> {
    /// Starts the log, reads the settings and builds. Where the secrets do not come within 3 s the
    /// function starts all the same; [`get`](Self::get) tries again.
    ///
    /// # Errors
    /// [`StartError`] where only a deployment, or another secret, can help.
    pub async fn start(
        wire: impl Fn(&mut Env) -> Option<T> + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        settings::read(telemetry::start)?;
        Self::over(Source::of_the_process()?, wire).await
    }

    pub(crate) async fn over(
        source: Source,
        wire: impl Fn(&mut Env) -> Option<T> + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let wiring = Self {
            wire: Box::new(wire),
            source,
            state: Mutex::new(State {
                built: None,
                unchanged_at: None,
            }),
        };
        match wiring.build(AT_START).await {
            Ok(_) => Ok(wiring),
            Err(NotWired::Settings(error)) => Err(error.into()),
            Err(NotWired::Nothing) => Err(StartError::Unwired),
            Err(NotWired::Secrets(error)) => {
                tracing::error!(error = chain(&error), "started without secrets");
                Ok(wiring)
            }
        }
    }

    /// What was built; where the secrets had not come, they are waited for once more, for 3 s.
    ///
    /// # Errors
    /// [`NotWired`], which is logged here and is no news to a client.
    pub async fn get(&self) -> Result<T, NotWired> {
        let built = self.state().built.as_ref().map(|built| built.thing.clone());
        if let Some(thing) = built {
            return Ok(thing);
        }
        let built = self.build(AT_WORK).await;
        if let Err(error) = &built {
            tracing::error!(error = chain(error), "still without secrets");
        }
        built
    }

    /// What is built of the secrets as they are now: for work that is ordered rarely, and because a
    /// secret was changed.
    ///
    /// # Errors
    /// [`NotWired`].
    pub async fn anew(&self) -> Result<T, NotWired> {
        self.build(AT_WORK).await
    }

    /// Called after work that may have met a refused credential: reads the secrets once more, for at
    /// most 3 s, and builds anew if they have changed. `None` where nothing was refused or nothing
    /// has changed; then the next 30 s of refusals cause no reading.
    pub async fn renewed(&self) -> Option<T> {
        let doubts = settings::take_doubts();
        for setting in &doubts.refused {
            tracing::warn!(setting, "a credential was refused");
            metrics::counter!(metric::CREDENTIALS_REFUSED, "setting" => *setting).increment(1);
        }
        if doubts.is_empty() || self.was_read_just_now() {
            return None;
        }
        match self.source.secrets(AT_WORK).await {
            Ok(secrets) if self.is_built_from(&secrets) => {
                self.state().unchanged_at = Some(Instant::now());
                None
            }
            Ok(secrets) => self.rebuild(secrets),
            Err(error) => {
                tracing::error!(error = chain(&error), "secrets could not be read again");
                None
            }
        }
    }

    async fn build(&self, patience: Patience) -> Result<T, NotWired> {
        let secrets = self.source.secrets(patience).await?;
        let thing = secrets.hand_to(&self.wire)?.ok_or(NotWired::Nothing)?;
        self.keep(secrets, thing.clone());
        Ok(thing)
    }

    /// What is wrong with new secrets must not take the old ones away: they may serve still.
    fn rebuild(&self, secrets: Secrets) -> Option<T> {
        match secrets.hand_to(&self.wire) {
            Ok(Some(thing)) => {
                tracing::info!("wired anew with new secrets");
                self.keep(secrets, thing.clone());
                Some(thing)
            }
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "the new secrets cannot be used");
                None
            }
        }
    }

    fn keep(&self, secrets: Secrets, thing: T) {
        *self.state() = State {
            built: Some(Built { secrets, thing }),
            unchanged_at: None,
        };
    }

    fn is_built_from(&self, secrets: &Secrets) -> bool {
        let state = self.state();
        state
            .built
            .as_ref()
            .is_some_and(|built| built.secrets == *secrets)
    }

    fn was_read_just_now(&self) -> bool {
        let unchanged_at = self.state().unchanged_at;
        unchanged_at.is_some_and(|at| at.elapsed() < READ_AGAIN_AFTER)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> std::fmt::Debug for Wiring<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wiring").finish_non_exhaustive()
    }
}
