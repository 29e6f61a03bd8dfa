//! The stage on which one function of the shop is tested as deployed.
//!
//! **Owns** what every area's tests need around the function under test: a database of its own, the
//! stand-ins in this process, the settings that point a function at both, an order made by the
//! shop's own use-cases, and the messages between outbox and consumer, without a broker.
//!
//! **Invariant.** A stage shares nothing with another: tests run in parallel and in any order. What
//! a test leaves in the outbox without having looked at it fails the test.
//!
//! **Refuses to know** any function: the test starts its own binary, by the settings it is given
//! here. Development only.

mod login;
mod messages;
mod order;
mod outside;
mod rows;
mod servers;
mod set;
mod shown;

pub use messages::Report;
pub use order::{AnOrder, Placed};
pub use servers::Servers;
pub use set::{PAYSTACK_KEY, Stage};
pub use shown::{answer, masked};

// The assertions expand in the tests' crates, which need not name insta themselves.
#[doc(hidden)]
pub use insta;

/// Compares an HTTP answer (status, headers, body) with its snapshot; what differs from run to run
/// is masked by [`answer`].
#[macro_export]
macro_rules! assert_answer {
    ($response:expr) => {
        $crate::insta::assert_json_snapshot!($crate::answer(&$response))
    };
    ($name:literal, $response:expr) => {
        $crate::insta::assert_json_snapshot!($name, $crate::answer(&$response))
    };
}
