use std::error::Error;
use std::fmt;

use lettre::transport::smtp;

type Cause = Box<dyn Error + Send + Sync>;

/// Why a mail was not handed over, in terms of what is to be done about it.
///
/// The relay's words are not kept: they often repeat the recipient's address.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail cannot be written: a part of it may not stand in a mail. It is never sent.
    #[error("the mail cannot be written: its {what} is not acceptable")]
    Unsendable {
        /// Which part; never its content.
        what: &'static str,
    },
    /// There is no such mailbox. Do not write to the address again.
    #[error("the recipient's address is not accepted{}", shown(reply.as_ref()))]
    BadRecipient {
        /// The relay's answer; none if the address is not one at all.
        reply: Option<Reply>,
    },
    /// The relay will never take this mail (5yz). Do not send it again as it is.
    #[error("the relay refused the mail for good ({reply})")]
    Permanent {
        /// The relay's answer.
        reply: Reply,
    },
    /// The relay and these settings do not go together: encryption, sign-in or sender. It will be
    /// so for every mail: tell a person, keep the mail, try again rarely.
    #[error("the relay does not work with our {what}{}", shown(reply.as_ref()))]
    Configuration {
        /// Which of the settings.
        what: &'static str,
        /// The relay's answer, if it gave one.
        reply: Option<Reply>,
        /// The error below, if it was not an answer.
        #[source]
        cause: Option<Cause>,
    },
    /// The relay does not have the mail and may take it later (4yz, or no connection).
    #[error("the relay did not take the mail for now{}", shown(reply.as_ref()))]
    Temporary {
        /// The relay's answer, if it gave one.
        reply: Option<Reply>,
        /// The error below, if it was not an answer.
        #[source]
        cause: Option<Cause>,
    },
    /// The content was on its way when the connection or the time ran out: the relay may have the
    /// mail. A repeat carries the same `Message-ID`.
    #[error("the relay may or may not have taken the mail")]
    Unclear {
        /// The error below; none if the time ran out.
        #[source]
        cause: Option<Cause>,
    },
}

fn shown(reply: Option<&Reply>) -> String {
    reply.map(|reply| format!(" ({reply})")).unwrap_or_default()
}

impl MailError {
    /// Whether the same mail may be taken later without anybody changing anything. True also of an
    /// unclear end, where a repeat may arrive twice.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Temporary { .. } | Self::Unclear { .. } => true,
            Self::Unsendable { .. }
            | Self::BadRecipient { .. }
            | Self::Permanent { .. }
            | Self::Configuration { .. } => false,
        }
    }

    /// Whether the relay may have the mail although no answer came.
    pub fn is_unclear(&self) -> bool {
        matches!(self, Self::Unclear { .. })
    }

    /// Whether the relay asks for less mail altogether (421, 454), not for less of this one.
    pub fn is_throttled(&self) -> bool {
        matches!(
            self,
            Self::Temporary {
                reply: Some(Reply {
                    code: 421 | 454,
                    ..
                }),
                ..
            }
        )
    }

    /// The relay's answer, if one decided.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Permanent { reply } => Some(reply),
            Self::BadRecipient { reply }
            | Self::Configuration { reply, .. }
            | Self::Temporary { reply, .. } => reply.as_ref(),
            Self::Unsendable { .. } | Self::Unclear { .. } => None,
        }
    }
}

/// A relay's answer, without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The three digits of RFC 5321.
    pub code: u16,
    /// The enhanced code of RFC 3463, such as (5, 1, 1), where there is one.
    pub enhanced: Option<(u16, u16, u16)>,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        match self.enhanced {
            Some((class, subject, detail)) => write!(f, " {class}.{subject}.{detail}"),
            None => Ok(()),
        }
    }
}

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Connecting,
    Encrypting,
    SigningIn,
    NamingSender,
    NamingRecipient,
    /// `DATA` was said; the content has not begun.
    Announcing,
    /// The content is on its way: from here on an end without an answer is unclear.
    Transmitting,
}

