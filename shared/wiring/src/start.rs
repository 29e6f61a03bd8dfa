//! Why a function does not start, and what it tells about itself instead of starting.

use serde_json::{Value, json};
use settings::{Env, SettingsError};

use crate::source::Secrets;

/// Why a function could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or malformed.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The function's wiring gave nothing and named no setting: a mistake of ours.
    #[error("the function's wiring gave nothing and named no setting")]
    Unwired,
    /// The Lambda runtime gave up.
    #[error("the Lambda runtime stopped: {0}")]
    Runtime(String),
}

impl StartError {
    /// The Lambda runtime stopped.
    pub fn runtime(error: impl std::fmt::Display) -> Self {
        Self::Runtime(error.to_string())
    }
}

/// Answers `--settings` with the settings that a function asks for, in the environment it is started
/// in, as JSON: `[{"name": "DATABASE_URL", "required": true}, …]`. A test compares them with what
/// template.yaml gives the function. In a release build this is nothing.
#[must_use]
pub fn described<T>(wire: &impl Fn(&mut Env) -> T) -> bool {
    if !cfg!(debug_assertions) || std::env::args().nth(1).as_deref() != Some("--settings") {
        return false;
    }
    let asked = Secrets::default().asked(|env| {
        telemetry::start(env);
        wire(env);
    });
    let asked: Vec<Value> = asked
        .iter()
        .map(|setting| json!({ "name": setting.name, "required": setting.required }))
        .collect();
    #[expect(clippy::print_stdout, reason = "the list is what was asked for")]
    {
        println!("{}", Value::from(asked));
    }
    true
}
