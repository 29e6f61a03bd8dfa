//! Where settings come from: the environment, and the secrets it refers to.

use std::collections::BTreeMap;

use secrecy::SecretString;
use settings::{Asked, Env, SettingsError};

use crate::SecretsUnavailable;
use crate::extension::{Extension, Patience};
use crate::reference::References;

/// The process's environment, with what it says about secrets.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) references: References,
    pub(crate) extension: Extension,
}

/// The values of the settings that are secrets, as they were read once. It does not print.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Secrets(BTreeMap<String, String>);

impl Source {
    /// Reads the environment; reads no secret yet.
    ///
    /// # Errors
    /// A malformed setting of the extension.
    pub(crate) fn of_the_process() -> Result<Self, SettingsError> {
        // All of them: references are found by the form of their names.
        let references = References::among(std::env::vars());
        let extension = settings::read(|env| Extension {
            port: env.parsed_or("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", 2773),
            token: SecretString::from(env.or("AWS_SESSION_TOKEN", "")),
        })?;
        Ok(Self {
            references,
            extension,
        })
    }

    /// Reads the secrets while `patience` lasts. At once where there are none.
    pub(crate) async fn secrets(&self, patience: Patience) -> Result<Secrets, SecretsUnavailable> {
        if self.references.is_empty() {
            return Ok(Secrets::default());
        }
        Ok(Secrets(
            self.extension.read(&self.references, patience).await?,
        ))
    }
}

impl Secrets {
    /// Hands the settings to a reader: a secret where there is one, else the environment's value.
    pub(crate) fn hand_to<T>(&self, read: impl FnOnce(&mut Env) -> T) -> Result<T, SettingsError> {
        settings::read_from(self.lookup(), read)
    }

    /// Which settings a reader asks for.
    pub(crate) fn asked<T>(&self, read: impl FnOnce(&mut Env) -> T) -> Vec<Asked> {
        settings::asked(self.lookup(), read)
    }

    fn lookup(&self) -> impl Fn(&str) -> Option<String> + 'static {
        let secrets = self.0.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "this hands the environment to the door the ban points to"
        )]
        move |name| {
            secrets
                .get(name)
                .cloned()
                .or_else(|| std::env::var(name).ok())
        }
    }
}
