//! What the functions of the area `operations` share that staff use: how a dead message looks
//! from outside.

mod dead_message;

pub use dead_message::DeadMessageBody;
