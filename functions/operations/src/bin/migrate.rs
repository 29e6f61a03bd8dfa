//! Invoked at deploy, before traffic shifts: brings the schema up to date.

use database::roles::RolePasswords;
use database::{DatabaseSettings, migrations};
use deployment::StartError;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    deployment::serve("migrate", |env| {
        let (owner, passwords) = (DatabaseSettings::read(env), RolePasswords::read(env));
        Some(async move || {
            let version = migrations::deploy(&owner, &passwords).await?;
            Ok(json!({ "version": version }))
        })
    })
    .await
}
