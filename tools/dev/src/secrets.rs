//! Secrets of development: made once, kept below `target/dev`, so that what was encrypted yesterday
//! can be read today.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};

const NAMES: [&str; 2] = ["JWT_SECRET_KEY", "ENCRYPTION_KEY"];

pub(crate) fn load_or_make(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let file = folder.join("secrets");
    if !file.exists() {
        make(&file).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn make(file: &Path) -> anyhow::Result<()> {
    let text: String = NAMES
        .iter()
        .map(|name| Ok(format!("{name}=k1:{}\n", key()?)))
        .collect::<anyhow::Result<_>>()?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    Ok(file.write_all(text.as_bytes())?)
}

fn key() -> anyhow::Result<String> {
    let mut key = [0; 32];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| anyhow::anyhow!("no random bytes"))?;
    Ok(STANDARD.encode(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let made = load_or_make(folder.path()).unwrap();
        assert_eq!(
            made.keys().collect::<Vec<_>>(),
            ["ENCRYPTION_KEY", "JWT_SECRET_KEY"]
        );
        assert!(
            made.values()
                .all(|value| value.starts_with("k1:") && value.len() == 47)
        );
        assert_eq!(load_or_make(folder.path()).unwrap(), made);
    }
}
