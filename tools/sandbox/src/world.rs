//! What every part of one instance shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use url::Url;

use crate::config::SandboxConfig;
use crate::control::Control;
use crate::inbox::Inbox;
use crate::outgoing::Outbox;
use crate::paystack::Book;
use crate::s3::Shelf;
use crate::smtp::Memory;
use crate::twilio::Switchboard;

/// One instance; cheap to clone.
pub(crate) type World = Arc<Shared>;

/// The state of one instance. Each part has a lock of its own, held for no await.
pub(crate) struct Shared {
    pub(crate) config: SandboxConfig,
    /// As a browser sees this instance, without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) control: Control,
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    pub(crate) smtp: Memory,
    pub(crate) http: reqwest::Client,
    pub(crate) stopping: watch::Receiver<bool>,
    book: Mutex<Book>,
    switchboard: Mutex<Switchboard>,
    shelf: Mutex<Shelf>,
}

impl Shared {
    pub(crate) fn new(
        config: SandboxConfig,
        public_url: String,
        stopping: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        // A provider gives up on a slow receiver after 30 s and follows no redirect.
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let shelf = Shelf::open(config.storage.folder.clone())?;
        Ok(Self {
            config,
            public_url,
            control: Control::default(),
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            smtp: Memory::default(),
            http,
            stopping,
            book: Mutex::default(),
            switchboard: Mutex::default(),
            shelf: Mutex::new(shelf),
        })
    }

    /// Paystack's books.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        locked(&self.book)
    }

    /// Twilio's messages.
    pub(crate) fn switchboard(&self) -> MutexGuard<'_, Switchboard> {
        locked(&self.switchboard)
    }

    /// The bucket.
    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        locked(&self.shelf)
    }

    /// So much of the provider's time, in ours.
    pub(crate) fn scaled(&self, provider_time: Duration) -> Duration {
        provider_time / self.config.time_scale.max(1)
    }

    /// Sleeps; false when the instance was stopped meanwhile.
    pub(crate) async fn sleep(&self, time: Duration) -> bool {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            _ = stopping.wait_for(|stop| *stop) => false,
        }
    }

    /// The absolute address of a path of this instance.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}

/// The value behind a lock, also after a panic elsewhere: one broken request must not end a sandbox.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A provider's URL text without its trailing slash.
pub(crate) fn without_trailing_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
