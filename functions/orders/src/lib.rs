//! What the functions of the area `orders` share: how an order looks from outside.

mod shapes;

pub use shapes::{LineBody, OrderBody, PlacedBody};
