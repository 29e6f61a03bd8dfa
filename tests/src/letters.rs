//! The shop's messages, as a customer tells them apart.

use crate::standins::Message;

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Letter {
    /// The order is paid.
    Receipt,
    /// Where to pay.
    PayNow,
    /// The rider takes the money.
    PayOnDelivery,
    /// Less than owed arrived.
    Underpaid,
    /// Not paid in time; by e-mail only.
    Expired,
    /// Money is going back.
    MoneyReturned,
}

impl Letter {
    const ALL: [Self; 6] = [
        Self::Receipt,
        Self::PayNow,
        Self::PayOnDelivery,
        Self::Underpaid,
        Self::Expired,
        Self::MoneyReturned,
    ];

    /// Words that only its subject, and only its SMS, have.
    const fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Receipt => ("Your receipt for", Some("Thank you! Details:")),
            Self::PayNow => ("Pay for your order", Some(" here: http")),
            Self::PayOnDelivery => ("is confirmed", Some("is confirmed")),
            Self::Underpaid => ("is still missing", Some("is missing:")),
            Self::Expired => ("has expired", None),
            Self::MoneyReturned => ("on its way back", Some("on its way back")),
        }
    }

    fn is(self, message: &Message) -> bool {
        let (subject, sms) = self.words();
        let within =
            |text: &Option<String>, words| text.as_deref().is_some_and(|text| text.contains(words));
        match message.channel.as_str() {
            "email" => within(&message.subject, subject),
            _ => sms.is_some_and(|words| within(&message.text, words)),
        }
    }
}

/// What an inbox holds, sorted; what no letter's words are in is told as it is.
pub(crate) fn told_apart(messages: &[Message]) -> Vec<String> {
    let mut names: Vec<String> = messages
        .iter()
        .map(|message| {
            let letter = Letter::ALL.into_iter().find(|letter| letter.is(message));
            letter.map_or_else(|| format!("{message:?}"), |letter| format!("{letter:?}"))
        })
        .collect();
    names.sort();
    names
}

/// What an inbox should hold: each letter once by e-mail, and by SMS where it has one.
pub(crate) fn expected(letters: &[Letter]) -> (Vec<String>, Vec<String>) {
    let name = |letter: &&Letter| format!("{letter:?}");
    let mut mails: Vec<String> = letters.iter().map(|letter| name(&letter)).collect();
    let mut texts: Vec<String> = letters
        .iter()
        .filter(|letter| letter.words().1.is_some())
        .map(|letter| name(&letter))
        .collect();
    mails.sort();
    texts.sort();
    (mails, texts)
}
