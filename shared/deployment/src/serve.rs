//! Running such a function.

use domain::chain;
use messaging::{Invocation, StartError};
use serde_json::{Value, json};
use settings::Env;

use crate::answer::{Untold, tell};
use crate::custom_resource::{Order, RequestType};

/// Why the work failed; its causes are told to whoever deploys.
pub type WorkError = Box<dyn std::error::Error + Send + Sync>;

/// Runs a function that a deployment starts, until the environment ends. The work must be safe to do
/// again: CloudFormation may order it twice, and a person may order it at any time, to apply a secret
/// that was changed; so secrets are read at each order. What it answers is an object, whose fields a
/// template reads with `Fn::GetAtt`.
///
/// The error of an order is both told to CloudFormation and the invocation's error only where
/// telling failed: Lambda repeats an invocation that ends in an error, and the work with it.
///
/// # Errors
/// [`StartError`].
pub async fn serve<W>(
    name: &'static str,
    wire: impl Fn(&mut Env) -> Option<W> + Send + Sync + 'static,
) -> Result<(), StartError>
where
    W: AsyncFn() -> Result<Value, WorkError> + 'static,
{
    messaging::serve_ordered(name, move |env| {
        let work = wire(env)?;
        Some(
            async move |invocation: Invocation| match Order::of(&invocation.event) {
                Some(order) => Ok(carry_out(&order, &work).await?),
                // Whoever starts it by hand reads why it failed, as a stack does.
                None => work().await.map_err(|error| chain(error.as_ref()).into()),
            },
        )
    })
    .await
}

/// Does what is ordered and tells the stack.
pub(crate) async fn carry_out<W>(order: &Order, work: &W) -> Result<Value, Untold>
where
    W: AsyncFn() -> Result<Value, WorkError>,
{
    // What was declared and migrated stays when a stack goes: it is the shop's, not the stack's.
    let outcome = match order.request_type {
        RequestType::Create | RequestType::Update => work().await,
        RequestType::Delete => Ok(json!({})),
    };
    let outcome = outcome.map_err(|error| {
        let reason = chain(error.as_ref());
        tracing::error!(error = reason, "the deployment is refused");
        reason
    });
    tell(
        &order.response_url,
        &order.answer(outcome.as_ref().map_err(String::as_str)),
    )
    .await?;
    Ok(json!({ "told": outcome.is_ok() }))
}
