//! The relay's publisher.
//!
//! lapin's own recovery is left off (amqp-rs/lapin issue 450: reported as not working); a link that
//! has failed in any way is thrown away and a new one opened, which also cures the connection that
//! died while the function's environment was frozen.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, Connection, PublisherConfirm};
use tokio::time::timeout;

use crate::connection::{BrokerUnavailable, connect};
use crate::sending::{Sending, headers};
use crate::topology::EVENTS;
use crate::{Envelope, RabbitSettings};

/// A broker that confirms nothing for this long is given up.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);
/// A link unused for longer is asked whether it still lives before it is trusted with a batch.
const TRUSTED_IDLENESS: Duration = Duration::from_secs(5);
/// How long that question may take: a thawed function must not wait on a socket that died meanwhile.
const PROBE_LIMIT: Duration = Duration::from_millis(800);
/// How many messages are under way at once; more would only wait in buffers.
const IN_FLIGHT: usize = 256;
/// An AMQP short string's greatest length.
const SHORT_STRING_BYTES: usize = 255;

/// Why one message was not published. Everything but [`NotPublished::Unroutable`],
/// [`NotPublished::Unsendable`] heals with time.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// No queue is bound to its type: the topology lacks a line, or was never declared.
    #[error("no queue takes {kind}: {reply}")]
    Unroutable {
        /// The message's type.
        kind: String,
        /// The broker's words.
        reply: String,
    },
    /// The message's type is longer than AMQP allows (255 bytes).
    #[error("the type of the message is longer than 255 bytes")]
    Unsendable,
    /// The broker refuses it; the queue is full.
    #[error("the broker refuses the message, for its queue is full")]
    Refused,
    /// It was sent and nothing was heard: it may or may not have arrived.
    #[error("the broker did not confirm the message")]
    Unconfirmed,
    /// It was not sent.
    #[error("the message was not sent")]
    Unavailable(#[source] Arc<BrokerUnavailable>),
}

/// Publishes events with confirms; one for each relay.
///
/// Not shared between tasks: a relay publishes one batch at a time, and a batch fills the wire.
#[derive(Debug)]
pub struct Publisher {
    settings: RabbitSettings,
    name: String,
    link: Option<Link>,
}

#[derive(Debug)]
struct Link {
    channel: Channel,
    last_heard: Instant,
    /// Dropping the connection closes it, so it lives as long as its channel is used.
    _connection: Connection,
}

impl Publisher {
    /// A publisher that connects with its first batch; `name` is shown to the broker's operator.
    pub fn lazy(settings: RabbitSettings, name: impl Into<String>) -> Self {
        Self {
            settings,
            name: name.into(),
            link: None,
        }
    }

    /// Publishes the messages and answers for each, in their order, whether the broker has it:
    /// `Ok` means that a queue bound to its type has stored it. What was not confirmed is sent once
    /// more over a new connection, so a message may arrive twice; consumers know it by its id.
    ///
    /// A dead or frozen broker costs at most 2.8 s to notice and 4 s to try again, whatever the
    /// number of messages; a slow one is waited for as long as it confirms something every 2 s.
    ///
    /// Each is a span of the trace that it belongs to, and carries that span on: in its envelope, and
    /// for others' eyes in the header `traceparent`.
    pub async fn publish(&mut self, messages: &[Envelope]) -> Vec<Result<(), NotPublished>> {
        let sending = Sending::of(messages);
        let outcomes = self.publish_all(&sending.messages).await;
        sending.ended(&outcomes);
        outcomes
    }

    async fn publish_all(&mut self, messages: &[Envelope]) -> Vec<Result<(), NotPublished>> {
        let mut outcomes: Vec<_> = messages.iter().map(sendable).collect();
        for _ in 0..2 {
            let open: Vec<usize> = positions(&outcomes, heals_by_reconnecting);
            if open.is_empty() {
                break;
            }
            self.attempt(messages, &open, &mut outcomes).await;
        }
        outcomes
    }

    /// Whether the broker answers now; connects when needed.
    ///
    /// # Errors
    /// [`BrokerUnavailable`] within 2.8 s.
    pub async fn check(&mut self) -> Result<(), BrokerUnavailable> {
        self.living_link().await.map(drop)
    }

    async fn attempt(
        &mut self,
        messages: &[Envelope],
        open: &[usize],
        outcomes: &mut [Result<(), NotPublished>],
    ) {
        for (number, chunk) in open.chunks(IN_FLIGHT).enumerate() {
            let link = match self.living_link().await {
                Ok(link) => link,
                Err(error) => return unavailable(&open[number * IN_FLIGHT..], error, outcomes),
            };
            let batch: Vec<_> = chunk
                .iter()
                .map(|&index| (index, &messages[index]))
                .collect();
            let complete = link.send(&batch, outcomes).await;
            if !complete {
                self.link = None;
                return;
            }
        }
    }

    /// The present link if it can be trusted, else a new one.
    async fn living_link(&mut self) -> Result<&mut Link, BrokerUnavailable> {
        let link = match self.link.take() {
            Some(link) if link.is_alive().await => link,
            _ => Link::open(&self.settings, &self.name).await?,
        };
        Ok(self.link.insert(link))
    }
}

impl Link {
    async fn open(settings: &RabbitSettings, name: &str) -> Result<Self, BrokerUnavailable> {
        let connection = connect(settings, name).await?;
        let opening = async {
            let channel = connection.create_channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            Ok(channel)
        };
        let channel = timeout(SILENCE_LIMIT, opening)
            .await
            .map_err(|_| BrokerUnavailable::Silent(SILENCE_LIMIT))?
            .map_err(BrokerUnavailable::Failed)?;
        Ok(Self {
            channel,
            last_heard: Instant::now(),
            _connection: connection,
        })
    }

