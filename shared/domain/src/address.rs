//! Where an order goes: the Nigerian shape, with state and LGA and no postcode.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::tidy;
use crate::{Fault, Kind};

/// Why an address cannot be delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A part that must be there is empty or longer than [`DeliveryAddress::MAX`].
    #[error("must have 1 to {} characters", DeliveryAddress::MAX)]
    Part,
    /// None of the 36 states and the Federal Capital Territory.
    #[error("is not a state of Nigeria")]
    State,
    /// The shop delivers within Nigeria.
    #[error("must be NG: the shop delivers within Nigeria")]
    Country,
}

impl Fault for AddressError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Part => "invalid_address",
            Self::State => "unknown_state",
            Self::Country => "undeliverable_country",
        }
    }
}

/// A state of Nigeria, or the Federal Capital Territory, under its usual name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct State(usize);

const STATES: [&str; 37] = [
    "Abia",
    "Adamawa",
    "Akwa Ibom",
    "Anambra",
    "Bauchi",
    "Bayelsa",
    "Benue",
    "Borno",
    "Cross River",
    "Delta",
    "Ebonyi",
    "Edo",
    "Ekiti",
    "Enugu",
    "FCT",
    "Gombe",
    "Imo",
    "Jigawa",
    "Kaduna",
    "Kano",
    "Katsina",
    "Kebbi",
    "Kogi",
    "Kwara",
    "Lagos",
    "Nasarawa",
    "Niger",
    "Ogun",
    "Ondo",
    "Osun",
    "Oyo",
    "Plateau",
    "Rivers",
    "Sokoto",
    "Taraba",
    "Yobe",
    "Zamfara",
];

impl State {
    /// Reads a state's name, without regard to case; "Abuja" and "… State" are understood.
    ///
    /// # Errors
    /// [`AddressError::State`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let name = tidy(text).replace('-', " ").to_lowercase();
        let name = name.strip_suffix(" state").unwrap_or(&name);
        let name = match name {
            "abuja" | "federal capital territory" | "fct abuja" => "fct",
            other => other,
        };
        STATES
            .iter()
            .position(|state| state.to_lowercase() == name)
            .map(Self)
            .ok_or(AddressError::State)
    }

    /// The usual name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        STATES[self.0]
    }
}

impl TryFrom<String> for State {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<State> for String {
    fn from(state: State) -> Self {
        state.as_str().to_owned()
    }
}

/// Where an order is delivered. Personal: `Debug` shows the state only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAddress {
    street: String,
    landmark: Option<String>,
    city: String,
    lga: String,
    state: State,
}

impl DeliveryAddress {
    /// The longest part, in characters.
    pub const MAX: usize = 200;

    /// One part of an address (street, landmark, city, LGA), tidied.
    ///
    /// # Errors
    /// [`AddressError::Part`].
    pub fn part(text: &str) -> Result<String, AddressError> {
        let part = tidy(text);
        match part.chars().count() {
            1..=Self::MAX => Ok(part),
            _ => Err(AddressError::Part),
        }
    }

    /// Checks the country: ISO 3166 alpha-2.
    ///
    /// # Errors
    /// [`AddressError::Country`].
    pub fn country(text: &str) -> Result<(), AddressError> {
        if text.trim().eq_ignore_ascii_case("NG") {
            Ok(())
        } else {
            Err(AddressError::Country)
        }
    }

    /// An address.
    ///
    /// # Errors
    /// [`AddressError::Part`] where a part is empty or too long.
    pub fn new(
        street: &str,
        landmark: Option<&str>,
        city: &str,
        lga: &str,
        state: State,
    ) -> Result<Self, AddressError> {
        Ok(Self {
            street: Self::part(street)?,
            landmark: landmark.map(Self::part).transpose()?,
            city: Self::part(city)?,
            lga: Self::part(lga)?,
            state,
        })
    }

    /// House and street.
    #[must_use]
    pub fn street(&self) -> &str {
        &self.street
    }

    /// What the rider should look for.
    #[must_use]
    pub fn landmark(&self) -> Option<&str> {
        self.landmark.as_deref()
    }

    /// Town or city.
    #[must_use]
    pub fn city(&self) -> &str {
        &self.city
    }

    /// Local government area.
    #[must_use]
    pub fn lga(&self) -> &str {
        &self.lga
    }

    /// State or FCT.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// ISO 3166 alpha-2.
    #[must_use]
    pub const fn country_code(&self) -> &'static str {
        "NG"
    }
}

impl fmt::Debug for DeliveryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveryAddress(…, {})", self.state.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_by_the_names_people_use() {
        for (written, state) in [
            ("lagos", "Lagos"),
            ("Lagos State", "Lagos"),
            ("ABUJA", "FCT"),
            ("akwa-ibom", "Akwa Ibom"),
        ] {
            assert_eq!(State::parse(written).unwrap().as_str(), state);
        }
        assert_eq!(State::parse("Texas"), Err(AddressError::State));
    }

    #[test]
    fn debug_does_not_show_where_someone_lives() {
        let lagos = State::parse("Lagos").unwrap();
        let address =
            DeliveryAddress::new("12 Allen Avenue", Some("the bank"), "Ikeja", "Ikeja", lagos)
                .unwrap();
        assert_eq!(format!("{address:?}"), "DeliveryAddress(…, Lagos)");
    }
}
