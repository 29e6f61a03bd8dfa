//! The certificates that a function checks the database's against, beside its binary.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use package::CERTIFICATES;
use services::Reporter as _;

use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// Where docs/deploy.md has them put.
const USUAL: &str = "infrastructure/database-ca.pem";

/// The file that is given, or the usual one if it is there.
pub(crate) fn find(workspace: &Workspace, given: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    let usual = workspace.root.join(USUAL);
    let Some(file) = given.map_or_else(|| usual.exists().then_some(usual), |g| Some(g.to_owned()))
    else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(
        text.contains("-----BEGIN CERTIFICATE-----"),
        "{} holds no certificate in PEM form",
        file.display()
    );
    ensure!(
        !text.contains("PRIVATE KEY"),
        "{} holds a private key",
        file.display()
    );
    Ok(Some(file))
}

/// Puts them beside a function's binary.
pub(crate) fn put(file: Option<&Path>, folder: &Path) -> anyhow::Result<()> {
    if let Some(file) = file {
        std::fs::copy(file, folder.join(CERTIFICATES)).context("copying the certificates")?;
    }
    Ok(())
}

pub(crate) fn tell(file: Option<&Path>, terminal: &Terminal) {
    match file {
        Some(file) => terminal.say(&format!("Each zip holds {} as {CERTIFICATES}.", file.display())),
        None => terminal.say(&format!(
            "The zips hold no {CERTIFICATES}: functions deployed like this will not trust the database \
             (sslmode=verify-full). Get it as docs/deploy.md says, put it at {USUAL}, and package again.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Result<Option<PathBuf>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        find(&Workspace::find(), Some(file.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn only_certificates_are_sent() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert!(found(certificate).unwrap().is_some());
        assert!(found("<html>").unwrap_err().contains("no certificate"));
        let with_key = format!("{certificate}-----BEGIN PRIVATE KEY-----\n");
        assert!(found(&with_key).unwrap_err().contains("a private key"));
    }
}