impl Stage {
    /// What an end without an answer means at this stage.
    pub(crate) fn cut_off(self, cause: Option<Cause>) -> MailError {
        match self {
            Self::Transmitting => MailError::Unclear { cause },
            Self::Connecting
            | Self::Encrypting
            | Self::SigningIn
            | Self::NamingSender
            | Self::NamingRecipient
            | Self::Announcing => MailError::Temporary { reply: None, cause },
        }
    }

    /// What an error of the conversation means at this stage.
    pub(crate) fn error(self, error: smtp::Error) -> MailError {
        match error.status() {
            Some(code) => {
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                let code = u16::from(code);
                self.refusal(
                    Reply {
                        code,
                        enhanced: enhanced(&text),
                    },
                    &text.to_lowercase(),
                )
            }
            None if self == Self::Transmitting => self.cut_off(Some(Box::new(error))),
            None if error.is_tls() || is_about_tls(&error) => self.misfit("TLS", None, Some(error)),
            // The relay offers no STARTTLS, or no way of signing in that we know.
            None if error.is_client() => self.misfit(self.concern(), None, Some(error)),
            None => self.cut_off(Some(Box::new(error))),
        }
    }

    fn refusal(self, reply: Reply, text: &str) -> MailError {
        let about_sign_in = matches!(reply.code, 530 | 534 | 535 | 538);
        // What relays say of a sender that is not theirs to send for, whoever the recipient is.
        let about_us = ["not verified", "relay", "not authorized", "not authorised"]
            .iter()
            .any(|words| text.contains(words));
        match self {
            _ if reply.code < 500 => MailError::Temporary {
                reply: Some(reply),
                cause: None,
            },
            _ if about_sign_in => {
                settings::refused("SMTP_PASSWORD");
                self.misfit("sign-in", Some(reply), None)
            }
            Self::Connecting | Self::Encrypting | Self::SigningIn => {
                self.misfit(self.concern(), Some(reply), None)
            }
            // 552 is about the size of this mail, not about the sender.
            Self::NamingSender if reply.code == 552 => MailError::Permanent { reply },
            Self::NamingSender => self.misfit("sender", Some(reply), None),
            Self::NamingRecipient | Self::Announcing | Self::Transmitting if about_us => {
                self.misfit("sender", Some(reply), None)
            }
            Self::NamingRecipient if names_no_mailbox(reply) => {
                MailError::BadRecipient { reply: Some(reply) }
            }
            Self::Announcing | Self::Transmitting if is_bad_address(reply.enhanced) => {
                MailError::BadRecipient { reply: Some(reply) }
            }
            Self::NamingRecipient | Self::Announcing | Self::Transmitting => {
                MailError::Permanent { reply }
            }
        }
    }

    fn misfit(
        self,
        what: &'static str,
        reply: Option<Reply>,
        cause: Option<smtp::Error>,
    ) -> MailError {
        MailError::Configuration {
            what,
            reply,
            cause: cause.map(|cause| Box::new(cause) as Cause),
        }
    }

    fn concern(self) -> &'static str {
        match self {
            Self::Connecting => "address",
            Self::Encrypting => "TLS",
            Self::SigningIn => "sign-in",
            Self::NamingSender | Self::NamingRecipient | Self::Announcing | Self::Transmitting => {
                "sender"
            }
        }
    }
}

/// Whether TLS itself failed: a certificate for another name, or a relay that speaks no TLS where
/// it should. lettre says "connection error" of it, as of a line that was cut; what sets them apart
/// is the error at the bottom.
fn is_about_tls(error: &smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let io = error
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref());
        if io.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether an answer to `RCPT` says that the mailbox does not exist: by its enhanced code, or
/// without one by the codes that RFC 5321 has for it.
fn names_no_mailbox(reply: Reply) -> bool {
    match reply.enhanced {
        Some(_) => is_bad_address(reply.enhanced),
        None => matches!(reply.code, 550 | 551 | 553),
    }
}

/// RFC 3463: bad mailbox, bad system, bad syntax, moved, null MX.
fn is_bad_address(enhanced: Option<(u16, u16, u16)>) -> bool {
    matches!(enhanced, Some((5, 1, 1 | 2 | 3 | 6 | 10)))
}

