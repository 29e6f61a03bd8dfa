//! What the broker itself has given up, brought to the desk.
//!
//! A message that kills its function before anything can be recorded (out of memory, out of time) is
//! delivered [`DELIVERY_LIMIT`](crate::topology::DELIVERY_LIMIT) times and then moved to its queue's
//! dead queue, which no function consumes. Nobody would see it there: so the relay, which has a
//! connection to the broker, brings what it finds to where staff look.

use std::time::Duration;

use lapin::message::BasicGetMessage;
use lapin::options::{BasicAckOptions, BasicGetOptions};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Channel};
use telemetry::metric;
use tokio::time::{Instant, timeout_at};

use crate::connection::{BrokerUnavailable, connect};
use crate::topology::QUEUES;
use crate::{Envelope, FailureDesk, RabbitSettings, Unavailable};

/// How long the broker may take for all of a visit's answers, after it has taken the connection.
const VISIT_LIMIT: Duration = Duration::from_secs(3);
/// How many messages one visit brings; the next one finds the rest.
const MOST: usize = 100;

/// The dead queues could not be emptied; what was brought is at the desk, the rest stays.
#[derive(Debug, thiserror::Error)]
pub enum NotCollected {
    /// The broker.
    #[error("the dead queues could not be looked into")]
    Broker(#[from] BrokerUnavailable),
    /// The desk; the message stays in its dead queue.
    #[error("a message of a dead queue could not be put aside")]
    Desk(#[from] Unavailable),
}

/// Parks what lies in the dead queues, up to a hundred messages, and removes from the broker what
/// was parked; answers how many. A message that is parked and not removed (the connection broke in
/// between) is parked again by the next visit, which the desk takes for the same.
///
/// # Errors
/// [`NotCollected`]; a broker that is away costs at most 2 s, one that is slow 5 s.
pub async fn collect_dead(
    settings: &RabbitSettings,
    desk: &impl FailureDesk,
) -> Result<usize, NotCollected> {
    let connection = connect(settings, "dead letters").await?;
    let until = Instant::now() + VISIT_LIMIT;
    let channel = bounded(until, connection.create_channel()).await?;
    let mut collected = 0;
    for queue in &QUEUES {
        let dead_queue = queue.dead_queue();
        while collected < MOST {
            let Some(message) = get(until, &channel, &dead_queue).await? else {
                break;
            };
            let body = &message.delivery.data;
            let envelope = Envelope::from_bytes(body).ok();
            let error = why(&message.delivery.properties);
            desk.park(queue.name, body, envelope.as_ref(), &error)
                .await?;
            bounded(until, message.delivery.ack(BasicAckOptions::default())).await?;
            metrics::counter!(metric::MESSAGES_PARKED, "queue" => queue.name).increment(1);
            collected += 1;
        }
    }
    // The goodbye comes after the last acknowledgement on the same wire: once it is answered, so is
    // that. What it leaves open, the next visit closes.
    drop(bounded(until, connection.close(200, "collected".into())).await);
    Ok(collected)
}

async fn get(
    until: Instant,
    channel: &Channel,
    queue: &str,
) -> Result<Option<BasicGetMessage>, BrokerUnavailable> {
    let asking = channel.basic_get(queue.into(), BasicGetOptions { no_ack: false });
    bounded(until, asking).await
}

async fn bounded<T>(
    until: Instant,
    asking: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerUnavailable> {
    timeout_at(until, asking)
        .await
        .map_err(|_| BrokerUnavailable::Silent(VISIT_LIMIT))?
        .map_err(BrokerUnavailable::Failed)
}

/// The broker notes why it gave a message up ("Dead Letter Exchanges", RabbitMQ); only words that it
/// is known to use are kept.
fn why(properties: &BasicProperties) -> String {
    let headers = properties.headers().as_ref();
    let noted = headers.and_then(|headers| headers.inner().get("x-first-death-reason"));
    let reason = match noted.and_then(AMQPValue::as_long_string) {
        Some(text) => match text.as_bytes() {
            b"delivery_limit" => "delivered too often without an outcome",
            b"rejected" => "rejected by its consumer",
            b"expired" => "too old",
            b"maxlen" => "its queue was full",
            _ => "no known reason",
        },
        None => "no known reason",
    };
    format!("the broker gave it up: {reason}; the consumer's log tells what it died of")
}
