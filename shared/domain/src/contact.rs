//! How a person is reached. These values are personal: their `Debug` does not show them.

use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

use crate::text::tidy;
use crate::{Fault, Kind};

/// Why a contact detail cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not an e-mail address.
    #[error("is not an e-mail address")]
    Email,
    /// Not a telephone number.
    #[error("is not a telephone number; write it as 08031234567 or +2348031234567")]
    Phone,
    /// Empty, or longer than anyone's name.
    #[error("must have 1 to {} characters", PersonName::MAX)]
    Name,
}

impl Fault for ContactError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Email => "invalid_email",
            Self::Phone => "invalid_phone",
            Self::Name => "invalid_name",
        }
    }
}

macro_rules! personal_text {
    ($name:ident, $parse:ident) => {
        impl $name {
            /// The plain text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = ContactError;

            fn try_from(text: String) -> Result<Self, ContactError> {
                Self::$parse(&text)
            }
        }

        impl FromStr for $name {
            type Err = ContactError;

            fn from_str(text: &str) -> Result<Self, ContactError> {
                Self::$parse(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

/// An e-mail address of one person: no display name, no IP-address domain, a dot in the domain.
/// Kept as typed; compared without regard to case through [`Email::canonical`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// [`ContactError::Email`].
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let options = Options::default()
            .without_display_text()
            .without_domain_literal();
        let options = options.with_required_tld();
        if text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '"')
        {
            return Err(ContactError::Email);
        }
        EmailAddress::parse_with_options(text, options).map_err(|_| ContactError::Email)?;
        Ok(Self(text.to_owned()))
    }

    /// The form under which two spellings of one address are equal.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.0.to_lowercase()
    }
}

personal_text!(Email, parse);

/// A telephone number in E.164. Nigerian numbers may be written the way Nigerians write them
/// (`0803 123 4567`, `234803…`, `00234803…`; reference/twilio.md §7).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads a number.
    ///
    /// # Errors
    /// [`ContactError::Phone`].
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let international = text.starts_with('+');
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let foreign = |c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.'));
        if text.strip_prefix('+').unwrap_or(text).contains(foreign) {
            return Err(ContactError::Phone);
        }
        let number = match digits.strip_prefix("00") {
            Some(rest) if !international => rest.to_owned(),
            _ if international => digits,
            _ => match digits.strip_prefix('0') {
                Some(national) if national.len() == 10 => format!("234{national}"),
                Some(_) => return Err(ContactError::Phone),
                None => digits,
            },
        };
        Self::e164(&number)
    }

    fn e164(number: &str) -> Result<Self, ContactError> {
        let nigerian = number
            .strip_prefix("234")
            .map(|rest| rest.strip_prefix('0').unwrap_or(rest));
        let number = match nigerian {
            // Mobile numbers have ten digits after 234, landlines eight (with their area code).
            Some(rest) if matches!(rest.len(), 8 | 10) => format!("+234{rest}"),
            Some(_) => return Err(ContactError::Phone),
            None => format!("+{number}"),
        };
        let plausible = (9..=16).contains(&number.len()) && !number.starts_with("+0");
        if plausible {
            Ok(Self(number))
        } else {
            Err(ContactError::Phone)
        }
    }
}

personal_text!(Phone, parse);

/// What a person is called.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters.
    pub const MAX: usize = 120;

    /// Reads a name; white space is tidied and control characters are dropped.
    ///
    /// # Errors
    /// [`ContactError::Name`].
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let name = tidy(text);
        match name.chars().count() {
            1..=Self::MAX => Ok(Self(name)),
            _ => Err(ContactError::Name),
        }
    }
}

personal_text!(PersonName, parse);

/// The person an order is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// What to call them.
    pub name: PersonName,
    /// Where receipts go.
    pub email: Email,
    /// Where the rider calls.
    pub phone: Phone,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ways_nigerians_write_a_number_are_one_number() {
        for written in [
            "08031234567",
            "0803 123 4567",
            "0803-123-4567",
            "2348031234567",
            "+2348031234567",
            "+234 (0) 803 123 4567",
            "002348031234567",
            "+23408031234567",
        ] {
            assert_eq!(
                Phone::parse(written).unwrap().as_str(),
                "+2348031234567",
                "{written}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for written in [
            "",
            "0803",
            "080312345678901",
            "+0803123456",
            "0803abc4567",
            "+234803123456",
            "call me",
        ] {
            assert_eq!(Phone::parse(written), Err(ContactError::Phone), "{written}");
        }
    }

    #[test]
    fn foreign_numbers_keep_their_country() {
        assert_eq!(
            Phone::parse("+44 20 7946 0958").unwrap().as_str(),
            "+442079460958"
        );
    }

    #[test]
    fn addresses_that_could_break_a_header_are_refused() {
        for written in [
            "ada",
            "ada@localhost",
            "ada@example.com\r\nBcc: eve@example.com",
            "Ada <ada@example.com>",
            "ada@[127.0.0.1]",
            "a b@example.com",
        ] {
            assert_eq!(Email::parse(written), Err(ContactError::Email), "{written}");
        }
        assert_eq!(
            Email::parse(" Ada@Example.com ").unwrap().canonical(),
            "ada@example.com"
        );
    }

    #[test]
    fn debug_does_not_show_the_person() {
        let customer = Customer {
            name: PersonName::parse("Ada Obi").unwrap(),
            email: Email::parse("ada@example.com").unwrap(),
            phone: Phone::parse("08031234567").unwrap(),
        };
        let shown = format!("{customer:?}");
        assert!(!shown.contains("Ada") && !shown.contains("ada@") && !shown.contains("803"));
    }

    proptest! {
        #[test]
        fn a_number_once_read_reads_as_itself(national in "[789][01][0-9]{8}") {
            let phone = Phone::parse(&format!("0{national}")).unwrap();
            prop_assert_eq!(Phone::parse(phone.as_str()).unwrap(), phone);
        }

        #[test]
        fn no_text_whatever_makes_the_parsers_panic(text in "\\PC*") {
            let _ = (Phone::parse(&text), Email::parse(&text), PersonName::parse(&text));
        }
    }
}
