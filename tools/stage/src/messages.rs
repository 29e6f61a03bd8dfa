//! The messages between outbox and consumer, without a broker.

use std::time::Duration;

use database::outbox;
use messaging::Envelope;
use messaging::topology::{QUEUES, Queue};
use runtime_api::{Function, Message, rabbitmq_event};
use serde_json::{Value, json};

use crate::Stage;

/// What a consumer made of a batch: its answer to the event source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Worked.
    pub done: u64,
    /// To be tried again.
    pub rescheduled: u64,
    /// Put aside for staff.
    pub parked: u64,
}

impl Report {
    /// So many messages worked, and nothing else.
    #[must_use]
    pub const fn done(messages: u64) -> Self {
        Self {
            done: messages,
            rescheduled: 0,
            parked: 0,
        }
    }

    fn read(answer: &Value) -> Self {
        let count = |name: &str| answer[name].as_u64().expect("a count");
        Self {
            done: count("done"),
            rescheduled: count("rescheduled"),
            parked: count("parked"),
        }
    }
}

impl Stage {
    /// Takes the messages out of the outbox that are due and come to a queue, as the relay would.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn take_due(&self, queue: &str) -> Vec<Envelope> {
        let queue = named(queue);
        let mut connection = self.db.connect().await;
        let due = outbox::claim(&mut connection, 1_000, Duration::from_secs(60))
            .await
            .expect("the outbox can be read");
        let (ours, others): (Vec<_>, Vec<_>) = due
            .into_iter()
            .partition(|message| queue.carries(&message.event_type));
        let keys = |messages: &[outbox::OutboxMessage]| messages.iter().map(desk::key).collect();
        let (taken, left): (Vec<_>, Vec<_>) = (keys(&ours), keys(&others));
        outbox::remove(&mut connection, &taken)
            .await
            .expect("messages are removed");
        outbox::give_back(&mut connection, &left, Duration::ZERO)
            .await
            .expect("messages are given back");
        ours.iter().map(desk::envelope).collect()
    }

    /// Hands messages to a consumer as one batch of its queue.
    ///
    /// # Panics
    /// Where the consumer answers with an error: it has to acknowledge whatever it could record.
    pub async fn hand(&self, consumer: &Function, queue: &str, messages: &[Envelope]) -> Report {
        let body = |message: &Envelope| {
            serde_json::from_slice(&message.to_bytes()).expect("an envelope is JSON")
        };
        let messages: Vec<Message> = messages
            .iter()
            .map(body)
            .map(|e| Message::event(&e))
            .collect();
        self.hand_raw(consumer, queue, &messages).await
    }

    /// Hands messages of any form to a consumer as one batch of its queue.
    ///
    /// # Panics
    /// As [`hand`](Self::hand).
    pub async fn hand_raw(&self, consumer: &Function, queue: &str, messages: &[Message]) -> Report {
        let answer = consumer.invoke(&rabbitmq_event(queue, "/", messages)).await;
        Report::read(&answer.unwrap_or_else(|error| panic!("the batch came back: {error}")))
    }

    /// Delivers what is due in a queue to its consumer, once.
    pub async fn deliver(&self, consumer: &Function, queue: &str) -> Report {
        let messages = self.take_due(queue).await;
        self.hand(consumer, queue, &messages).await
    }

    /// Makes everything due that waits in the outbox: time passes.
    pub async fn let_messages_come_due(&self) {
        self.execute("UPDATE outbox SET available_at = now(), claimed_until = NULL")
            .await;
    }

    /// Takes what is left in the outbox and answers the types in alphabetical order.
    pub async fn announced(&self) -> Vec<String> {
        let mut types = self.db.take_announcements().await;
        types.sort_unstable();
        types
    }

    /// A message of some type, made by hand.
    #[must_use]
    pub fn a_message(&self, kind: &str, payload: Value) -> Envelope {
        let now = self.resources.clock.now();
        Envelope::new(uuid::Uuid::now_v7(), kind, 1, now, "req-by-hand", payload)
    }

    /// Sends a dead message on its way again, as staff would.
    ///
    /// # Panics
    /// Where it is not dead, or cannot be replayed.
    pub async fn replay_dead_message_of(&self, message: &Envelope) {
        let mut tx = self
            .db
            .database
            .begin()
            .await
            .expect("the database answers");
        let id = sqlx::query_scalar("SELECT id FROM dead_messages WHERE message_id = $1")
            .bind(message.id)
            .fetch_one(&mut *tx)
            .await
            .expect("it is dead");
        let replayed = desk::dead::replay(&mut tx, &self.cause(), id).await;
        replayed.expect("it can be replayed");
        tx.commit().await.expect("the database answers");
    }

    /// What was put aside for staff, without the times and ids.
    pub async fn dead_messages(&self) -> Vec<Value> {
        let rows = self
            .rows("SELECT queue, type, attempt, error FROM dead_messages ORDER BY id")
            .await;
        rows.into_iter().map(|row| json!(row)).collect()
    }
}

fn named(name: &str) -> &'static Queue {
    QUEUES
        .iter()
        .find(|queue| queue.name == name)
        .unwrap_or_else(|| panic!("there is no queue {name}"))
}
