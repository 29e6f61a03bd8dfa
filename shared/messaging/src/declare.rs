//! Declaring the topology; the `declare-queues` function calls it at each deployment.

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};
use tokio::time::timeout;

use crate::RabbitSettings;
use crate::connection::{BrokerUnavailable, connect};
use crate::topology::{DEAD, DELIVERY_LIMIT, EVENTS, LONGEST_QUEUE, QUEUES, Queue};

/// A cluster of three agrees on a new quorum queue in well under a second.
const DECLARE_LIMIT: Duration = Duration::from_secs(30);

/// The topology could not be declared.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// The broker cannot be reached.
    #[error("the topology could not be declared")]
    Unavailable(#[from] BrokerUnavailable),
    /// The broker refuses: most often the thing exists with other arguments, which only an operator
    /// can decide about (docs/runbook.md), for a queue's arguments cannot be changed in place.
    #[error("the broker refuses {what}")]
    Refused {
        /// Which exchange, queue or binding.
        what: String,
        /// The broker's words.
        #[source]
        source: lapin::Error,
    },
}

/// Makes sure that every exchange, queue and binding of the topology is there. It can be called any
/// number of times, by several callers at once; it never removes anything.
///
/// # Errors
/// [`DeclareError`] when the broker cannot be reached within 2 s, or refuses.
pub async fn declare(settings: &RabbitSettings) -> Result<(), DeclareError> {
    declare_limited(
        settings,
        Limits {
            deliveries: DELIVERY_LIMIT,
            length: LONGEST_QUEUE,
        },
    )
    .await
}

/// How much a queue bears; tests make it little.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) deliveries: u32,
    pub(crate) length: u32,
}

pub(crate) async fn declare_limited(
    settings: &RabbitSettings,
    limits: Limits,
) -> Result<(), DeclareError> {
    let connection = connect(settings, "declare-queues").await?;
    let channel = connection
        .create_channel()
        .await
        .map_err(BrokerUnavailable::Failed)?;
    timeout(DECLARE_LIMIT, declare_all(&channel, limits))
        .await
        .map_err(|_| BrokerUnavailable::Silent(DECLARE_LIMIT))??;
    // Everything is declared; that the broker does not hear our goodbye changes nothing.
    drop(connection.close(200, "declared".into()).await);
    Ok(())
}

async fn declare_all(channel: &Channel, limits: Limits) -> Result<(), DeclareError> {
    declare_exchange(channel, EVENTS, ExchangeKind::Topic).await?;
    declare_exchange(channel, DEAD, ExchangeKind::Direct).await?;
    for queue in &QUEUES {
        // The dead queue first: from its first message on, a queue has somewhere to send the dead.
        let dead = queue.dead_queue();
        declare_queue(channel, &dead, dead_arguments()).await?;
        bind(channel, &dead, DEAD, queue.name).await?;
        declare_queue(channel, queue.name, live_arguments(queue, limits)).await?;
        for binding in queue.bindings {
            bind(channel, queue.name, EVENTS, binding).await?;
        }
    }
    Ok(())
}

fn live_arguments(queue: &Queue, limits: Limits) -> FieldTable {
    let mut arguments = quorum(limits.deliveries);
    let mut set = |name: &str, value: AMQPValue| {
        arguments.insert(name.into(), value);
    };
    set("x-dead-letter-exchange", text(DEAD));
    set("x-dead-letter-routing-key", text(queue.name));
    // At least once needs `reject-publish`; otherwise the broker silently drops on its way to the
    // dead queue (RabbitMQ, "Quorum Queues: Dead Lettering").
    set("x-dead-letter-strategy", text("at-least-once"));
    set("x-overflow", text("reject-publish"));
    set("x-max-length", number(limits.length));
    arguments
}

/// The dead wait for staff, however often somebody looks at them.
fn dead_arguments() -> FieldTable {
    quorum(LONGEST_QUEUE)
}

fn quorum(delivery_limit: u32) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-delivery-limit".into(), number(delivery_limit));
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn number(value: u32) -> AMQPValue {
    AMQPValue::LongLongInt(value.into())
}

async fn declare_exchange(
    channel: &Channel,
    name: &str,
    kind: ExchangeKind,
) -> Result<(), DeclareError> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(name.into(), kind, options, FieldTable::default())
        .await
        .map_err(refused(|| format!("exchange {name}")))
}

async fn declare_queue(
    channel: &Channel,
    name: &str,
    arguments: FieldTable,
) -> Result<(), DeclareError> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let declared = channel.queue_declare(name.into(), options, arguments).await;
    declared
        .map(drop)
        .map_err(refused(|| format!("queue {name}")))
}

async fn bind(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), DeclareError> {
    let [queue_name, exchange_name, routing_key] = [queue, exchange, key].map(ShortString::from);
    let options = QueueBindOptions::default();
    channel
        .queue_bind(
            queue_name,
            exchange_name,
            routing_key,
            options,
            FieldTable::default(),
        )
        .await
        .map_err(refused(|| {
            format!("the binding of {queue} to {exchange} by {key}")
        }))
}

fn refused(what: impl FnOnce() -> String) -> impl FnOnce(lapin::Error) -> DeclareError {
    |source| DeclareError::Refused {
        what: what(),
        source,
    }
}
