//! Invoked at deploy, before queues are consumed: declares exchanges, queues and bindings.

use edge::StartError;
use messaging::{Invocation, RabbitSettings};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let rabbit = edge::start(RabbitSettings::read)?;
    let handle = async move |_: Invocation| {
        messaging::declare(&rabbit).await?;
        Ok(json!({ "declared": true }))
    };
    messaging::serve_scheduled("declare-queues", handle)
        .await
        .map_err(StartError::runtime)
}
