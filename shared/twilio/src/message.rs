use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::client::Twilio;
use crate::error::TwilioError;
use crate::settings::{Sender, is_sid};

/// Rows that a search reads: the latest of one day to one number.
const SEARCH_ROWS: usize = 50;
/// Longest a message may wait in Twilio's queue, in seconds.
const LONGEST_VALIDITY: u64 = 36_000;

/// An SMS to be sent. Neither the number nor the text prints.
#[derive(Clone, Copy)]
pub struct SendSms<'a> {
    /// The recipient in E.164.
    pub to: &'a str,
    /// The text, at most 1,600 characters; see [`segments`](crate::segments).
    pub body: &'a str,
    /// Where Twilio reports the outcome. Put your own id into its query: the signature covers it.
    pub status_callback: Option<&'a str>,
    /// How long the message is worth sending: the life of a one-time code, for instance. At least
    /// 5 seconds, at most 10 hours; Twilio's default is 10 hours.
    pub validity: Option<Duration>,
}

impl fmt::Debug for SendSms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendSms").finish_non_exhaustive()
    }
}

/// A message that Twilio has taken. It is not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Twilio's name for it, `SM…`.
    pub sid: String,
    /// How it stands, which is at the very beginning.
    pub status: MessageStatus,
    /// How many segments Twilio counts; none while a messaging service has not decided.
    pub segments: Option<u32>,
}

/// How a message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageStatus {
    /// A messaging service has it.
    Accepted,
    /// To be sent at a set time.
    Scheduled,
    /// Waiting for its turn.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// The carrier has it; may remain the last word.
    Sent,
    /// It arrived.
    Delivered,
    /// The carrier could not deliver it.
    Undelivered,
    /// Twilio could not send it.
    Failed,
    /// Called back before it was sent.
    Canceled,
    /// It was read (not for SMS).
    Read,
    /// A word this crate does not know: not final.
    Unknown(String),
}

impl MessageStatus {
    /// Reads Twilio's word, from an answer or from a callback's `MessageStatus`.
    pub fn from_text(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "accepted" => Self::Accepted,
            "scheduled" => Self::Scheduled,
            "queued" => Self::Queued,
            "sending" => Self::Sending,
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "undelivered" => Self::Undelivered,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            "read" => Self::Read,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The status in Twilio's words.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Read => "read",
            Self::Unknown(other) => other,
        }
    }

    /// How far along the message is. Callbacks may come out of order: never go down.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Accepted | Self::Scheduled | Self::Unknown(_) => 0,
            Self::Queued => 1,
            Self::Sending => 2,
            Self::Sent => 3,
            Self::Delivered | Self::Undelivered | Self::Failed | Self::Canceled => 4,
            Self::Read => 5,
        }
    }

    /// Whether nothing more can be expected.
    pub fn is_final(&self) -> bool {
        self.rank() >= 4
    }
}

/// A message as Twilio has it. Neither the number nor the text prints.
#[derive(Debug, Clone)]
pub struct Message {
    /// Twilio's name for it, `SM…`.
    pub sid: String,
    /// How it stands.
    pub status: MessageStatus,
    /// How many segments Twilio counts; none while it does not know.
    pub segments: Option<u32>,
    /// Why it failed or was not delivered, as Twilio's error code.
    pub error_code: Option<u32>,
    /// The recipient in E.164.
    pub to: Option<SecretString>,
    /// The text as Twilio keeps it.
    pub body: Option<SecretString>,
    /// When Twilio took it, UTC.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was sent, UTC.
    pub sent_at: Option<DateTime<Utc>>,
}

impl Message {
    fn decode(row: &Value) -> Result<Self, TwilioError> {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let time = |name: &str| {
            Some(
                DateTime::parse_from_rfc2822(text(name)?)
                    .ok()?
                    .with_timezone(&Utc),
            )
        };
        let sid = text("sid").filter(|sid| is_sid(sid, "SM") || is_sid(sid, "MM"));
        let status = text("status").filter(|status| !status.is_empty());
        Ok(Self {
            sid: sid.ok_or(TwilioError::undecodable("sid"))?.to_owned(),
            status: MessageStatus::from_text(status.ok_or(TwilioError::undecodable("status"))?),
            segments: row
                .get("num_segments")
                .and_then(whole)
                .filter(|count| *count > 0),
            error_code: row.get("error_code").and_then(whole),
            to: text("to").map(SecretString::from),
            body: text("body").map(SecretString::from),
            created_at: time("date_created"),
            sent_at: time("date_sent"),
        })
    }

    /// Whether this is the message that a search looks for. Twilio trims a text when it keeps it,
    /// so white space at its ends does not count.
    fn matches(&self, to: &str, since: DateTime<Utc>, body: &str) -> bool {
        let same = |kept: &Option<SecretString>, asked: &str| {
            kept.as_ref()
                .is_some_and(|kept| kept.expose_secret().trim() == asked.trim())
        };
        // Twilio's times have whole seconds.
        let recent = self
            .created_at
            .is_some_and(|at| at.timestamp() >= since.timestamp());
        recent && same(&self.to, to) && same(&self.body, body)
    }
}

