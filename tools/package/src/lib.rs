//! What is sent to Lambda for one function: a zip with the binary `bootstrap` and, beside it, what
//! the function reads at run time.
//!
//! **Owns** the budgets of the design, the checks that each [`Binary`] must pass before it may be
//! sent ([`Fault`]), the check of the [`Tree`] of crates that it was built from, the [`Archive`] as
//! `sam deploy` makes it, and what `template.yaml` says of a function's surroundings
//! ([`Deployed`]).
//!
//! **Invariant.** A check reads the finished thing: the machine code's own headers and contents, the
//! tree that cargo resolved for exactly the packages that are sent. None trusts the manner of
//! building.
//!
//! **Refuses to know** how a binary is built or run. Development only.

mod architecture;
mod archive;
mod binary;
mod budget;
mod marks;
mod template;
mod tree;

pub use architecture::{Architecture, Glibc};
pub use archive::{Archive, ArchiveError, CERTIFICATES};
pub use binary::{Binary, BinaryError, Fault, ON_LAMBDA};
pub use budget::{budget, mebibytes};
pub use marks::Mark;
pub use template::{Deployed, Setting, TemplateError, deployed};
pub use tree::{Crate, Tree, TreeFault};
