//! What the functions of the area `payments` share: how an attempt to pay looks from outside, and
//! the answer to a request that begins one, and what such a function works with.

mod answer;
mod shapes;
mod till;

pub use answer::{answer_once, give};
pub use shapes::{BankAccountBody, PaymentBody};
pub use till::Till;
