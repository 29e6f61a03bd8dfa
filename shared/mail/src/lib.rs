//! Mail, as the shop hands it to an SMTP relay.
//!
//! **Owns** the message's form (headers, both bodies, what may stand in a header) and the
//! conversation with the relay: encryption, sign-in, time limits, and what each answer means.
//!
//! **Invariant:** a mail is handed over at most once by each call, to one recipient, and an error
//! tells at which step it ended: only when the content was already on its way is it unclear
//! ([`MailError::Unclear`]) whether the relay has it. The `Message-ID` comes from the mail's own
//! id, so that a repeat after an unclear answer can be recognised by whoever receives both.
//!
//! **Refuses to know** what the mail says, whether the recipient may be written to, and when to
//! try again. Connections are not kept: between two invocations of a function they would die
//! unnoticed.
//!
//! Outside facts are from RFC 5321 (answers and their classes), RFC 3463 (enhanced codes), RFC 8058
//! (one-click unsubscribe) and RFC 3834 (`Auto-Submitted`).

mod conversation;
mod error;
mod mailer;
mod message;
mod settings;

pub use error::{MailError, Reply};
pub use mailer::{Accepted, Mailer, SetupError, TimeLimits};
pub use message::{ListUnsubscribe, Mail};
pub use settings::{Encryption, MailSettings};
