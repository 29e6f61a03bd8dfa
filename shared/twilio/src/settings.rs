use std::str::FromStr;

use secrecy::SecretString;
use settings::Env;
use url::Url;

const REAL_BASE_URL: &str = "https://api.twilio.com";

/// Who an SMS is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A number in E.164, a short code, or an alphanumeric sender id.
    From(String),
    /// A messaging service, `MG…`, which chooses the sender.
    Service(String),
}

impl FromStr for Sender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_sid(text, "MG") {
            return Ok(Self::Service(text.to_owned()));
        }
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = text.strip_prefix('+').is_some_and(|rest| {
            (2..=15).contains(&rest.len()) && digits(rest) && !rest.starts_with('0')
        });
        let is_short_code = (3..=8).contains(&text.len()) && digits(text);
        // Up to 11 letters, digits and spaces, at least one of them a letter.
        let is_name = (1..=11).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if is_number || is_short_code || is_name {
            Ok(Self::From(text.to_owned()))
        } else {
            Err("must be a number in E.164, a short code, a sender id or a messaging service")
        }
    }
}

/// What this crate needs to be told. The token does not print.
#[derive(Debug, Clone)]
pub struct TwilioSettings {
    /// `TWILIO_ACCOUNT_SID`: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// `TWILIO_AUTH_TOKEN`: the account's primary token. It authorises calls and signs callbacks.
    pub auth_token: SecretString,
    /// `TWILIO_PHONE_NUMBER`: who messages are from.
    pub sender: Sender,
    /// `TWILIO_BASE_URL`: the real API unless a stand-in is meant.
    pub base_url: Url,
}

impl TwilioSettings {
    /// Reads the settings; what is missing or malformed is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let account_sid = env.required("TWILIO_ACCOUNT_SID");
        if !is_sid(&account_sid, "AC") {
            env.problem("TWILIO_ACCOUNT_SID", "must be AC and 32 hexadecimal digits");
        }
        Self {
            account_sid,
            auth_token: env.secret("TWILIO_AUTH_TOKEN"),
            sender: sender(env),
            base_url: base_url(env),
        }
    }
}

fn sender(env: &mut Env) -> Sender {
    let text = env.required("TWILIO_PHONE_NUMBER");
    text.parse().unwrap_or_else(|problem: &str| {
        env.problem("TWILIO_PHONE_NUMBER", problem);
        Sender::From(String::new())
    })
}

fn base_url(env: &mut Env) -> Url {
    let text = env.or("TWILIO_BASE_URL", REAL_BASE_URL);
    text.parse::<Url>()
        .ok()
        .filter(is_plain_base)
        .unwrap_or_else(|| {
            env.problem(
                "TWILIO_BASE_URL",
                "must be an http or https address without query",
            );
            placeholder()
        })
}

/// Twilio's identifiers: two letters and 32 hexadecimal digits.
pub(crate) fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_plain_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

#[expect(clippy::expect_used, reason = "a constant address, parsed by a test")]
fn placeholder() -> Url {
    REAL_BASE_URL
        .parse()
        .expect("the real address is well formed")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<TwilioSettings, Vec<&'static str>> {
        let pairs: HashMap<String, String> = [
            ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
            ("TWILIO_AUTH_TOKEN", "verysecret"),
            ("TWILIO_PHONE_NUMBER", "+15005550006"),
        ]
        .into_iter()
        .chain(changes.iter().copied())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
        settings::read_from(move |name| pairs.get(name).cloned(), TwilioSettings::read)
            .map_err(|error| error.names().collect())
    }

    #[test]
    fn the_real_address_is_the_default_and_the_token_does_not_print() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.base_url.as_str(), "https://api.twilio.com/");
        assert!(!format!("{settings:?}").contains("verysecret"));
    }

    #[test]
    fn senders_may_be_numbers_codes_names_or_services() {
        let service = "MG0123456789abcdefABCDEF0123456789";
        for sender in ["+2348031234567", "12345", "Mad Rush", service] {
            assert!(read(&[("TWILIO_PHONE_NUMBER", sender)]).is_ok(), "{sender}");
        }
        for sender in [
            "",
            "08031234567x",
            "+0803",
            "Mad Rush Store NG",
            "Mad-Rush",
            "+234 803",
        ] {
            let names = read(&[("TWILIO_PHONE_NUMBER", sender)]).unwrap_err();
            assert_eq!(names, ["TWILIO_PHONE_NUMBER"], "{sender}");
        }
    }

    #[test]
    fn what_cannot_work_is_named() {
        for (name, value) in [
            ("TWILIO_ACCOUNT_SID", "AC123"),
            ("TWILIO_ACCOUNT_SID", "SK00000000000000000000000000000000"),
            ("TWILIO_ACCOUNT_SID", "AC../../00000000000000000000000000"),
            ("TWILIO_AUTH_TOKEN", ""),
            ("TWILIO_BASE_URL", "api.twilio.com"),
            ("TWILIO_BASE_URL", "https://u:p@api.twilio.com"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err(), [name], "{value}");
        }
    }
}
