//! What the functions of the area `operations` share that staff use: what they work with, and how a
//! dead message looks from outside.

mod dead_message;
mod office;

pub use dead_message::DeadMessageBody;
pub use office::{Office, id_in_path};
