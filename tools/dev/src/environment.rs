//! The shop's settings in development: from the environment, else from `.env`, else built in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use services::Plan;

mod known;

use crate::secrets;
use crate::workspace::Workspace;
use known::Default::{Absent, Made, Private, Value};
use known::{SETTINGS, Setting};

/// The settings, complete.
#[derive(Clone)]
pub(crate) struct Settings {
    given: BTreeMap<String, String>,
    values: BTreeMap<String, String>,
    plan: Plan,
}

/// The ports that `cargo dev` itself listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) api: u16,
    pub(crate) sandbox: u16,
    pub(crate) smtp: u16,
}

impl Settings {
    pub(crate) fn load(workspace: &Workspace) -> anyhow::Result<Self> {
        let given = given(workspace)?;
        let lookup = |name: &str| given.get(name).cloned();
        let plan = Plan::read(workspace.root.clone(), lookup)?;
        let made = secrets::load_or_make(&workspace.dev_folder()?)?;
        let mut settings = Self {
            given,
            values: made,
            plan,
        };
        settings.fill_in()?;
        Ok(settings)
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A setting's value, given or not.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(crate) fn ports(&self) -> anyhow::Result<Ports> {
        let port = |name| {
            let value = self.get(name).unwrap_or_default();
            value
                .parse::<u16>()
                .with_context(|| format!("{name} must be a port number"))
        };
        Ok(Ports {
            api: port("DEV_API_PORT")?,
            sandbox: port("DEV_SANDBOX_PORT")?,
            smtp: port("DEV_SMTP_PORT")?,
        })
    }

    /// All of them, for a child's environment.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `KEY=VALUE` lines that a shell can read: quoted where need be.
    pub(crate) fn as_lines(&self) -> String {
        self.pairs()
            .fold(String::new(), |mut lines, (name, value)| {
                let _ = writeln!(lines, "{name}={}", quoted(value));
                lines
            })
    }

    /// Reads a crate's settings from these.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&mut settings::Env) -> T) -> anyhow::Result<T> {
        let values = self.values.clone();
        Ok(settings::read_from(
            move |name| values.get(name).cloned(),
            read,
        )?)
    }

    fn fill_in(&mut self) -> anyhow::Result<()> {
        for Setting { name, default, .. } in &SETTINGS {
            if let Some(given) = self.given.get(*name) {
                self.values.insert((*name).to_owned(), given.clone());
            } else if let Value(value) = default {
                self.values.insert((*name).to_owned(), (*value).to_owned());
            }
        }
        self.values.extend(
            self.plan
                .addresses()
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v)),
        );
        let Ports { api, sandbox, smtp } = self.ports()?;
        for value in self.values.values_mut() {
            *value = value
                .replace("{api}", &api.to_string())
                .replace("{sandbox}", &sandbox.to_string())
                .replace("{smtp}", &smtp.to_string());
        }
        Ok(())
    }
}

/// What the environment and `.env` say, of the settings that are known; an empty value is none.
fn given(workspace: &Workspace) -> anyhow::Result<BTreeMap<String, String>> {
    let file = workspace.root.join(".env");
    let mut given = BTreeMap::new();
    if file.exists() {
        for pair in dotenvy::from_path_iter(&file).context(".env cannot be read")? {
            // The line itself stays out of the message: it may be a secret.
            let (name, value) =
                pair.map_err(|_| anyhow::anyhow!(".env has a line that is not KEY=VALUE"))?;
            given.insert(name, value);
        }
    }
    given.extend(std::env::vars());
    given.retain(|name, value| {
        !value.trim().is_empty() && SETTINGS.iter().any(|setting| setting.name == name)
    });
    Ok(given)
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=,%".contains(c);
    if value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// The text of `.env.example`.
pub(crate) fn example() -> String {
    let mut text = String::from(
        "# The shop's settings. Copy this file to .env and uncomment what is to differ: in development every\n\
         # setting has the value shown, or none. The environment wins over .env. On AWS template.yaml gives the\n\
         # settings; those that are secrets it names instead: NAME_SECRET=<a secret's ARN>#<a key in its JSON>.\n",
    );
    for Setting {
        name,
        default,
        about,
    } in &SETTINGS
    {
        let value = match default {
            Value(value) | Private(value) | Absent(value) => value,
            Made => "(made once, kept in target/dev/secrets)",
        };
        let value = value
            .replace("{api}", "9000")
            .replace("{sandbox}", "9100")
            .replace("{smtp}", "9125");
        let _ = write!(text, "\n# {about}\n#{name}={value}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_example_is_what_the_code_says() {
        let file = Workspace::find().root.join(".env.example");
        let committed = std::fs::read_to_string(file).unwrap();
        assert_eq!(
            committed,
            example(),
            "cargo dev env --example > .env.example"
        );
    }

    #[test]
    fn a_value_that_a_shell_would_split_is_quoted() {
        assert_eq!(quoted("postgres://a:b@c:1/d"), "postgres://a:b@c:1/d");
        assert_eq!(quoted("MAD RUSH"), "'MAD RUSH'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
