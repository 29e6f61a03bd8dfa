//! The edge of a queue's consumer.
//!
//! Amazon MQ's event source runs one invocation of a queue at a time and takes a batch as a whole:
//! acknowledged on success, delivered again on error, with no answer in between. So throughput comes
//! from working the messages of a batch concurrently, and failures are dealt with here, one by one.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, StreamExt};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use settings::Env;
use telemetry::metric;
use tracing::Instrument;
use tracing::field::Empty;
use wiring::{StartError, Wiring};

use crate::backoff::{backoff, is_last, random};
use crate::topology::{EVENTS, QUEUES};
use crate::{
    Envelope, Failure, FailureDesk, MalformedMessage, QueueEvent, QueueMessage, Unavailable,
};

/// How many messages of a batch are worked at once.
pub const CONCURRENCY: usize = 8;

/// What became of a batch; the invocation's answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchReport {
    /// Messages whose handler succeeded.
    pub done: usize,
    /// Messages that will be tried again.
    pub rescheduled: usize,
    /// Messages put aside for staff.
    pub parked: usize,
}

/// Runs a consumer until the environment ends: hands each message to the handler, up to
/// [`CONCURRENCY`] at once on this one thread, and its failure to the desk. `wire` makes both of the
/// settings; it runs again when secrets have come late or were rotated, and connects to nothing.
///
/// - `Ok`: done. The handler must have committed its effect together with the inbox row.
/// - [`Failure::Temporary`] and a panic: rescheduled with back-off, parked after
///   [`MAX_ATTEMPTS`](crate::MAX_ATTEMPTS).
///   A panic is a defect that the next deployment may mend, hence not parked at once.
/// - [`Failure::Permanent`] and a message that is no envelope: parked.
///
/// The batch is acknowledged when each message is one of these. No time limit is laid on a handler:
/// a dropped future may hold a transaction, and the database's own limits bound it.
///
/// # Errors
/// [`StartError`]. To Lambda an error is answered only when the desk itself failed for some message,
/// or there are no secrets; the whole batch is then delivered again.
pub async fn serve_consumer<D, H>(
    name: &'static str,
    wire: impl Fn(&mut Env) -> Option<(D, H)> + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: FailureDesk + 'static,
    H: AsyncFn(&Envelope) -> Result<(), Failure> + 'static,
{
    if wiring::described(&wire) {
        return Ok(());
    }
    let wired = Wiring::start(move |env| {
        wire(env).map(|(desk, handler)| Rc::new(Shell { desk, handler }) as Rc<dyn Work>)
    });
    serve(name, Rc::new(wired.await?)).await
}

/// The body, compiled once and not in each consumer: [`Work`] hides the two types.
fn serve(
    name: &'static str,
    wired: Rc<Wiring<Rc<dyn Work>>>,
) -> LocalBoxFuture<'static, Result<(), StartError>> {
    let work = move |event: LambdaEvent<QueueEvent>| {
        let wired = Rc::clone(&wired);
        async move {
            let report = match wired.get().await {
                Ok(work) => work_batch(name, work.as_ref(), event.payload).await,
                Err(error) => Err(Unavailable::new(error)),
            };
            // For the next batch: what failed in this one has been rescheduled.
            wired.renewed().await;
            telemetry::finish().await;
            report
        }
    };
    Box::pin(async {
        lambda_runtime::run(service_fn(work))
            .await
            .map_err(StartError::runtime)
    })
}

/// Lambda's name for the one error of a consumer; its causes are in the log, not in the answer.
impl From<Unavailable> for Diagnostic {
    fn from(error: Unavailable) -> Self {
        Self {
            error_type: "Messaging.Unrecorded".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// A consumer's handler and desk without their types.
pub(crate) trait Work {
    fn handle<'a>(&'a self, message: &'a Envelope) -> LocalBoxFuture<'a, Result<(), Failure>>;

    fn reschedule<'a>(
        &'a self,
        message: &'a Envelope,
        attempt: u32,
        delay: Duration,
        error: &'a str,
    ) -> LocalBoxFuture<'a, Result<(), Unavailable>>;

    fn park<'a>(
        &'a self,
        queue: &'a str,
        raw: &'a [u8],
        message: Option<&'a Envelope>,
        error: &'a str,
    ) -> LocalBoxFuture<'a, Result<(), Unavailable>>;
}

pub(crate) struct Shell<D, H> {
    pub(crate) desk: D,
    pub(crate) handler: H,
}

impl<D, H> Work for Shell<D, H>
where
    D: FailureDesk,
    H: AsyncFn(&Envelope) -> Result<(), Failure>,
{
    fn handle<'a>(&'a self, message: &'a Envelope) -> LocalBoxFuture<'a, Result<(), Failure>> {
        Box::pin((self.handler)(message))
    }

    fn reschedule<'a>(
        &'a self,
        message: &'a Envelope,
        attempt: u32,
        delay: Duration,
        error: &'a str,
    ) -> LocalBoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(self.desk.reschedule(message, attempt, delay, error))
    }

    fn park<'a>(
        &'a self,
        queue: &'a str,
        raw: &'a [u8],
        message: Option<&'a Envelope>,
        error: &'a str,
    ) -> LocalBoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(self.desk.park(queue, raw, message, error))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Rescheduled,
    Parked,
}