/// The enhanced code at the head of an answer's first line.
fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    let mut parts = text
        .split_whitespace()
        .next()?
        .split('.')
        .map(|part| part.parse().ok());
    let (class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && matches!(class, 2 | 4 | 5)).then_some((class, subject, detail))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(stage: Stage, code: u16, text: &str) -> MailError {
        stage.refusal(
            Reply {
                code,
                enhanced: enhanced(text),
            },
            &text.to_lowercase(),
        )
    }

    #[test]
    fn enhanced_codes_are_read_from_the_head_only() {
        assert_eq!(enhanced("5.1.1 no such user"), Some((5, 1, 1)));
        assert_eq!(enhanced("4.7.500 later\nmore"), Some((4, 7, 500)));
        for none in [
            "",
            "no 5.1.1",
            "5.1",
            "5.1.1.1",
            "9.1.1",
            "127.0.0.1",
            "5.1.x",
            "...",
        ] {
            assert_eq!(enhanced(none), None, "{none}");
        }
    }

    #[test]
    fn the_step_and_the_code_decide_whose_fault_a_refusal_is() {
        use MailError as E;
        use Stage::{Announcing, NamingRecipient, NamingSender, SigningIn, Transmitting};
        type Check = fn(&E) -> bool;
        let bad_recipient: Check = |e| matches!(e, E::BadRecipient { .. });
        let configuration: Check = |e| matches!(e, E::Configuration { .. });
        let permanent: Check = |e| matches!(e, E::Permanent { .. });
        let temporary: Check = |e| matches!(e, E::Temporary { .. });
        for (stage, code, text, check) in [
            (NamingRecipient, 550, "5.1.1 no such user", bad_recipient),
            (NamingRecipient, 550, "no such user here", bad_recipient),
            (NamingRecipient, 550, "5.7.1 relaying denied", configuration),
            (NamingRecipient, 550, "5.7.606 blocked", permanent),
            (NamingRecipient, 552, "5.2.2 mailbox full", permanent),
            (NamingRecipient, 452, "4.2.2 mailbox full", temporary),
            (NamingRecipient, 451, "4.7.1 greylisted", temporary),
            (NamingSender, 550, "5.1.8 sender unknown", configuration),
            (NamingSender, 552, "5.3.4 too large", permanent),
            (
                SigningIn,
                535,
                "Authentication Credentials Invalid",
                configuration,
            ),
            (SigningIn, 454, "4.7.0 temporary failure", temporary),
            (Announcing, 554, "5.5.1 no valid recipients", permanent),
            (Announcing, 550, "5.1.1 no such user", bad_recipient),
            (
                Transmitting,
                554,
                "Message rejected: Email address is not verified",
                configuration,
            ),
            (Transmitting, 554, "5.6.0 content refused", permanent),
            (
                Transmitting,
                454,
                "Throttling failure: Maximum sending rate exceeded",
                temporary,
            ),
        ] {
            let error = refusal(stage, code, text);
            assert!(check(&error), "{stage:?} {code} {text}: {error:?}");
        }
    }

    #[test]
    fn throttling_is_told_from_other_temporary_refusals() {
        assert!(refusal(Stage::Transmitting, 454, "Throttling failure").is_throttled());
        assert!(refusal(Stage::Connecting, 421, "too many connections").is_throttled());
        assert!(!refusal(Stage::NamingRecipient, 451, "4.7.1 greylisted").is_throttled());
    }

    #[test]
    fn an_error_shows_codes_and_never_the_relays_words() {
        let error = refusal(
            Stage::NamingRecipient,
            550,
            "5.1.1 <ada@example.com> unknown",
        );
        assert_eq!(
            error.to_string(),
            "the recipient's address is not accepted (550 5.1.1)"
        );
        assert!(!format!("{error:?}").contains("ada@"));
    }

    proptest! {
        #[test]
        fn any_answer_is_sorted_without_panic(code in 400_u16..600, text in "\\PC*") {
            for stage in [Stage::Connecting, Stage::NamingRecipient, Stage::Transmitting] {
                let error = refusal(stage, code, &text);
                prop_assert_eq!(error.is_temporary(), code < 500);
                prop_assert!(!error.is_unclear());
            }
        }
    }
}
