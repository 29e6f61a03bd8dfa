//! The edge of functions that the clock or the deployment starts.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use domain::chain;
use futures_util::future::LocalBoxFuture;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use settings::Env;
use tracing::Instrument;
use tracing::field::Empty;
use wiring::{StartError, Wiring};

/// One start of a scheduled or deployment function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The schedule's or the caller's event, as it came.
    pub event: Value,
    /// The platform's name for this invocation; the correlation id of what it leads to.
    pub request_id: String,
    deadline: SystemTime,
}

impl Invocation {
    /// How long the platform still lets this invocation run; `None` where it does not say
    /// (`cargo lambda watch` gives a constant of ten minutes after 1970).
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.duration_since(SystemTime::now()).ok()
    }
}

/// Runs a scheduled function until the environment ends. What the handler answers is the
/// invocation's answer, for people to read; its error is the invocation's error, logged once with
/// its causes. `wire` makes the handler of the settings; it runs again when secrets have come late
/// or were rotated, and connects to nothing.
///
/// # Errors
/// [`StartError`].
pub async fn serve_scheduled<H>(
    name: &'static str,
    wire: impl Fn(&mut Env) -> Option<H> + Send + Sync + 'static,
) -> Result<(), StartError>
where
    H: AsyncFn(Invocation) -> Result<Value, Error> + 'static,
{
    start(name, Reading::Once, wire).await
}

/// Runs a function that a deployment or a person invokes. Like [`serve_scheduled`], but its secrets
/// are read at each invocation: what is invoked to apply a changed secret must not apply the former.
///
/// # Errors
/// [`StartError`].
pub async fn serve_ordered<H>(
    name: &'static str,
    wire: impl Fn(&mut Env) -> Option<H> + Send + Sync + 'static,
) -> Result<(), StartError>
where
    H: AsyncFn(Invocation) -> Result<Value, Error> + 'static,
{
    start(name, Reading::EachTime, wire).await
}

/// When secrets are read.
#[derive(Debug, Clone, Copy)]
enum Reading {
    Once,
    EachTime,
}

async fn start<H>(
    name: &'static str,
    reading: Reading,
    wire: impl Fn(&mut Env) -> Option<H> + Send + Sync + 'static,
) -> Result<(), StartError>
where
    H: AsyncFn(Invocation) -> Result<Value, Error> + 'static,
{
    if wiring::described(&wire) {
        return Ok(());
    }
    let wired = Wiring::start(move |env| wire(env).map(ticking)).await?;
    serve(name, reading, Rc::new(wired)).await
}

type Tick = Rc<dyn Fn(Invocation) -> LocalBoxFuture<'static, Result<Value, Error>>>;

fn ticking<H>(handler: H) -> Tick
where
    H: AsyncFn(Invocation) -> Result<Value, Error> + 'static,
{
    let handler = Rc::new(handler);
    Rc::new(move |invocation| {
        let handler = Rc::clone(&handler);
        Box::pin(async move { handler(invocation).await })
    })
}

/// The body, compiled once and not in each function.
fn serve(
    name: &'static str,
    reading: Reading,
    wired: Rc<Wiring<Tick>>,
) -> LocalBoxFuture<'static, Result<(), StartError>> {
    let work = move |event: LambdaEvent<Value>| {
        let wired = Rc::clone(&wired);
        async move {
            let span = span(name, &event.context);
            let invocation = Invocation {
                deadline: event.context.deadline(),
                request_id: event.context.request_id,
                event: event.payload,
            };
            let answer = told(&wired, reading, invocation).instrument(span).await;
            telemetry::finish().await;
            answer
        }
    };
    Box::pin(async {
        lambda_runtime::run(service_fn(work))
            .await
            .map_err(StartError::runtime)
    })
}

/// The invocation, for the log and (FaaS semantic conventions) for a trace of its own.
fn span(name: &'static str, context: &Context) -> tracing::Span {
    let parent = telemetry::from_lambda(context.xray_trace_id.as_deref());
    tracing::info_span!(
        "tick",
        function = name,
        request_id = context.request_id,
        order = Empty,
        otel.kind = "server",
        otel.name = name,
        otel.parent = parent.map(tracing::field::display),
        otel.status_code = Empty,
        "error.type" = Empty,
        faas.trigger = "timer",
        faas.invocation_id = context.request_id,
    )
}

async fn told(
    wired: &Wiring<Tick>,
    reading: Reading,
    invocation: Invocation,
) -> Result<Value, Error> {
    let answer = tick(wired, reading, invocation).await;
    if let Err(error) = &answer {
        tracing::error!(error = chain(error.as_ref()), "failed");
        let span = tracing::Span::current();
        span.record("otel.status_code", "error");
        span.record("error.type", "failed");
    }
    answer
}

/// Once more where a credential was refused that has been rotated: what the clock starts, the clock
/// may start twice.
async fn tick(
    wired: &Wiring<Tick>,
    reading: Reading,
    invocation: Invocation,
) -> Result<Value, Error> {
    let work = match reading {
        Reading::Once => wired.get().await?,
        Reading::EachTime => wired.anew().await?,
    };
    let answer = work(invocation.clone()).await;
    match wired.renewed().await {
        Some(anew) if answer.is_err() => anew(invocation).await,
        Some(_) | None => answer,
    }
}
