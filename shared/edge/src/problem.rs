//! Refusals, as RFC 9457 problems.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use domain::{Fault, Kind, chain};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::shapes::ProblemBody;

/// The code of a refusal that a bearer token would mend.
const UNAUTHORIZED: &str = "unauthorized";

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer into the body (`/items/0/quantity`), or `?name` for a query parameter.
    pub pointer: String,
    /// A stable, machine-readable word.
    pub code: Cow<'static, str>,
    /// For people.
    pub detail: String,
}

/// A refusal. Every error of the shop becomes one by `?`; its kind decides the status.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
    /// The whole chain, for the log only.
    log: Option<String>,
}

impl Problem {
    /// A refusal with a status, a stable code and a sentence for people.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self {
            status,
            code,
            detail,
            errors: Vec::new(),
            retry_after: None,
            log: None,
        }
    }

    /// 422, with all faults at once.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{} {}.", one.pointer, one.detail),
            many => format!("The request has {} faults; see errors.", many.len()),
        };
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail);
        problem.with_errors(errors)
    }

    /// 404: it is not there, or it is not yours; the two are told in the same words.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here for you.",
        )
    }

    /// 401: no token, or not in a form that could be one.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "Send the order's access token as `Authorization: Bearer …`.";
        Self::new(StatusCode::UNAUTHORIZED, UNAUTHORIZED, detail)
    }

    /// 503: what the shop depends on does not answer; nothing was done.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "The shop cannot answer just now. Nothing was lost; try again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(2)
    }

    /// Adds the places of the faults.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The status it answers with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The line for the log, where there is more to say than the client is told.
    pub(crate) fn log_line(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn body(&self, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.clone().into_owned(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
        }
    }
}

impl<F: Fault> From<F> for Problem {
    fn from(fault: F) -> Self {
        from_fault(&fault)
    }
}

// Not generic, so that it is compiled once and not for each error of each function.
fn from_fault(fault: &dyn Fault) -> Problem {
    let log = Some(chain(fault));
    let code = fault.code();
    let told = |status: StatusCode| Problem {
        log: log.clone(),
        ..Problem::new(status, code, sentence(fault))
    };
    match fault.kind() {
        Kind::Invalid => told(StatusCode::UNPROCESSABLE_ENTITY),
        Kind::Forbidden => told(StatusCode::FORBIDDEN),
        Kind::Conflict => told(StatusCode::CONFLICT),
        Kind::Stale => told(StatusCode::PRECONDITION_FAILED),
        Kind::NotFound => Problem {
            log,
            ..Problem::not_found()
        },
        Kind::Unavailable => Problem {
            log,
            ..Problem::unavailable()
        },
        Kind::Bug => {
            let detail = "Something went wrong on our side. It has been noted.";
            let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail);
            Problem { log, ..problem }
        }
    }
}

fn sentence(fault: &dyn Fault) -> String {
    let text = fault.to_string();
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// The body is written by the shell, which knows the request id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}
