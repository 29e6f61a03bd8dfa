//! The build itself: `cargo lambda build` with zig, against Lambda's own C library.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use package::Architecture;

use crate::cargo;
use crate::python::{self, CARGO_LAMBDA};
use crate::terminal::Step;
use crate::workspace::{Function, Workspace};

/// Builds functions for Lambda out of one source tree.
pub(crate) struct Builder {
    cargo_lambda: PathBuf,
    zig: PathBuf,
    source: PathBuf,
    lambda_folder: PathBuf,
    target_folder: Option<PathBuf>,
}

impl Builder {
    /// For this work tree, into `target/lambda`, where the template looks.
    pub(crate) async fn prepare(workspace: &Workspace, step: &Step) -> anyhow::Result<Self> {
        let dev_folder = workspace.dev_folder()?;
        Ok(Self {
            cargo_lambda: python::ensure(&CARGO_LAMBDA, &dev_folder, step).await?,
            zig: python::zig(&dev_folder, step).await?,
            source: workspace.root.clone(),
            lambda_folder: workspace.root.join("target/lambda"),
            target_folder: None,
        })
    }

    /// For a copy of the work tree, with a target folder of its own.
    pub(crate) fn elsewhere(self, source: &Path, target: &Path) -> Self {
        Self {
            source: source.to_owned(),
            lambda_folder: target.join("lambda"),
            target_folder: Some(target.to_owned()),
            ..self
        }
    }

    /// The folder that is sent for a function.
    pub(crate) fn folder(&self, function: &str) -> PathBuf {
        self.lambda_folder.join(function)
    }

    /// Builds all of them in one run of cargo, each into a folder with nothing else in it.
    pub(crate) async fn build(
        &self,
        functions: &[Function],
        architecture: Architecture,
        step: &Step,
    ) -> anyhow::Result<()> {
        for function in functions {
            let folder = self.folder(&function.name);
            if folder.exists() {
                std::fs::remove_dir_all(&folder)
                    .with_context(|| format!("cannot empty {}", folder.display()))?;
            }
        }
        let mut command = cargo::command_of(&self.cargo_lambda, &self.source);
        command.args(["lambda", "build", "--release"]);
        command.args(["--target", &architecture.pinned_triple()]);
        command.arg("--lambda-dir").arg(&self.lambda_folder);
        command.arg("--config").arg(self.without_paths());
        for package in packages(functions) {
            command.args(["--package", package]);
        }
        for function in functions {
            command.args(["--bin", &function.name]);
        }
        command.env("CARGO_ZIGBUILD_ZIG_PATH", &self.zig);
        if let Some(target) = &self.target_folder {
            command.env("CARGO_TARGET_DIR", target);
        }
        cargo::compile(command, step).await
    }

    /// Panics name source files: without this machine's folders, so that the same source makes the
    /// same binary anywhere and a log tells nothing of who built it. Given as configuration and not
    /// in RUSTFLAGS, which would drop cargo-lambda's own choice of processor.
    fn without_paths(&self) -> OsString {
        let renamed = [
            (cargo::home(), "/crates"),
            (Some(self.source.clone()), "/shop"),
        ];
        let flags: Vec<String> = renamed
            .iter()
            .filter_map(|(from, to)| Some((from.as_ref()?, to)))
            .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
            .collect();
        // A list of texts is written in TOML as in JSON.
        format!("build.rustflags={}", serde_json::json!(flags)).into()
    }
}

/// The packages that functions are in, each once.
pub(crate) fn packages(functions: &[Function]) -> Vec<&str> {
    let mut packages: Vec<&str> = functions.iter().map(|f| f.package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}
