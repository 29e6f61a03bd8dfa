//! Members of staff: who asks, and what they may do.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use chrono::TimeDelta;
use domain::{Clock, Permission, StaffMember};
use http::StatusCode;
use http::request::Parts;
use uuid::Uuid;

use crate::token::{AccessTokens, Claims, ISSUER, LONGEST, TokenError};
use crate::{Bearer, Problem};

const AUDIENCE: &str = "staff";

/// Issues staff's access tokens and verifies them.
#[derive(Debug, Clone)]
pub struct StaffAccess {
    tokens: AccessTokens,
    clock: Clock,
}

/// How long a token counts: at least a minute, at most a day, because it cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(TimeDelta);

/// A lifetime that no token should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token counts for at least a minute and at most {} hours", LONGEST.num_hours())]
pub struct LifetimeError;

impl Lifetime {
    /// So many minutes.
    ///
    /// # Errors
    /// [`LifetimeError`].
    pub fn minutes(minutes: u32) -> Result<Self, LifetimeError> {
        let lifetime = TimeDelta::minutes(minutes.into());
        let sane = minutes > 0 && lifetime <= LONGEST;
        sane.then_some(Self(lifetime)).ok_or(LifetimeError)
    }
}

impl StaffAccess {
    /// Reads `JWT_SECRET_KEY`.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        AccessTokens::read(env).map(|tokens| Self {
            tokens,
            clock: Clock::system(),
        })
    }

    /// The same at another time of day; for tests.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// A token by which `member` has `permissions` for a while.
    #[must_use]
    pub fn issue(
        &self,
        member: &StaffMember,
        permissions: &[Permission],
        lifetime: Lifetime,
    ) -> String {
        let now = self.clock.now();
        self.tokens.sign(&Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: member.as_str().to_owned(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + lifetime.0).timestamp(),
            jti: Uuid::new_v4(),
            permissions: permissions.iter().map(ToString::to_string).collect(),
        })
    }

    /// Who asks, if they may do what `permission` says.
    ///
    /// # Errors
    /// 401, in the same words whatever is wrong with the token; 403 for one that counts but does not
    /// permit this.
    pub fn permit(&self, bearer: &Bearer, permission: Permission) -> Result<StaffMember, Problem> {
        let claims = self.verify(bearer).map_err(|error| {
            tracing::info!(error = domain::chain(&error), "a staff token was refused");
            sign_in()
        })?;
        let member = claims.sub.parse().map_err(|_| sign_in())?;
        if claims
            .permissions
            .iter()
            .any(|word| word == permission.as_str())
        {
            Ok(member)
        } else {
            Err(lacking(permission))
        }
    }

    fn verify(&self, bearer: &Bearer) -> Result<Claims, TokenError> {
        let claims = self
            .tokens
            .verify(bearer.as_str(), AUDIENCE, self.clock.now());
        // It may be signed with a key that has come since this function read its own.
        if matches!(claims, Err(TokenError::Signature(_))) {
            settings::unknown_to("JWT_SECRET_KEY");
        }
        claims
    }
}

fn sign_in() -> Problem {
    let detail =
        "Send a staff member's access token that still counts as `Authorization: Bearer …`.";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}

fn lacking(permission: Permission) -> Problem {
    let detail = format!("This needs the permission {permission}.");
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

/// A member of staff who may do what `P` says. As a handler's argument it is the guard: without such
/// a token the handler does not run.
///
/// ```ignore
/// async fn handle(staff: Staff<WriteOperations>, …) -> Result<Response, Problem>
/// ```
#[derive(Debug, Clone)]
pub struct Staff<P> {
    /// Who asks.
    pub member: StaffMember,
    permitted: PhantomData<P>,
}

/// What a guard asks for.
pub trait Permits {
    /// The permission.
    const PERMISSION: Permission;
}

impl<S, P> FromRequestParts<S> for Staff<P>
where
    S: Send + Sync,
    StaffAccess: FromRef<S>,
    P: Permits,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let bearer = Bearer::from_request_parts(parts, state).await;
        let bearer = bearer.map_err(|_| sign_in())?;
        let member = StaffAccess::from_ref(state).permit(&bearer, P::PERMISSION)?;
        Ok(Self {
            member,
            permitted: PhantomData,
        })
    }
}

macro_rules! guards {
    ($($permission:ident),+ $(,)?) => {
        /// The permissions as types, for [`Staff`].
        pub mod permit {
            $(
                #[doc = concat!("[`Permission::", stringify!($permission), "`](domain::Permission::", stringify!($permission), ").")]
                #[derive(Debug, Clone, Copy)]
                pub struct $permission;

                impl super::Permits for $permission {
                    const PERMISSION: domain::Permission = domain::Permission::$permission;
                }
            )+
        }
    };
}

guards!(
    ReadCatalogue,
    WriteCatalogue,
    ReadInventory,
    WriteInventory,
    ReadOrders,
    WriteOrders,
    ReadPayments,
    WritePayments,
    ReadCustomers,
    WriteCustomers,
    ReadMarketing,
    WriteMarketing,
    ReadStaff,
    WriteStaff,
    ReadOperations,
    WriteOperations,
);

#[cfg(test)]
mod tests;
