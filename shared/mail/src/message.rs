use std::fmt;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use uuid::Uuid;

use crate::error::MailError;

/// Longest line that a mail may have (RFC 5322), and so the longest subject that makes sense.
const LONGEST_SUBJECT: usize = 998;
/// Longest unsubscribe address: a longer one would be folded, which not every reader undoes.
const LONGEST_ADDRESS: usize = 200;

/// A mail to one person. Only its id prints.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Names the mail for ever: `Message-ID` is made of it, the same on every try.
    pub id: Uuid,
    /// The recipient's address.
    pub to: &'a str,
    /// The recipient's name, on one line.
    pub to_name: Option<&'a str>,
    /// On one line, at most 998 bytes.
    pub subject: &'a str,
    /// The mail as text; real content, not a pointer to the HTML.
    pub text: &'a str,
    /// The same as HTML, escaped.
    pub html: &'a str,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<&'a str>,
    /// Required of marketing, not for transactional mail.
    pub list_unsubscribe: Option<ListUnsubscribe<'a>>,
    /// Says that no person wrote it, which keeps out-of-office answers away.
    pub auto_submitted: bool,
}

/// One-click unsubscribing (RFC 8058).
#[derive(Clone, Copy)]
pub struct ListUnsubscribe<'a> {
    /// An https address that names recipient and list by an unguessable token, at most 200 bytes.
    pub url: &'a str,
    /// The same by mail: `mailto:…`.
    pub mailto: Option<&'a str>,
}

impl fmt::Debug for Mail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ListUnsubscribe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListUnsubscribe").finish_non_exhaustive()
    }
}

impl Mail<'_> {
    /// Writes the mail. What could add a header or a recipient is refused, not repaired: it is
    /// somebody's attempt or somebody's mistake.
    pub(crate) fn compose(&self, sender: &Mailbox) -> Result<Message, MailError> {
        let mut builder = Message::builder()
            .message_id(Some(format!("<{}@{}>", self.id, sender.email.domain())))
            .from(sender.clone())
            .to(self.recipient()?)
            .subject(one_line(self.subject, "subject", LONGEST_SUBJECT)?);
        if let Some(reply_to) = self.reply_to {
            let address = reply_to.parse::<Address>();
            let address = address.map_err(|_| MailError::Unsendable {
                what: "reply address",
            })?;
            builder = builder.reply_to(Mailbox::new(None, address));
        }
        if self.auto_submitted {
            builder = builder.raw_header(header("Auto-Submitted", "auto-generated".to_owned()));
        }
        if let Some(list) = self.list_unsubscribe {
            builder = builder
                .raw_header(header("List-Unsubscribe", list.value()?))
                .raw_header(header(
                    "List-Unsubscribe-Post",
                    "List-Unsubscribe=One-Click".into(),
                ));
        }
        builder
            .multipart(MultiPart::alternative_plain_html(
                self.text.to_owned(),
                self.html.to_owned(),
            ))
            .map_err(|_| MailError::Unsendable { what: "form" })
    }

    fn recipient(&self) -> Result<Mailbox, MailError> {
        let address = self
            .to
            .parse::<Address>()
            .map_err(|_| MailError::BadRecipient { reply: None })?;
        let name = self.to_name.filter(|name| !name.trim().is_empty());
        let name = name.map(|name| one_line(name, "recipient's name", LONGEST_SUBJECT));
        Ok(Mailbox::new(name.transpose()?, address))
    }
}

impl ListUnsubscribe<'_> {
    fn value(&self) -> Result<String, MailError> {
        let url = uri(self.url, "https://")?;
        Ok(match self.mailto {
            Some(mailto) => format!("<{url}>, <{}>", uri(mailto, "mailto:")?),
            None => format!("<{url}>"),
        })
    }
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn one_line(text: &str, what: &'static str, longest: usize) -> Result<String, MailError> {
    // U+2028 and U+2029 are not control characters, but some readers break lines at them.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.len() > longest || text.chars().any(breaks) {
        return Err(MailError::Unsendable { what });
    }
    Ok(text.to_owned())
}

