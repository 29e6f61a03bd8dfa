//! The functions as they were built: their binaries, and what these tell about themselves.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use cargo_metadata::MetadataCommand;

use crate::root;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec();
    let target = metadata.unwrap().target_directory;
    target.join("debug").into_std_path_buf()
});

/// A function's binary.
pub(crate) fn binary(function: &str) -> PathBuf {
    let path = FOLDER.join(function);
    assert!(
        path.exists(),
        "{function} is not built: cargo build --workspace"
    );
    path
}

/// A setting that a function asks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Asked {
    pub(crate) name: String,
    /// Whether the function does not start without it.
    pub(crate) required: bool,
}

/// What a function asks for in an environment, as a debug build tells.
pub(crate) fn asked(function: &str, environment: &[(String, String)]) -> Vec<Asked> {
    let variables = environment.iter().map(|(name, value)| (name, value));
    let output = Command::new(binary(function))
        .arg("--settings")
        .env_clear()
        .envs(variables)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let errors = String::from_utf8_lossy(&output.stderr);
        panic!("{function} does not tell its settings ({error}): {errors}")
    })
}
