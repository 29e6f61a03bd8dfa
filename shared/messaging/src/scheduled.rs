//! The edge of functions that the clock or the deployment starts.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use futures_util::future::LocalBoxFuture;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

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

/// Runs a scheduled function until the environment ends. What `handler` answers is the invocation's
/// answer, for people to read; its error is the invocation's error, logged once with its causes.
///
/// # Errors
/// When the Lambda runtime API fails.
pub fn serve_scheduled<H>(
    name: &'static str,
    handler: H,
) -> LocalBoxFuture<'static, Result<(), Error>>
where
    H: AsyncFn(Invocation) -> Result<Value, Error> + 'static,
{
    let handler = Rc::new(handler);
    serve(
        name,
        Rc::new(move |invocation| {
            let handler = Rc::clone(&handler);
            Box::pin(async move { handler(invocation).await })
        }),
    )
}

type Tick = Rc<dyn Fn(Invocation) -> LocalBoxFuture<'static, Result<Value, Error>>>;

fn serve(name: &'static str, tick: Tick) -> LocalBoxFuture<'static, Result<(), Error>> {
    Box::pin(lambda_runtime::run(service_fn(
        move |event: LambdaEvent<Value>| {
            let tick = Rc::clone(&tick);
            async move {
                let invocation = Invocation {
                    deadline: event.context.deadline(),
                    request_id: event.context.request_id,
                    event: event.payload,
                };
                let answer = tick(invocation).await;
                if let Err(error) = &answer {
                    tracing::error!(function = name, error = chain(error.as_ref()), "failed");
                }
                answer
            }
        },
    )))
}

/// The error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
