//! Invoked at deploy, before queues are consumed: declares exchanges, queues and bindings.

use deployment::StartError;
use messaging::RabbitSettings;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    deployment::serve("declare-queues", |env| {
        let rabbit = RabbitSettings::read(env);
        Some(async move || {
            messaging::declare(&rabbit).await?;
            Ok(json!({ "declared": true }))
        })
    })
    .await
}
