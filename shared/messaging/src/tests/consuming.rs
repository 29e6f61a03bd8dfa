use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use runtime_api::{Message, rabbitmq_event};
use serde::Deserialize;
use serde_json::{Value, json};

use super::an_event;
use crate::consumer::{Shell, work_batch};
use crate::{
    BatchReport, CONCURRENCY, Envelope, Failure, FailureDesk, MAX_ATTEMPTS, QueueEvent,
    Unavailable, longest_backoff, replayed_attempt,
};

/// A desk that notes what it is told, or is not there.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk {
    pub(super) notes: Rc<RefCell<Vec<Note>>>,
    pub(super) broken: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Note {
    Rescheduled {
        id: u128,
        attempt: u32,
        delay: Duration,
    },
    Parked {
        queue: String,
        raw: Vec<u8>,
        known: bool,
        error: String,
    },
}

impl Desk {
    fn note(&self, note: Note) -> Result<(), Unavailable> {
        if self.broken {
            return Err(Unavailable::new("no database"));
        }
        self.notes.borrow_mut().push(note);
        Ok(())
    }
}

impl FailureDesk for Desk {
    async fn reschedule(
        &self,
        message: &Envelope,
        attempt: u32,
        delay: Duration,
        _error: &str,
    ) -> Result<(), Unavailable> {
        self.note(Note::Rescheduled {
            id: message.id.as_u128(),
            attempt,
            delay,
        })
    }

    async fn park(
        &self,
        queue: &str,
        raw: &[u8],
        message: Option<&Envelope>,
        error: &str,
    ) -> Result<(), Unavailable> {
        self.note(Note::Parked {
            queue: queue.to_owned(),
            raw: raw.to_owned(),
            known: message.is_some(),
            error: error.to_owned(),
        })
    }
}

fn a_message(event: &Envelope) -> Message {
    Message::event(&serde_json::to_value(event).unwrap())
}

fn a_batch(messages: &[Message]) -> QueueEvent {
    QueueEvent::deserialize(rabbitmq_event("order_processing", "/", messages)).unwrap()
}

/// Does what the type of the event says.
async fn obey(message: &Envelope) -> Result<(), Failure> {
    tokio::task::yield_now().await;
    match message.kind.as_str() {
        "order.busy" => Err(Failure::Temporary("busy".to_owned())),
        "order.never" => Err(Failure::Permanent("never".to_owned())),
        "order.panics" => panic!("as asked"),
        _ => Ok(()),
    }
}

async fn work(desk: &Desk, messages: &[Message]) -> Result<BatchReport, Unavailable> {
    let shell = Shell {
        desk: desk.clone(),
        handler: obey,
    };
    work_batch("test", &shell, a_batch(messages)).await
}

#[tokio::test]
async fn one_messages_failure_never_decides_over_anothers() {
    let desk = Desk::default();
    let messages = [
        a_message(&an_event(1, "order.placed")),
        Message::new("no envelope"),
        Message::new(an_event(2, "order.placed").to_bytes()),
        a_message(&an_event(3, "order.panics")),
        a_message(&an_event(4, "order.never")),
        a_message(&an_event(5, "order.busy")),
        Message::new("").property("headers", json!("strange")),
        a_message(&an_event(6, "order.placed")),
    ];
    let report = work(&desk, &messages).await.unwrap();
    assert_eq!(
        report,
        BatchReport {
            done: 3,
            rescheduled: 2,
            parked: 3
        }
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_parked_as_it_came() {
    let desk = Desk::default();
    work(&desk, &[Message::new("no envelope")]).await.unwrap();
    let notes = desk.notes.borrow();
    let [
        Note::Parked {
            queue,
            raw,
            known: false,
            ..
        },
    ] = notes.as_slice()
    else {
        panic!("{notes:?}")
    };
    assert_eq!(
        (queue.as_str(), raw.as_slice()),
        ("order_processing", b"no envelope".as_slice())
    );
}

#[tokio::test]
async fn a_temporary_failure_is_the_next_attempt_after_a_bounded_wait() {
    for attempt in 1..MAX_ATTEMPTS {
        let desk = Desk::default();
        let event = an_event(9, "order.busy").on_attempt(attempt);
        work(&desk, &[a_message(&event)]).await.unwrap();
        let notes = desk.notes.borrow();
        let [
            Note::Rescheduled {
                id: 9,
                attempt: next,
                delay,
            },
        ] = *notes.as_slice()
        else {
            panic!("{notes:?}")
        };
        assert_eq!(next, attempt + 1);
        assert!(delay <= longest_backoff(attempt));
    }
}

#[tokio::test]
async fn the_last_attempts_failure_is_parked() {
    let desk = Desk::default();
    let event = an_event(9, "order.busy").on_attempt(MAX_ATTEMPTS);
    let report = work(&desk, &[a_message(&event)]).await.unwrap();
    assert_eq!(report.parked, 1);
    let notes = desk.notes.borrow();
    assert!(
        matches!(&notes[0], Note::Parked { known: true, error, .. } if error.contains(&format!("{MAX_ATTEMPTS} attempts")))
    );
}

#[tokio::test]
async fn a_replayed_message_has_as_many_tries_again() {
    let first = replayed_attempt(MAX_ATTEMPTS).unwrap();
    for attempt in first..first + MAX_ATTEMPTS {
        let desk = Desk::default();
        let event = an_event(9, "order.busy").on_attempt(attempt);
        let report = work(&desk, &[a_message(&event)]).await.unwrap();
        let is_last = attempt + 1 == first + MAX_ATTEMPTS;
        assert_eq!(
            (report.parked == 1, report.rescheduled == 0),
            (is_last, is_last)
        );
    }
}

#[tokio::test]
async fn a_panics_words_are_not_kept_with_the_message() {
    let desk = Desk::default();
    let event = an_event(9, "order.panics").on_attempt(MAX_ATTEMPTS);
    work(&desk, &[a_message(&event)]).await.unwrap();
    let notes = desk.notes.borrow();
    assert!(matches!(&notes[0], Note::Parked { error, .. } if !error.contains("as asked")));
}

#[tokio::test]
async fn only_a_failure_that_could_not_be_recorded_returns_the_batch() {
    let desk = Desk {
        broken: true,
        ..Desk::default()
    };
    let good = a_message(&an_event(1, "order.placed"));
    assert!(work(&desk, std::slice::from_ref(&good)).await.is_ok());
    assert!(
        work(&desk, &[a_message(&an_event(2, "order.busy")), good])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_batch_is_worked_concurrently_and_within_the_bound() {
    let (running, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let handler = {
        let (running, most) = (Rc::clone(&running), Rc::clone(&most));
        async move |_: &Envelope| {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            tokio::time::sleep(Duration::from_millis(5)).await;
            running.set(running.get() - 1);
            Ok(())
        }
    };
    let messages: Vec<Message> = (0..40)
        .map(|n| a_message(&an_event(n, "order.placed")))
        .collect();
    let shell = Shell {
        desk: Desk::default(),
        handler,
    };
    let report = work_batch("test", &shell, a_batch(&messages))
        .await
        .unwrap();
    assert_eq!((report.done, most.get()), (40, CONCURRENCY));
}

#[tokio::test]
async fn an_empty_batch_is_a_success() {
    let nothing: Value = json!({"rmqMessagesByQueue": {}});
    let shell = Shell {
        desk: Desk::default(),
        handler: obey,
    };
    let event = QueueEvent::deserialize(nothing).unwrap();
    assert_eq!(
        work_batch("test", &shell, event).await.unwrap(),
        BatchReport::default()
    );
}
