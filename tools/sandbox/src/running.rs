//! Starting and stopping an instance.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::SandboxConfig;
use crate::world::{Shared, World, without_trailing_slash};
use crate::{api_docs, control, inbox, outgoing, paystack, pictures, s3, smtp, storefront, twilio};

/// How long open requests may take to end once an instance is told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// The stand-ins.
pub struct Sandbox;

/// A started instance. Dropping it stops it too, without waiting.
pub struct Running {
    http_addr: SocketAddr,
    smtp_addr: SocketAddr,
    public_url: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds both ports and serves until [`Running::stop`]. Answers once connections are accepted.
    ///
    /// # Errors
    /// When a port cannot be bound, or the HTTP client for webhooks cannot be built.
    pub async fn start(config: SandboxConfig) -> anyhow::Result<Running> {
        // Already installed by somebody else in this process is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = bind("HTTP", config.http_addr).await?;
        let smtp = bind("SMTP", config.smtp_addr).await?;
        let (http_addr, smtp_addr) = (http.local_addr()?, smtp.local_addr()?);
        let public_url = match &config.public_url {
            Some(url) => without_trailing_slash(url),
            None => format!("http://{http_addr}"),
        };
        let (stop, stopping) = watch::channel(false);
        let world = Arc::new(Shared::new(config, public_url.clone(), stopping)?);
        let tasks = vec![
            tokio::spawn(serve_http(http, Arc::clone(&world))),
            tokio::spawn(smtp::serve(smtp, world)),
        ];
        Ok(Running {
            http_addr,
            smtp_addr,
            public_url,
            stop,
            tasks,
        })
    }
}

impl Running {
    /// Where HTTP listens.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Where SMTP listens.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp_addr
    }

    /// This instance as a browser sees it, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.public_url
    }

    /// What `PAYSTACK_BASE_URL` has to be to use this instance.
    pub fn paystack_url(&self) -> String {
        format!("http://{}/paystack", self.http_addr)
    }

    /// What `TWILIO_BASE_URL` has to be to use this instance.
    pub fn twilio_url(&self) -> String {
        format!("http://{}/twilio", self.http_addr)
    }

    /// What `STORAGE_ENDPOINT` has to be to use this instance.
    pub fn storage_url(&self) -> String {
        format!("http://{}{}", self.http_addr, s3::PREFIX)
    }

    /// What `IMAGES_URL` has to be to use this instance.
    pub fn images_url(&self) -> String {
        format!("http://{}{}", self.http_addr, s3::PUBLIC_PREFIX)
    }

    /// Stops listening, gives open requests a second, and forgets everything.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for mut task in self.tasks.drain(..) {
            if tokio::time::timeout(GRACE, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn bind(what: &str, addr: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr)
        .await
        .with_context(|| format!("{what} cannot listen on {addr}: is it in use already?"))
}

async fn serve_http(listener: TcpListener, world: World) {
    let mut stopping = world.stopping.clone();
    let stopped = async move {
        // The sender gone means the same as being told to stop.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, router(world))
        .with_graceful_shutdown(stopped)
        .await
    {
        tracing::error!(%error, "the HTTP stand-ins ended");
    }
}

fn router(world: World) -> Router {
    Router::new()
        .merge(inbox::routes())
        .merge(control::routes())
        .merge(outgoing::routes())
        .merge(api_docs::routes())
        .merge(storefront::routes())
        .merge(pictures::routes())
        .merge(s3::routes())
        .nest("/paystack", paystack::routes(&world))
        .nest("/twilio", twilio::routes(&world))
        .with_state(world)
}