/// Works a batch to its end, whatever happens to single messages; then an unrecorded failure, if
/// there was one, becomes the answer.
pub(crate) async fn work_batch(
    name: &'static str,
    work: &dyn Work,
    event: QueueEvent,
) -> Result<BatchReport, Unavailable> {
    let outcomes: Vec<Result<Outcome, Unavailable>> = stream::iter(event.into_messages())
        .map(|message| work_message(work, message))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let mut report = BatchReport::default();
    let mut unrecorded = None;
    for outcome in outcomes {
        match outcome {
            Ok(Outcome::Done) => report.done += 1,
            Ok(Outcome::Rescheduled) => report.rescheduled += 1,
            Ok(Outcome::Parked) => report.parked += 1,
            Err(error) => unrecorded = Some(error),
        }
    }
    tracing::info!(
        consumer = name,
        ?report,
        complete = unrecorded.is_none(),
        "batch worked"
    );
    unrecorded.map_or(Ok(report), Err)
}

async fn work_message(
    work: &dyn Work,
    message: Result<QueueMessage, MalformedMessage>,
) -> Result<Outcome, Unavailable> {
    match message {
        Ok(message) => match Envelope::from_bytes(&message.body) {
            Ok(envelope) => {
                let span = span(&message, &envelope);
                work_envelope(work, &message, &envelope)
                    .instrument(span)
                    .await
            }
            Err(error) => {
                park(
                    work,
                    &message.queue,
                    &message.body,
                    None,
                    &error.to_string(),
                )
                .await
            }
        },
        Err(error) => park(work, &error.queue, &error.raw, None, &error.to_string()).await,
    }
}

/// The message, for the log and (semantic conventions for RabbitMQ) for the trace that it carries on.
fn span(message: &QueueMessage, envelope: &Envelope) -> tracing::Span {
    let (queue, kind) = (&message.queue, &envelope.kind);
    tracing::info_span!(
        "message",
        queue,
        id = %envelope.id,
        r#type = kind,
        attempt = envelope.attempt,
        correlation_id = envelope.correlation_id,
        redelivered = message.redelivered,
        order = Empty,
        otel.kind = "consumer",
        otel.name = format_args!("process {EVENTS}:{kind}:{queue}"),
        otel.parent = message.trace_parent(envelope),
        otel.status_code = Empty,
        "error.type" = Empty,
        messaging.system = "rabbitmq",
        messaging.operation.name = "process",
        "messaging.operation.type" = "process",
        messaging.destination.name = format_args!("{EVENTS}:{kind}:{queue}"),
        messaging.rabbitmq.destination.routing_key = kind,
        messaging.message.id = %envelope.id,
        messaging.message.conversation_id = envelope.correlation_id,
        faas.trigger = "pubsub",
    )
}

async fn work_envelope(
    work: &dyn Work,
    message: &QueueMessage,
    envelope: &Envelope,
) -> Result<Outcome, Unavailable> {
    let QueueMessage { queue, body, .. } = message;
    match handle_caught(work, envelope).await {
        Ok(()) => Ok(Outcome::Done),
        Err(Failure::Permanent(error)) => park(work, queue, body, Some(envelope), &error).await,
        Err(Failure::Temporary(error)) if is_last(envelope.attempt) => {
            let error = format!("given up after {} attempts: {error}", envelope.attempt);
            park(work, queue, body, Some(envelope), &error).await
        }
        Err(Failure::Temporary(error)) => reschedule(work, queue, envelope, &error).await,
    }
}

/// The panic's own words are on standard error, where the panic hook wrote them; they may quote a
/// value and are not kept with the message.
async fn handle_caught(work: &dyn Work, envelope: &Envelope) -> Result<(), Failure> {
    // The handler itself, not only its future, may panic: hence the async block. Unwind safety:
    // what it shares with others is behind a database, whose transaction rolls back.
    let handling = async { work.handle(envelope).await };
    AssertUnwindSafe(handling)
        .catch_unwind()
        .await
        .unwrap_or_else(|_panic| {
            Err(Failure::Temporary(
                "the handler panicked; its log has the place".to_owned(),
            ))
        })
}

async fn reschedule(
    work: &dyn Work,
    queue: &str,
    envelope: &Envelope,
    error: &str,
) -> Result<Outcome, Unavailable> {
    let delay = backoff(envelope.attempt, random());
    tracing::warn!(error, delay_ms = delay.as_millis(), "message rescheduled");
    // Attempt 0 of a hand-made message counts as the first.
    let next = envelope.attempt.max(1).saturating_add(1);
    work.reschedule(envelope, next, delay, error).await?;
    note("rescheduled");
    let counter = metrics::counter!(metric::MESSAGES_RESCHEDULED, "queue" => known(queue));
    counter.increment(1);
    Ok(Outcome::Rescheduled)
}

async fn park(
    work: &dyn Work,
    queue: &str,
    raw: &[u8],
    envelope: Option<&Envelope>,
    error: &str,
) -> Result<Outcome, Unavailable> {
    tracing::error!(queue, error, "message parked");
    work.park(queue, raw, envelope, error).await?;
    note("parked");
    metrics::counter!(metric::MESSAGES_PARKED, "queue" => known(queue)).increment(1);
    Ok(Outcome::Parked)
}

/// What became of a message that could not be worked, on its span.
fn note(word: &'static str) {
    let span = tracing::Span::current();
    span.record("otel.status_code", "error");
    span.record("error.type", word);
}

/// A queue of the shop; a metric's dimension must not be filled from outside.
fn known(queue: &str) -> &'static str {
    let mut queues = QUEUES.iter().map(|known| known.name);
    queues.find(|name| *name == queue).unwrap_or("other")
}
