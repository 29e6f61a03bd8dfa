//! Invoked at deploy, before traffic shifts: brings the schema up to date.

use database::migrations;
use edge::StartError;
use messaging::Invocation;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let url: SecretString = edge::start(|env| env.secret("DATABASE_URL"))?;
    let handle = async move |_: Invocation| {
        let version = migrations::apply_to(url.expose_secret()).await?;
        Ok(json!({ "version": version }))
    };
    messaging::serve_scheduled("migrate", handle)
        .await
        .map_err(StartError::runtime)
}
