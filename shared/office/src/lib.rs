//! The staff's side of a function: what it works with, and in whose name it is written down.
//!
//! Invariant: whoever asks is known before anything is read ([`edge::Staff`] is the guard), and what they
//! change bears their sign and the request's id. This crate knows no context and no table.

use axum::extract::FromRef;
use database::Database;
use domain::{Cause, Clock, StaffMember};
use edge::{Problem, RequestId, StaffAccess};
use uuid::Uuid;

/// The database, and who may do what.
#[derive(Debug, Clone)]
pub struct Office {
    /// Where what staff decide on lies.
    pub database: Database,
    access: StaffAccess,
    clock: Clock,
}

impl Office {
    /// Reads the settings; connects to nothing.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        let (database, access) = (Database::read(env), StaffAccess::read(env));
        Some(Self {
            database: database?,
            access: access?,
            clock: Clock::system(),
        })
    }

    /// A member of staff does something, now.
    #[must_use]
    pub fn cause(&self, member: &StaffMember, request: &RequestId) -> Cause {
        Cause::new(self.clock.now(), member.as_str(), request.as_str())
    }
}

impl FromRef<Office> for StaffAccess {
    fn from_ref(office: &Office) -> Self {
        office.access.clone()
    }
}

/// Reads an id in an address; what is none names nothing.
///
/// # Errors
/// 404.
pub fn id_in_path(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| Problem::not_found())
}
