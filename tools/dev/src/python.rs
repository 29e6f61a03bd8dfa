//! Programs that come from PyPI, each in a private environment below `target/dev`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use services::Reporter;
use tokio::process::Command;

use crate::terminal::Step;

/// 1.9.2 is the first with the routing and reloading that reference/lambda.md describes.
pub(crate) const CARGO_LAMBDA: Package = Package {
    requirement: "cargo-lambda==1.9.2",
    program: "cargo-lambda",
    folder: "venv",
    purpose: "it runs the functions here",
};

/// The compiler that links functions for Lambda, whatever C library this machine has. A folder of
/// its own: 80 MB that only packaging needs.
const ZIG: Package = Package {
    requirement: "ziglang==0.17.1",
    program: "python-zig",
    folder: "venv-zig",
    purpose: "it links the functions for Lambda",
};

/// A program on PyPI.
pub(crate) struct Package {
    requirement: &'static str,
    program: &'static str,
    folder: &'static str,
    purpose: &'static str,
}

/// Makes sure that zig is there; answers the path of the compiler itself, which the package keeps
/// among its modules.
pub(crate) async fn zig(dev_folder: &Path, step: &Step) -> anyhow::Result<PathBuf> {
    ensure(&ZIG, dev_folder, step).await?;
    let folder = dev_folder.join(ZIG.folder);
    let libraries = std::fs::read_dir(folder.join("lib")).into_iter().flatten();
    libraries
        .flatten()
        .map(|python| python.path().join("site-packages"))
        .chain([folder.clone()])
        .map(|modules| modules.join("ziglang/zig"))
        .find(|zig| zig.exists())
        .with_context(|| format!("{} holds no zig", folder.display()))
}

/// Makes sure that the program is there; answers its path.
pub(crate) async fn ensure(
    package: &Package,
    dev_folder: &Path,
    step: &Step,
) -> anyhow::Result<PathBuf> {
    let folder = dev_folder.join(package.folder);
    let stamp = folder.join(format!("{}.installed", package.requirement));
    let program = folder.join("bin").join(package.program);
    if stamp.exists() && program.exists() {
        return Ok(program);
    }
    step.say(&format!(
        "Installing {} from PyPI into a private environment, because {}.",
        package.requirement, package.purpose
    ));
    if !in_virtual_environment(package, &folder).await {
        // Debian keeps `venv` in a package of its own; pip can install into a plain folder too.
        step.detail("python3 has no venv module: installing with pip into a folder");
        into_folder(package, &folder).await?;
    }
    std::fs::write(stamp, "")?;
    Ok(program)
}

/// `--no-deps`: cargo-lambda's one dependency is the Zig compiler, 80 MB for cross-compiling.
async fn in_virtual_environment(package: &Package, folder: &Path) -> bool {
    let made = quietly(Command::new("python3").args(["-m", "venv"]).arg(folder)).await;
    let pip = folder.join("bin/pip");
    made.is_ok()
        && quietly(Command::new(pip).args(["install", "--no-deps", package.requirement]))
            .await
            .is_ok()
}

async fn into_folder(package: &Package, folder: &Path) -> anyhow::Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--no-deps", "--upgrade", "--target"]);
    pip.arg(folder).arg(package.requirement);
    match quietly(&mut pip).await {
        Ok(()) => Ok(()),
        Err(reason) => bail!(
            "{} could not be installed with pip ({reason}); it needs Python 3 with pip or venv \
             (Debian: apt-get install python3-venv)",
            package.requirement
        ),
    }
}

/// Answers the last line that the program printed, if it failed.
async fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().rfind(|line| !line.trim().is_empty());
    Err(last.unwrap_or("it gave no reason").to_owned())
}
