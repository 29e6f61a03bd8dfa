//! Servers of a test's own, for what would disturb others: roles' passwords, which are a whole
//! server's, and how many may connect.

use std::fs::Permissions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;

use services::{Means, Plan, Reporter, Running};
use tempfile::TempDir;

/// Empty servers, stopped and forgotten when this is dropped.
pub struct Servers {
    running: Option<Running>,
    settings: Vec<(&'static str, String)>,
    _tree: TempDir,
}

impl Servers {
    /// An empty Postgres.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn postgres() -> Self {
        Self::start(|plan| plan.postgres = Some(free_port())).await
    }

    /// An empty Redis.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn redis() -> Self {
        Self::start(|plan| plan.redis = Some(free_port())).await
    }

    async fn start(choose: impl FnOnce(&mut Plan)) -> Self {
        // As root the servers run as users of their own, who must be able to come in.
        let tree = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .expect("a temporary folder");
        let mut plan = Plan {
            root: tree.path().to_owned(),
            folder: tree.path().to_owned(),
            postgres: None,
            redis: None,
            rabbitmq: None,
        };
        choose(&mut plan);
        let running = services::start(plan, Means::Programs, &Silent)
            .await
            .expect("the servers start");
        Self {
            settings: running.settings(),
            running: Some(running),
            _tree: tree,
        }
    }

    /// The servers' addresses under the names of the shop's settings.
    #[must_use]
    pub fn settings(&self) -> &[(&'static str, String)] {
        &self.settings
    }

    /// Everything that the servers have written into their logs.
    #[must_use]
    pub fn logs(&self) -> String {
        let folder = self.running.as_ref().map(Running::logs);
        let files = folder
            .map(std::fs::read_dir)
            .into_iter()
            .flatten()
            .flatten();
        let texts = files
            .flatten()
            .map(|file| std::fs::read(file.path()).unwrap_or_default());
        texts
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect()
    }

    /// One of the [`settings`](Self::settings).
    ///
    /// # Panics
    /// Where these servers do not have it.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().find(|(known, _)| *known == name);
        let (_, value) = found.unwrap_or_else(|| panic!("these servers have no {name}"));
        value
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        let stop = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let stopped = runtime.expect("a runtime").block_on(running.stop(&Silent));
            stopped.expect("the servers stop");
        });
        let stopped = stop.join();
        assert!(
            stopped.is_ok() || std::thread::panicking(),
            "a server runs on"
        );
    }
}

struct Silent;

impl Reporter for Silent {
    fn say(&self, _: &str) {}
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