/// A whole number, written as a JSON number or as text.
fn whole(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Twilio {
    /// Sends an SMS, once (`POST Messages.json`).
    ///
    /// # Errors
    /// See [`TwilioError`]. After an unclear one look with [`find_recent`](Self::find_recent)
    /// before sending again.
    pub async fn send(&self, sms: &SendSms<'_>) -> Result<Sent, TwilioError> {
        let mut form = vec![("To", sms.to.to_owned()), ("Body", sms.body.to_owned())];
        form.push(match &*self.sender {
            Sender::From(number) => ("From", number.clone()),
            Sender::Service(sid) => ("MessagingServiceSid", sid.clone()),
        });
        form.extend(
            sms.status_callback
                .map(|url| ("StatusCallback", url.to_owned())),
        );
        form.extend(sms.validity.map(|validity| {
            (
                "ValidityPeriod",
                validity.as_secs().clamp(5, LONGEST_VALIDITY).to_string(),
            )
        }));
        let message = Message::decode(&self.post("/Messages.json", &form).await?)?;
        Ok(Sent {
            sid: message.sid,
            status: message.status,
            segments: message.segments,
        })
    }

    /// The latest message with this text to this number since a time, for the question whether an
    /// unclear call took effect. None says only that there is none *yet* among the latest fifty of
    /// that time: wait some seconds after the call before asking. Two messages with the same text
    /// to the same number cannot be told apart. Safe to repeat.
    ///
    /// # Errors
    /// See [`TwilioError`].
    pub async fn find_recent(
        &self,
        to: &str,
        since: DateTime<Utc>,
        body: &str,
    ) -> Result<Option<Message>, TwilioError> {
        let query = [
            ("To", to.to_owned()),
            // The filter knows whole days only.
            ("DateSent>", since.format("%Y-%m-%d").to_string()),
            ("PageSize", SEARCH_ROWS.to_string()),
        ];
        let page = self.get("/Messages.json", &query).await?;
        let rows = page.get("messages").and_then(Value::as_array);
        let rows = rows.ok_or(TwilioError::undecodable("messages"))?;
        let messages: Vec<_> = rows.iter().map(Message::decode).collect::<Result<_, _>>()?;
        Ok(messages
            .into_iter()
            .filter(|message| message.matches(to, since, body))
            .max_by_key(|message| message.created_at))
    }

    /// How a message stands (`GET Messages/{sid}.json`). Safe to repeat.
    ///
    /// # Errors
    /// [`TwilioError::NotFound`] if there is none, or the name cannot be one.
    pub async fn fetch(&self, sid: &str) -> Result<Message, TwilioError> {
        if !is_sid(sid, "SM") && !is_sid(sid, "MM") {
            return Err(TwilioError::NotFound);
        }
        let message = Message::decode(&self.get(&format!("/Messages/{sid}.json"), &[]).await?)?;
        if message.sid != sid {
            return Err(TwilioError::undecodable("another sid than the one asked"));
        }
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_documented_sample_is_read_and_does_not_print_its_person() {
        let message = Message::decode(&json!({
            "sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "status": "queued", "num_segments": "1",
            "body": "Hello! 👍", "to": "+14155552345", "error_code": null,
            "date_created": "Thu, 24 Aug 2023 05:01:45 +0000", "date_sent": null
        }))
        .unwrap();
        assert_eq!(
            (message.status.clone(), message.segments),
            (MessageStatus::Queued, Some(1))
        );
        assert_eq!(message.created_at.unwrap().timestamp(), 1_692_853_305);
        assert_eq!((message.error_code, message.sent_at), (None, None));
        let printed = format!("{message:?}");
        assert!(!printed.contains("+1415") && !printed.contains("Hello"));
    }

    #[test]
    fn a_service_that_has_not_counted_yet_counts_nothing() {
        let row = json!({"sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "status": "accepted",
            "num_segments": "0", "from": null});
        assert_eq!(Message::decode(&row).unwrap().segments, None);
    }

    #[test]
    fn an_answer_without_its_name_or_status_is_unclear() {
        for row in [
            json!({"status": "queued"}),
            json!({"sid": "SM1", "status": "queued"}),
            json!({"sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}),
            json!([]),
        ] {
            assert!(Message::decode(&row).unwrap_err().is_unclear());
        }
    }

    #[test]
    fn statuses_only_rise_and_end() {
        let life = ["accepted", "queued", "sending", "sent", "delivered", "read"];
        let ranks = life.map(|word| MessageStatus::from_text(word).rank());
        assert!(ranks.is_sorted_by(|one, next| one < next));
        for last in ["delivered", "undelivered", "failed", "canceled", "read"] {
            assert!(MessageStatus::from_text(last).is_final());
        }
        assert!(!MessageStatus::from_text("teleported").is_final());
    }

    proptest! {
        #[test]
        fn whole_numbers_are_read_as_number_and_as_text(number: u32, text in "\\PC*") {
            prop_assert_eq!(whole(&json!(number)), Some(number));
            prop_assert_eq!(whole(&json!(number.to_string())), Some(number));
            prop_assert_eq!(whole(&json!(text)), text.trim().parse::<u32>().ok());
        }
    }
}
