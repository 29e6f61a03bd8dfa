//! What the functions of the area `payments` share: how an attempt to pay looks from outside, and
//! the answer to a request that begins one.

mod answer;
mod shapes;

pub use answer::{answer_once, give};
pub use shapes::{BankAccountBody, PaymentBody};
