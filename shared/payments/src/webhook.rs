//! What a provider told us through its webhook.

use database::{DatabaseError, PgConnection};
use domain::{Cause, WebhookId};
use sealing::{Sealer, SealingError};

use crate::store_webhooks;

/// A fact that the provider told. It is a hint: the money is what the provider answers when asked.
#[derive(Debug, Clone)]
pub struct WebhookFact {
    /// The provider's name of it: `charge.success` …
    pub event: String,
    /// What makes the same fact told twice one fact.
    pub key: String,
    /// Word for word.
    pub body: String,
}

/// Why a fact was not kept, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It could not be sealed or opened.
    #[error("a webhook's body could not be sealed or opened")]
    Sealing(#[from] SealingError),
    /// The database.
    #[error("a webhook could not be kept or read")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    WebhookError {
    }
    from { Sealing, Database }
}

/// Keeps a fact, sealed. Answers its id the first time; a repeat is counted and answers none.
///
/// # Errors
/// [`WebhookError`]; the provider must then be told to come again.
pub async fn receive(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    fact: &WebhookFact,
) -> Result<Option<WebhookId>, WebhookError> {
    let id = WebhookId::new();
    let body = sealer.seal(store_webhooks::place_of(&id.uuid()), &fact.body)?;
    let news = store_webhooks::insert(connection, cause, id, &fact.event, &fact.key, &body).await?;
    Ok(news.then_some(id))
}

/// A kept fact.
///
/// # Errors
/// [`WebhookError`].
pub async fn fact(
    connection: &mut PgConnection,
    sealer: &Sealer,
    id: WebhookId,
) -> Result<WebhookFact, WebhookError> {
    let (event, key, sealed) = store_webhooks::find(connection, id).await?;
    let body = sealer.open(store_webhooks::place_of(&id.uuid()), &sealed)?;
    Ok(WebhookFact { event, key, body })
}