fn uri<'a>(uri: &'a str, scheme: &str) -> Result<&'a str, MailError> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b',' | b'"');
    let acceptable =
        uri.starts_with(scheme) && uri.len() <= LONGEST_ADDRESS && uri.bytes().all(plain);
    acceptable.then_some(uri).ok_or(MailError::Unsendable {
        what: "unsubscribe address",
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mail() -> Mail<'static> {
        Mail {
            id: Uuid::from_u128(7),
            to: "ada@example.com",
            to_name: Some("Ada Obi"),
            subject: "Your order NGN 5,000",
            text: "Thank you, Adá.",
            html: "<p>Thank you, Adá.</p>",
            reply_to: Some("help@shop.example"),
            list_unsubscribe: None,
            auto_submitted: true,
        }
    }

    fn sender() -> Mailbox {
        "Mad Rush <orders@shop.example>".parse().unwrap()
    }

    fn written(mail: &Mail<'_>) -> String {
        String::from_utf8(mail.compose(&sender()).unwrap().formatted()).unwrap()
    }

    fn head(mail: &Mail<'_>) -> Vec<String> {
        let written = written(mail);
        let head = written
            .split_once("\r\n\r\n")
            .unwrap()
            .0
            .replace("\r\n ", " ");
        head.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_receipt_has_its_headers_and_the_text_comes_before_the_html() {
        let head = head(&mail());
        for line in [
            "Message-ID: <00000000-0000-0000-0000-000000000007@shop.example>",
            "From: \"Mad Rush\" <orders@shop.example>",
            "To: \"Ada Obi\" <ada@example.com>",
            "Subject: Your order NGN 5,000",
            "Reply-To: help@shop.example",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(
                head.iter().any(|header| header == line),
                "{line} in {head:#?}"
            );
        }
        assert!(!head.iter().any(|header| header.starts_with("List-")));
        assert!(head.iter().any(|header| header.starts_with("Date: ")));
        let written = written(&mail());
        let position = |part: &str| written.find(part).unwrap();
        assert!(position("multipart/alternative") < position("text/plain"));
        assert!(position("text/plain") < position("text/html"));
        assert!(written.is_ascii() && written.lines().all(|line| line.len() <= 998));
    }

    #[test]
    fn marketing_offers_one_click_unsubscribing_unfolded() {
        let url = format!("https://shop.example/api/unsubscribe/{}", "x".repeat(150));
        let list = ListUnsubscribe {
            url: &url,
            mailto: Some("mailto:out@shop.example?subject=x"),
        };
        let mail = Mail {
            list_unsubscribe: Some(list),
            auto_submitted: false,
            ..mail()
        };
        let written = written(&mail);
        assert!(written.contains(&format!("<{url}>")), "{written}");
        assert!(written.contains("<mailto:out@shop.example?subject=x>"));
        assert!(written.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        assert!(!written.contains("Auto-Submitted"));
    }

    #[test]
    fn unsubscribe_addresses_that_could_carry_more_are_refused() {
        let long = format!("https://x/{}", "y".repeat(200));
        for url in [
            "http://x",
            "https://x/>,<y",
            "https://x/\r\nBcc: a",
            "https://x/ä",
            &long,
        ] {
            let list = Some(ListUnsubscribe { url, mailto: None });
            let mail = Mail {
                list_unsubscribe: list,
                ..mail()
            };
            assert!(
                matches!(mail.compose(&sender()), Err(MailError::Unsendable { .. })),
                "{url}"
            );
        }
    }

    #[test]
    fn header_injection_is_refused() {
        for text in [
            "a\r\nBcc: x@y.z",
            "a\nb",
            "a\rb",
            "a\0b",
            "a\u{85}b",
            "a\u{2028}b",
        ] {
            for mail in [
                Mail {
                    subject: text,
                    ..mail()
                },
                Mail {
                    to_name: Some(text),
                    ..mail()
                },
                Mail {
                    reply_to: Some(text),
                    ..mail()
                },
            ] {
                let answer = mail.compose(&sender());
                assert!(
                    matches!(answer, Err(MailError::Unsendable { .. })),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn an_address_that_is_none_or_several_is_a_bad_recipient() {
        for to in [
            "",
            "ada",
            "a@b, c@d",
            "a@b\r\nBcc: c@d",
            "<a@b.c>",
            "a b@c.d",
            "a@b>\r\nDATA",
        ] {
            let answer = Mail { to, ..mail() }.compose(&sender());
            assert!(
                matches!(answer, Err(MailError::BadRecipient { reply: None })),
                "{to:?}"
            );
        }
    }

    #[test]
    fn names_and_subjects_beyond_ascii_are_encoded() {
        let mail = Mail {
            to_name: Some("Adá Ọbí"),
            subject: "Ẹ kú àárọ̀ — ₦5,000",
            ..mail()
        };
        assert!(written(&mail).is_ascii());
    }

    #[test]
    fn a_mail_prints_its_id_only() {
        assert_eq!(
            format!("{:?}", mail()),
            "Mail { id: 00000000-0000-0000-0000-000000000007, .. }"
        );
    }

    proptest! {
        #[test]
        fn no_text_adds_a_header(subject: String, name: String, text: String, html: String) {
            let mail = Mail { subject: &subject, to_name: Some(&name), text: &text, html: &html,
                ..mail() };
            if mail.compose(&sender()).is_ok() {
                let names: Vec<_> = head(&mail)
                    .iter()
                    .map(|line| line.split_once(':').unwrap().0.to_owned())
                    .collect();
                let expected = ["Message-ID", "From", "To", "Subject", "Reply-To",
                    "Auto-Submitted", "MIME-Version", "Date", "Content-Type"];
                prop_assert_eq!(names.len(), expected.len(), "{:?}", names);
                for name in expected {
                    prop_assert!(names.iter().any(|one| one == name), "{}", name);
                }
            }
        }
    }
}
