//! The edge of functions that a deployment starts.
//!
//! **Owns** CloudFormation's protocol of custom resources: a stack that is created or updated invokes
//! the function and waits until somebody has put an answer to the address it gave. [`serve`] does
//! the work, then answers SUCCESS or FAILED; FAILED makes CloudFormation stop and roll back what the
//! deployment has changed so far.
//!
//! **Invariants.** Whatever the work does, the stack is told, within the function's own time: a
//! deployment never hangs on silence. Deleting a stack undoes nothing here: no schema and no queue is
//! taken away by a deployment. Invoked by hand, without such an address, the function works the same
//! and answers whoever invoked it.
//!
//! **Refuses to know** what the work is.

mod answer;
mod custom_resource;
mod serve;

pub use messaging::{Invocation, StartError};
pub use serve::{WorkError, serve};

#[cfg(test)]
mod tests;
