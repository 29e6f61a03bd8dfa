//! One queue's event source mapping.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Connection, Consumer};
use tokio::time::{Instant, timeout_at};

use crate::backoff::Backoff;
use crate::event::event;
use crate::invoke::{InvokeError, InvokeTarget};
use crate::{Broker, Shutdown, ended};

/// Lambda takes at most 6 MB an invocation; base64 makes four bytes of three.
const LARGEST_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A queue and the function that consumes it, as an event source mapping names them.
#[derive(Debug, Clone)]
pub struct QueueBinding {
    /// The queue, which somebody else declares.
    pub queue: String,
    /// The function's name.
    pub function: String,
    /// The most messages in one invocation; the default on AWS is 100.
    pub batch_size: u16,
    /// How long to gather after the first message; the default on AWS is 500 ms.
    pub window: Duration,
}

/// Why a session with the broker ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BridgeError {
    #[error("the broker did not answer in time")]
    BrokerSilent,
    #[error("the broker ended the consumer")]
    ConsumerEnded,
    #[error("the session with the broker broke")]
    Broker(#[from] lapin::Error),
}

/// Feeds a queue's messages to its function until `shutdown`.
///
/// One invocation at a time, as a mapping on Amazon MQ for RabbitMQ has it. The whole batch is
/// acknowledged on success and returned on error, with pauses that grow to 30 s. While nothing
/// listens at the functions' address the batch is kept, so that waiting for the functions to be
/// built costs no delivery attempt. A session that breaks is begun anew for ever.
pub async fn run_queue(
    binding: QueueBinding,
    broker: Broker,
    target: InvokeTarget,
    shutdown: Shutdown,
) {
    let working = async {
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        loop {
            let mut mapping = Mapping {
                binding: &binding,
                broker: &broker,
                target: &target,
            };
            let began = Instant::now();
            let Err(error) = mapping.session().await;
            if began.elapsed() > Duration::from_secs(10) {
                pause.reset();
            }
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(queue = binding.queue, cause, "{error}; trying again");
            pause.pause().await;
        }
    };
    tokio::select! {
        () = working => {}
        () = ended(shutdown) => {}
    }
}

struct Mapping<'a> {
    binding: &'a QueueBinding,
    broker: &'a Broker,
    target: &'a InvokeTarget,
}

impl Mapping<'_> {
    /// Works until the session breaks. Dropping it closes the connection, and the broker takes
    /// back what was not acknowledged.
    async fn session(&mut self) -> Result<std::convert::Infallible, BridgeError> {
        let connection = self
            .broker
            .connect(&format!("bridge {}", self.binding.queue))
            .await?;
        let mut consumer = self.consume(&connection).await?;
        tracing::info!(
            queue = self.binding.queue,
            function = self.binding.function,
            "consuming"
        );
        let mut pause = Backoff::new(Duration::from_millis(250), Duration::from_secs(30));
        loop {
            let batch = self.gather(&mut consumer).await?;
            self.hand_over(&batch, &mut pause).await?;
        }
    }

    /// The prefetch is one batch, so nothing more comes while a batch is being worked.
    async fn consume(&self, connection: &Connection) -> Result<Consumer, BridgeError> {
        let channel = connection.create_channel().await?;
        channel
            .basic_qos(self.binding.batch_size, BasicQosOptions::default())
            .await?;
        let queue = self.binding.queue.as_str().into();
        let options = BasicConsumeOptions::default();
        Ok(channel
            .basic_consume(queue, "bridge".into(), options, FieldTable::default())
            .await?)
    }

    async fn gather(&self, consumer: &mut Consumer) -> Result<Vec<Delivery>, BridgeError> {
        let mut batch = vec![next(consumer).await?];
        let mut bytes = batch[0].data.len();
        let closes = Instant::now() + self.binding.window;
        while batch.len() < usize::from(self.binding.batch_size) && bytes < LARGEST_BATCH_BYTES {
            let Ok(delivery) = timeout_at(closes, next(consumer)).await else {
                break;
            };
            batch.push(delivery?);
            bytes += batch[batch.len() - 1].data.len();
        }
        Ok(batch)
    }

    async fn hand_over(&self, batch: &[Delivery], pause: &mut Backoff) -> Result<(), BridgeError> {
        let event = event(&self.binding.queue, &self.broker.vhost, batch);
        loop {
            match self.target.invoke(&self.binding.function, &event).await {
                Ok(_) => {
                    pause.reset();
                    return acknowledge(batch).await;
                }
                Err(error @ InvokeError::Unreachable(_)) => {
                    self.complain(&error, "keeping the batch");
                    pause.pause().await;
                }
                Err(error) => {
                    self.complain(&error, "returning the batch");
                    // Paused first: the broker would hand a returned batch out again at once.
                    pause.pause().await;
                    return give_back(batch).await;
                }
            }
        }
    }

    fn complain(&self, error: &InvokeError, consequence: &str) {
        tracing::warn!(
            queue = self.binding.queue,
            function = self.binding.function,
            "{error}; {consequence}"
        );
    }
}

async fn next(consumer: &mut Consumer) -> Result<Delivery, BridgeError> {
    Ok(consumer.next().await.ok_or(BridgeError::ConsumerEnded)??)
}

/// The channel has nothing else outstanding, so "this and all before" is exactly the batch.
async fn acknowledge(batch: &[Delivery]) -> Result<(), BridgeError> {
    if let Some(last) = batch.last() {
        last.acker.ack(BasicAckOptions { multiple: true }).await?;
    }
    Ok(())
}

/// `basic.nack` for the whole batch; which method AWS uses is not documented.
async fn give_back(batch: &[Delivery]) -> Result<(), BridgeError> {
    if let Some(last) = batch.last() {
        last.acker
            .nack(BasicNackOptions {
                multiple: true,
                requeue: true,
            })
            .await?;
    }
    Ok(())
}
