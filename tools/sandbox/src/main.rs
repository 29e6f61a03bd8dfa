//! `sandbox`: the stand-ins as a program, with the shop's own settings.
//!
//! `SANDBOX_ADDR` (127.0.0.1:9100), `SANDBOX_SMTP_ADDR` (127.0.0.1:9125), `SANDBOX_PUBLIC_URL`
//! (http://localhost and the port), `SANDBOX_OPENAPI` (openapi.json) and `SANDBOX_TIME_SCALE` (60: a
//! webhook is retried after 3 s) are its own; `SANDBOX_OBJECTS` is a
//! folder in which objects outlive it. `PAYSTACK_SECRET_KEY`, `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`,
//! `STORAGE_BUCKET`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `NEXT_PUBLIC_API_URL` and `SENDER_NAME`
//! are the shop's.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context as _;
use sandbox::{Sandbox, SandboxConfig, StorageAccount};
use settings::Env;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;
use url::Url;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::INFO)
        .with_writer(std::io::stderr)
        .init();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let running = Sandbox::start(settings::read(read)?)
        .await
        .context("the stand-ins cannot start")?;
    println!(
        "Stand-ins: {} (inbox, /docs, /paystack), SMTP {}",
        running.url(),
        running.smtp_addr()
    );
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}

fn read(env: &mut Env) -> SandboxConfig {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let http_addr = env.parsed_or("SANDBOX_ADDR", local(9100));
    let api = env.parsed::<Url>("NEXT_PUBLIC_API_URL");
    let defaults = SandboxConfig::for_tests();
    SandboxConfig {
        http_addr,
        smtp_addr: env.parsed_or("SANDBOX_SMTP_ADDR", local(9125)),
        public_url: env
            .parsed("SANDBOX_PUBLIC_URL")
            .or_else(|| localhost(http_addr)),
        shop_name: env.or("SENDER_NAME", &defaults.shop_name),
        paystack_secret_key: env.secret("PAYSTACK_SECRET_KEY"),
        webhook_url: api.as_ref().and_then(webhook_url),
        twilio_account_sid: env.required("TWILIO_ACCOUNT_SID"),
        twilio_auth_token: env.secret("TWILIO_AUTH_TOKEN"),
        openapi: Some(PathBuf::from(env.or("SANDBOX_OPENAPI", "openapi.json"))),
        api_url: api.unwrap_or(defaults.api_url),
        storage: StorageAccount {
            bucket: env.required("STORAGE_BUCKET"),
            access_key_id: env.required("AWS_ACCESS_KEY_ID"),
            secret_access_key: env.secret("AWS_SECRET_ACCESS_KEY"),
            folder: env.optional("SANDBOX_OBJECTS").map(PathBuf::from),
        },
        time_scale: env.parsed_or("SANDBOX_TIME_SCALE", 60),
    }
}

/// The name that people type; none for port 0, which is known only once it is bound.
fn localhost(addr: SocketAddr) -> Option<Url> {
    if addr.port() == 0 || !addr.ip().is_loopback() {
        return None;
    }
    Url::parse(&format!("http://localhost:{}", addr.port())).ok()
}

/// The webhook's address on the API, whose own path (a stage, say) stays in front.
fn webhook_url(api: &Url) -> Option<Url> {
    Url::parse(&format!(
        "{}/api/webhooks/paystack",
        api.as_str().trim_end_matches('/')
    ))
    .ok()
}