    /// A fresh link is trusted; an idle one is asked, by a request that changes nothing.
    async fn is_alive(&self) -> bool {
        if !self.channel.status().connected() {
            return false;
        }
        if self.last_heard.elapsed() < TRUSTED_IDLENESS {
            return true;
        }
        let probe = self.channel.confirm_select(ConfirmSelectOptions::default());
        matches!(timeout(PROBE_LIMIT, probe).await, Ok(Ok(())))
    }

    /// Sends a batch and waits for its confirms; answers whether the broker answered for all of it.
    async fn send(
        &mut self,
        batch: &[(usize, &Envelope)],
        outcomes: &mut [Result<(), NotPublished>],
    ) -> bool {
        let sending = join_all(
            batch
                .iter()
                .map(|(index, message)| self.send_one(*index, message)),
        );
        let Ok(sent) = timeout(SILENCE_LIMIT, sending).await else {
            return false;
        };
        let confirms: FuturesUnordered<_> = sent.into_iter().flatten().collect();
        let heard = self.hear(confirms).await;
        heard.settle(batch, outcomes)
    }

    async fn send_one(
        &self,
        index: usize,
        message: &Envelope,
    ) -> Option<impl Future<Output = (usize, lapin::Result<Confirmation>)> + use<>> {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let kind = ShortString::try_new(message.kind.as_str()).ok()?;
        let body = message.to_bytes();
        let confirm: PublisherConfirm = self
            .channel
            .basic_publish(
                EVENTS.into(),
                kind.clone(),
                options,
                &body,
                properties(message, kind),
            )
            .await
            .ok()?;
        Some(async move { (index, confirm.await) })
    }

    async fn hear(
        &mut self,
        mut confirms: FuturesUnordered<impl Future<Output = (usize, lapin::Result<Confirmation>)>>,
    ) -> Heard {
        let mut heard = Heard::default();
        while let Ok(Some((index, confirmation))) = timeout(SILENCE_LIMIT, confirms.next()).await {
            let Ok(confirmation) = confirmation else {
                break;
            };
            self.last_heard = Instant::now();
            heard.note(index, confirmation);
        }
        heard
    }
}

/// What the broker has said about a batch.
#[derive(Debug, Default)]
struct Heard {
    /// By position: whether it was taken (`ack`) or refused (`nack`).
    confirmed: HashMap<usize, bool>,
    /// By message id: the broker's words for returning it.
    returned: HashMap<String, String>,
}

impl Heard {
    fn note(&mut self, index: usize, confirmation: Confirmation) {
        self.confirmed.insert(index, confirmation.is_ack());
        // lapin hands a returned message to whichever confirm it resolves next, which need not be
        // its own when the broker confirms several at once: only its id tells whose it is.
        if let Some(returned) = confirmation.take_message() {
            let id = returned
                .delivery
                .properties
                .message_id()
                .clone()
                .unwrap_or_default();
            self.returned
                .insert(id.to_string(), returned.reply_text.to_string());
        }
    }

    /// Writes what was heard into the outcomes; answers whether it was about every message.
    fn settle(
        mut self,
        batch: &[(usize, &Envelope)],
        outcomes: &mut [Result<(), NotPublished>],
    ) -> bool {
        let complete = self.confirmed.len() == batch.len();
        if !complete && !self.returned.is_empty() {
            // A returned message may still wait, unseen, for a confirm that never came; a message
            // that was confirmed may be the one. Better twice than never.
            return false;
        }
        for (index, message) in batch {
            outcomes[*index] = match self.confirmed.get(index) {
                None => Err(NotPublished::Unconfirmed),
                Some(false) => Err(NotPublished::Refused),
                Some(true) => match self.returned.remove(&message.id.to_string()) {
                    None => Ok(()),
                    Some(reply) => Err(NotPublished::Unroutable {
                        kind: message.kind.clone(),
                        reply,
                    }),
                },
            };
        }
        complete
    }
}

/// The outcome before anything was tried.
fn sendable(message: &Envelope) -> Result<(), NotPublished> {
    if message.kind.len() > SHORT_STRING_BYTES {
        return Err(NotPublished::Unsendable);
    }
    Err(NotPublished::Unconfirmed)
}

fn unavailable(
    unsent: &[usize],
    error: BrokerUnavailable,
    outcomes: &mut [Result<(), NotPublished>],
) {
    let error = Arc::new(error);
    for &index in unsent {
        outcomes[index] = Err(NotPublished::Unavailable(Arc::clone(&error)));
    }
}

fn heals_by_reconnecting(outcome: &Result<(), NotPublished>) -> bool {
    match outcome {
        Err(NotPublished::Unconfirmed | NotPublished::Unavailable(_)) => true,
        Ok(())
        | Err(NotPublished::Unroutable { .. } | NotPublished::Unsendable | NotPublished::Refused) => {
            false
        }
    }
}

fn positions<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| wanted(item))
        .map(|(index, _)| index)
        .collect()
}

fn properties(message: &Envelope, kind: ShortString) -> BasicProperties {
    // Delivery mode and priority are set because Amazon MQ's event source passes on null for what
    // is not, and consumers written against its documented types refuse that.
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_priority(0)
        .with_message_id(message.id.to_string().into())
        .with_type(kind)
        .with_timestamp(u64::try_from(message.occurred_at.timestamp()).unwrap_or_default())
        .with_headers(headers(message));
    match ShortString::try_new(message.correlation_id.as_str()) {
        Ok(id) => properties.with_correlation_id(id),
        // The body holds it at any length.
        Err(_) => properties,
    }
}
