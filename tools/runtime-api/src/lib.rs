//! Drives a function's binary exactly as deployed, over the AWS Lambda Runtime API.
//!
//! **Owns** three things that tests and benchmarks of functions need: [`Function`] and
//! [`Functions`], which start the binary as Lambda would and hand it events; the events themselves,
//! in the exact shapes of API Gateway ([`Request`], [`Response`]), Amazon MQ ([`rabbitmq_event`])
//! and EventBridge Scheduler ([`schedule_event`]); and [`Gate`], which takes a server away from one
//! function without stopping it for the others.
//!
//! **Invariant.** What a function sees here, it sees on AWS: its environment holds nothing of the
//! test's, its answers are decoded as the gateway decodes them. What goes wrong fails the test at
//! once, with everything the function has printed.
//!
//! **Refuses to know** what any function does. Development only: nothing in `shared/` or
//! `functions/` may depend on it, except their tests.
//!
//! ```no_run
//! # use runtime_api::{Function, Request};
//! # async fn example() {
//! let function = Function::spawn("target/debug/get-product", &[]);
//! let request = Request::get("/api/products/ankara-dress").route("/api/products/{slug}");
//! assert_eq!(function.send(request).await.status, 200);
//! # }
//! ```

mod background;
mod cloudwatch;
mod collector;
mod extension;
mod function;
mod gate;
mod pool;
mod process;
mod queue;
mod request;
mod response;
mod schedule;
mod server;

pub use cloudwatch::Metrics;
pub use collector::{CollectedSpan, Collector, Temper};
pub use extension::{Mood, SecretsExtension};
pub use function::{Function, FunctionError, Spawn};
pub use gate::Gate;
pub use pool::Functions;
pub use queue::{Message, rabbitmq_event};
pub use request::Request;
pub use response::Response;
pub use schedule::schedule_event;
