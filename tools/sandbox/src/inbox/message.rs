//! One message to one recipient.

use std::collections::BTreeMap;

use mail_parser::{MessageParser, PartType};
use serde::Serialize;

use crate::clock;

/// A message as it reached one recipient.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    /// Counts up; newer is higher.
    pub(crate) id: u64,
    pub(crate) channel: &'static str,
    /// The envelope's recipient, or the phone number in E.164.
    pub(crate) to: String,
    /// The address of the sender (of the `From` header), or the sending number.
    pub(crate) from: String,
    pub(crate) subject: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
    /// As sent, unfolded; a name that stands twice has its values on lines of their own.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) at: String,
}

impl Message {
    /// A short message.
    pub(crate) fn sms(to: &str, from: &str, text: &str, sid: &str, segments: usize) -> Self {
        let headers = BTreeMap::from([
            ("MessageSid".to_owned(), sid.to_owned()),
            ("NumSegments".to_owned(), segments.to_string()),
        ]);
        Self {
            id: 0,
            channel: "sms",
            to: to.to_owned(),
            from: from.to_owned(),
            subject: None,
            text: Some(text.to_owned()),
            html: None,
            headers,
            at: clock::iso(clock::now()),
        }
    }

    /// A mail for one of its recipients. `text` and `html` are the parts that were sent: neither is
    /// made up from the other. What cannot be parsed is shown as it came.
    pub(crate) fn email(to: &str, envelope_from: &str, raw: &[u8]) -> Self {
        let parsed = MessageParser::default().parse(raw);
        let sender = parsed
            .as_ref()
            .and_then(|mail| Some(mail.from()?.first()?.address.as_ref()?.clone().into_owned()));
        let mut message = Self {
            id: 0,
            channel: "email",
            to: to.to_owned(),
            from: sender.unwrap_or_else(|| envelope_from.to_owned()),
            subject: None,
            text: None,
            html: None,
            headers: BTreeMap::new(),
            at: clock::iso(clock::now()),
        };
        match parsed {
            Some(mail) => message.fill(&mail),
            None => message.text = Some(String::from_utf8_lossy(raw).into_owned()),
        }
        message
    }

    fn fill(&mut self, mail: &mail_parser::Message<'_>) {
        self.subject = mail.subject().map(str::to_owned);
        for part in &mail.parts {
            match &part.body {
                PartType::Text(text) if self.text.is_none() => {
                    self.text = Some(text.clone().into_owned());
                }
                PartType::Html(html) if self.html.is_none() => {
                    self.html = Some(html.clone().into_owned());
                }
                PartType::Text(_)
                | PartType::Html(_)
                | PartType::Binary(_)
                | PartType::InlineBinary(_)
                | PartType::Message(_)
                | PartType::Multipart(_) => {}
            }
        }
        for (name, value) in mail.headers_raw() {
            let value = value.replace(['\r', '\n'], "").trim().to_owned();
            self.headers
                .entry(name.to_owned())
                .and_modify(|old| {
                    old.push('\n');
                    old.push_str(&value);
                })
                .or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    const MAIL: &[u8] = b"From: \"Mad Rush\" <orders@shop.example>\r\nTo: ada@example.com\r\n\
        Subject: =?utf-8?q?Your_order_=E2=82=A65?=\r\nMessage-ID: <1@shop.example>\r\n\
        List-Unsubscribe: <https://shop.example/u/1>,\r\n <mailto:unsub@shop.example>\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n\
        --x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<b>Hello</b>\r\n--x--\r\n";

    #[test]
    fn a_mail_keeps_both_parts_its_decoded_subject_and_its_unfolded_headers() {
        let message = Message::email("ada@example.com", "bounce@shop.example", MAIL);
        assert_eq!(message.subject.as_deref(), Some("Your order ₦5"));
        assert_eq!(message.from, "orders@shop.example");
        assert_eq!(message.text.as_deref().map(str::trim_end), Some("Hello"));
        assert_eq!(
            message.html.as_deref().map(str::trim_end),
            Some("<b>Hello</b>")
        );
        assert_eq!(message.headers["Message-ID"], "<1@shop.example>");
        assert_eq!(
            message.headers["List-Unsubscribe"],
            "<https://shop.example/u/1>, <mailto:unsub@shop.example>"
        );
    }

    #[test]
    fn a_mail_of_text_alone_has_no_html() {
        let raw = b"From: a@b.example\r\nSubject: x\r\n\r\nplain\r\n";
        let message = Message::email("c@d.example", "a@b.example", raw);
        assert_eq!(message.text.as_deref().map(str::trim_end), Some("plain"));
        assert_eq!(message.html, None);
    }
}
