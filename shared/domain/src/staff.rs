//! What members of staff may do, and how their decisions are written down.

use std::fmt;
use std::str::FromStr;

use crate::text::{tidy, worded};
use crate::{Fault, Kind};

worded! {
    /// What a member of staff may do. Writing does not imply reading: a role that does both has both.
    pub enum Permission {
        /// See products and categories that are not on sale.
        ReadCatalogue = "read_catalogue",
        /// Change products and categories.
        WriteCatalogue = "write_catalogue",
        /// See stock and its movements.
        ReadInventory = "read_inventory",
        /// Change stock and locations.
        WriteInventory = "write_inventory",
        /// See orders.
        ReadOrders = "read_orders",
        /// Fulfil and cancel orders, receive returns.
        WriteOrders = "write_orders",
        /// See payments, balances and reconciliations.
        ReadPayments = "read_payments",
        /// Resolve payments, refund, transfer money.
        WritePayments = "write_payments",
        /// See customers.
        ReadCustomers = "read_customers",
        /// Change customers.
        WriteCustomers = "write_customers",
        /// See what was sent to customers.
        ReadMarketing = "read_marketing",
        /// Change templates, coupons and campaigns.
        WriteMarketing = "write_marketing",
        /// See members of staff.
        ReadStaff = "read_staff",
        /// Invite members of staff and change their roles.
        WriteStaff = "write_staff",
        /// See how the shop runs: readiness, dead messages, the audit log.
        ReadOperations = "read_operations",
        /// Replay and discard dead messages.
        WriteOperations = "write_operations",
    }
}

worded! {
    /// What has become of a message that could not be worked.
    pub enum DeadMessageState {
        /// Nobody has decided yet.
        Open = "open",
        /// Staff have sent it on its way again.
        Replayed = "replayed",
        /// Staff have decided that it is not needed.
        Discarded = "discarded",
    }
}

/// Why a value about staff cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    /// No sign for a member of staff.
    #[error(
        "must be 1 to {} of ASCII letters, digits, '.', '_' and '-'",
        StaffMember::MAX
    )]
    Member,
    /// Empty, or too long.
    #[error("must have 1 to {} characters", Reason::MAX)]
    Reason,
}

impl Fault for StaffError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Member => "invalid_staff_member",
            Self::Reason => "invalid_reason",
        }
    }
}

/// The sign under which a member of staff stands in records: an id, never a person's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember(String);

impl StaffMember {
    /// The longest sign, in characters.
    pub const MAX: usize = 64;

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StaffMember {
    type Err = StaffError;

    fn from_str(text: &str) -> Result<Self, StaffError> {
        let fits = (1..=Self::MAX).contains(&text.len());
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if fits && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StaffError::Member)
        }
    }
}

impl fmt::Display for StaffMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a member of staff has decided something, in their words: one line, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The longest reason, in characters.
    pub const MAX: usize = 500;

    /// Tidies and checks a text.
    ///
    /// # Errors
    /// [`StaffError::Reason`] for one that says nothing, or too much.
    pub fn parse(text: &str) -> Result<Self, StaffError> {
        let text = tidy(text);
        if (1..=Self::MAX).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(StaffError::Reason)
        }
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_reads_or_writes_and_reads_back_as_itself() {
        for permission in Permission::ALL {
            let word = permission.as_str();
            assert!(
                word.starts_with("read_") || word.starts_with("write_"),
                "{word}"
            );
            assert_eq!(word.parse(), Ok(*permission));
        }
    }

    #[test]
    fn a_sign_for_staff_is_a_plain_word() {
        let longest = "x".repeat(StaffMember::MAX);
        for right in [
            "ada",
            "0b2f9c1e-6f0a-4a53-9a50-1d2f3f6f2c11",
            "on.call_2",
            &longest,
        ] {
            assert_eq!(right.parse::<StaffMember>().unwrap().as_str(), right);
        }
        let too_long = "x".repeat(StaffMember::MAX + 1);
        for wrong in ["", "Ada Obi", "ada\n", "adé", "a@b", &too_long] {
            assert_eq!(
                wrong.parse::<StaffMember>(),
                Err(StaffError::Member),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        let reason = Reason::parse("  sent by\nhand\u{0}, see   ticket 7 ").unwrap();
        assert_eq!(reason.as_str(), "sent by hand , see ticket 7");
        for wrong in ["", " \n\t\u{0} ", &"x".repeat(Reason::MAX + 1)] {
            assert_eq!(Reason::parse(wrong), Err(StaffError::Reason));
        }
        assert!(
            Reason::parse(&"é".repeat(Reason::MAX)).is_ok(),
            "characters, not bytes"
        );
    }
}
