//! Starting and running a function.

use axum::Router;
use settings::{Env, SettingsError};

use crate::shell::around;

/// Why a function could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or malformed.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A resource refused its settings.
    #[error("a resource could not be prepared: {0}")]
    Resource(String),
    /// The Lambda runtime gave up.
    #[error("the Lambda runtime stopped: {0}")]
    Runtime(String),
}

impl StartError {
    /// A reader gave nothing and named no setting: a mistake of ours.
    #[must_use]
    pub fn unread() -> Self {
        Self::Resource("its settings gave nothing".to_owned())
    }

    /// The Lambda runtime stopped.
    pub fn runtime(error: impl std::fmt::Display) -> Self {
        Self::Runtime(error.to_string())
    }

    /// A resource refused its settings.
    pub fn resource(error: impl std::error::Error + 'static) -> Self {
        Self::Resource(domain::chain(&error))
    }
}

/// Starts the log, then reads everything a function needs; every setting at fault is named at once.
///
/// # Errors
/// [`StartError::Settings`].
pub fn start<T>(read: impl FnOnce(&mut Env) -> T) -> Result<T, StartError> {
    let read = settings::read(|env| {
        telemetry::start(env);
        read(env)
    });
    Ok(read?)
}

/// Answers `--openapi` with the function's description, which `cargo dev openapi` collects. In a
/// release build this is nothing, and the description is not linked.
#[must_use]
pub fn described<Description: utoipa::OpenApi>() -> bool {
    if !cfg!(debug_assertions) || std::env::args().nth(1).as_deref() != Some("--openapi") {
        return false;
    }
    #[expect(clippy::print_stdout, reason = "the description is what was asked for")]
    match Description::openapi().to_json() {
        Ok(json) => println!("{json}"),
        Err(error) => println!("{{\"error\": {:?}}}", error.to_string()),
    }
    true
}

/// Serves a function's routes until Lambda ends the environment.
///
/// # Errors
/// [`StartError::Runtime`].
pub async fn serve(routes: Router) -> Result<(), StartError> {
    // The process ends when this returns, so the future that holds a transaction is never dropped.
    lambda_http::run(around(routes))
        .await
        .map_err(|error| StartError::Runtime(error.to_string()))
}

/// Reads `STOREFRONT_URL`, where customers see their orders.
pub fn storefront(env: &mut Env) -> Option<url::Url> {
    let text = env.required("STOREFRONT_URL");
    let address = url::Url::parse(&text)
        .ok()
        .filter(|url| !url.cannot_be_a_base());
    if address.is_none() && !text.is_empty() {
        env.problem("STOREFRONT_URL", "must be an absolute address");
    }
    address
}
