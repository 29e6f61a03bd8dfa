//! What each function uses against what it is granted: nothing missing, nothing extra. Queues are
//! held against the topology in agreement.rs.

mod network;
mod privileges;
mod secrets;
mod settings;
mod statements;
mod tables;
