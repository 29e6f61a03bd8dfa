//! The stand-ins for Paystack, Twilio and e-mail, in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use sandbox::{Running, Sandbox, SandboxConfig, StorageAccount};
use settings::Env;
use url::Url;

use crate::environment::{Ports, Settings};
use crate::workspace::Workspace;

/// Webhooks that failed are sent again after three seconds instead of three minutes.
const TIME_SCALE: u32 = 60;

pub(crate) async fn start(workspace: &Workspace, settings: &Settings) -> anyhow::Result<Running> {
    let ports = settings.ports()?;
    services::require_free(
        "the stand-ins' web server",
        ports.sandbox,
        "DEV_SANDBOX_PORT",
    )?;
    services::require_free("the stand-ins' mail server", ports.smtp, "DEV_SMTP_PORT")?;
    let objects = workspace.dev_folder()?.join("objects");
    let config = settings.read(|env| config(env, ports, workspace, objects))?;
    Sandbox::start(config).await
}

fn config(env: &mut Env, ports: Ports, workspace: &Workspace, objects: PathBuf) -> SandboxConfig {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let defaults = SandboxConfig::for_tests();
    let api = env.parsed::<Url>("NEXT_PUBLIC_API_URL");
    SandboxConfig {
        http_addr: local(ports.sandbox),
        smtp_addr: local(ports.smtp),
        public_url: Url::parse(&format!("http://localhost:{}", ports.sandbox)).ok(),
        shop_name: env.or("SENDER_NAME", &defaults.shop_name),
        paystack_secret_key: env.secret("PAYSTACK_SECRET_KEY"),
        webhook_url: api
            .as_ref()
            .and_then(|api| api.join("/api/webhooks/paystack").ok()),
        twilio_account_sid: env.required("TWILIO_ACCOUNT_SID"),
        twilio_auth_token: env.secret("TWILIO_AUTH_TOKEN"),
        openapi: Some(workspace.root.join("openapi.json")),
        api_url: api.unwrap_or(defaults.api_url),
        storage: StorageAccount {
            bucket: env.required("STORAGE_BUCKET"),
            access_key_id: env.required("AWS_ACCESS_KEY_ID"),
            secret_access_key: env.secret("AWS_SECRET_ACCESS_KEY"),
            folder: Some(objects),
        },
        time_scale: TIME_SCALE,
    }
}
