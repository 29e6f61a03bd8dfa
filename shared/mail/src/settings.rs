use std::net::IpAddr;
use std::str::FromStr;

use lettre::Address;
use lettre::message::Mailbox;
use secrecy::SecretString;
use settings::Env;

/// How the way to the relay is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Begins in clear text and must change to TLS before anything is said (ports 587, 2587, 25).
    StartTls,
    /// TLS from the first byte (ports 465, 2465).
    Implicit,
    /// Clear text, for a relay on the same machine or in the same private network.
    None,
}

impl FromStr for Encryption {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "starttls" => Ok(Self::StartTls),
            "implicit" => Ok(Self::Implicit),
            "none" => Ok(Self::None),
            _ => Err("must be starttls, implicit or none"),
        }
    }
}

/// What this crate needs to be told. The password does not print.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `SMTP_HOST`: name or address of the relay; with TLS its certificate must be for this name.
    pub host: String,
    /// `SMTP_PORT`: 587 unless said otherwise.
    pub port: u16,
    /// `SMTP_TLS`: STARTTLS unless said otherwise.
    pub encryption: Encryption,
    /// `SMTP_USERNAME` and `SMTP_PASSWORD`, both or neither.
    pub credentials: Option<(String, SecretString)>,
    /// `SENDER_EMAIL` and `SENDER_NAME`: who the mails are from, in the header and the envelope.
    pub sender: Mailbox,
}

impl MailSettings {
    /// Reads the settings; what is missing, malformed or contradictory is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let settings = Self {
            host: env.required("SMTP_HOST"),
            port: env.parsed_or("SMTP_PORT", 587),
            encryption: env.parsed_or("SMTP_TLS", Encryption::StartTls),
            credentials: credentials(env),
            sender: sender(env),
        };
        settings.check(env);
        settings
    }

    /// A wrong pair of port and encryption does not fail but hangs, each side waiting for the
    /// other to begin; a password in clear text is given away. Better to say so at the start.
    fn check(&self, env: &mut Env) {
        let implicit_port = matches!(self.port, 465 | 2465);
        let plain_port = matches!(self.port, 25 | 587 | 2587);
        match self.encryption {
            Encryption::StartTls if implicit_port => {
                env.problem("SMTP_TLS", "must be implicit with this SMTP_PORT");
            }
            Encryption::Implicit if plain_port => {
                env.problem("SMTP_TLS", "must be starttls with this SMTP_PORT");
            }
            Encryption::None if self.credentials.is_some() && !is_loopback(&self.host) => {
                env.problem("SMTP_TLS", "must not be none when there is a password");
            }
            Encryption::StartTls | Encryption::Implicit | Encryption::None => {}
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn credentials(env: &mut Env) -> Option<(String, SecretString)> {
    match (env.optional("SMTP_USERNAME"), env.optional("SMTP_PASSWORD")) {
        (Some(username), Some(password)) => Some((username, password.into())),
        (None, None) => None,
        (Some(_), None) => {
            env.problem("SMTP_PASSWORD", "is missing beside SMTP_USERNAME");
            None
        }
        (None, Some(_)) => {
            env.problem("SMTP_USERNAME", "is missing beside SMTP_PASSWORD");
            None
        }
    }
}

fn sender(env: &mut Env) -> Mailbox {
    let name = env.optional("SENDER_NAME");
    if name
        .as_ref()
        .is_some_and(|name| name.chars().any(char::is_control))
    {
        env.problem("SENDER_NAME", "must be one line of text");
    }
    let address = env.required("SENDER_EMAIL").parse::<Address>().ok();
    // The domain of the sender is also our name in the conversation, which knows only ASCII.
    let address = address.filter(|address| AsRef::<str>::as_ref(address).is_ascii());
    if address.is_none() {
        env.problem("SENDER_EMAIL", "must be an e-mail address in ASCII");
    }
    Mailbox::new(name, address.unwrap_or_else(placeholder))
}

#[expect(clippy::expect_used, reason = "a constant address, parsed by a test")]
fn placeholder() -> Address {
    Address::new("nobody", "example.com").expect("a constant address is well formed")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<MailSettings, Vec<&'static str>> {
        let mut pairs: HashMap<String, String> = [
            ("SMTP_HOST", "smtp.example.com"),
            ("SENDER_EMAIL", "orders@shop.example"),
        ]
        .into_iter()
        .chain(changes.iter().copied())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
        pairs.retain(|_, value| !value.is_empty());
        settings::read_from(move |name| pairs.get(name).cloned(), MailSettings::read)
            .map_err(|error| error.names().collect())
    }

    #[test]
    fn little_is_needed_and_encryption_is_the_default() {
        let settings = read(&[]).unwrap();
        assert_eq!(
            (settings.port, settings.encryption),
            (587, Encryption::StartTls)
        );
        assert!(settings.credentials.is_none());
    }

    #[test]
    fn all_can_be_given_and_the_password_does_not_print() {
        let settings = read(&[
            ("SMTP_PORT", "465"),
            ("SMTP_TLS", "implicit"),
            ("SMTP_USERNAME", "AKIA"),
            ("SMTP_PASSWORD", "pa/ss+word"),
            ("SENDER_NAME", "Mad Rush"),
        ])
        .unwrap();
        assert_eq!(
            settings.sender.to_string(),
            "Mad Rush <orders@shop.example>"
        );
        assert!(!format!("{settings:?}").contains("pa/ss"));
    }

    #[test]
    fn what_cannot_work_is_named() {
        for (changes, names) in [
            (&[("SMTP_HOST", "")][..], vec!["SMTP_HOST"]),
            (&[("SENDER_EMAIL", "")], vec!["SENDER_EMAIL"]),
            (
                &[("SENDER_EMAIL", "orders@shop.example\r\nBcc: x@y.z")],
                vec!["SENDER_EMAIL"],
            ),
            (
                &[("SENDER_EMAIL", "örders@shop.example")],
                vec!["SENDER_EMAIL"],
            ),
            (&[("SENDER_NAME", "Mad\r\nBcc: x@y.z")], vec!["SENDER_NAME"]),
            (&[("SMTP_PORT", "many")], vec!["SMTP_PORT"]),
            (&[("SMTP_TLS", "maybe")], vec!["SMTP_TLS"]),
            (&[("SMTP_USERNAME", "u")], vec!["SMTP_PASSWORD"]),
            (&[("SMTP_PASSWORD", "p")], vec!["SMTP_USERNAME"]),
            (&[("SMTP_PORT", "465")], vec!["SMTP_TLS"]),
            (&[("SMTP_TLS", "implicit")], vec!["SMTP_TLS"]),
        ] {
            assert_eq!(read(changes).unwrap_err(), names, "{changes:?}");
        }
    }

    #[test]
    fn a_password_goes_in_clear_text_to_this_machine_only() {
        let login = [
            ("SMTP_TLS", "none"),
            ("SMTP_USERNAME", "u"),
            ("SMTP_PASSWORD", "p"),
        ];
        assert_eq!(read(&login).unwrap_err(), ["SMTP_TLS"]);
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(read(&[&login[..], &[("SMTP_HOST", host)]].concat()).is_ok());
        }
        assert!(read(&login[..1]).is_ok());
    }
}
