//! The surroundings in which Lambda runs a binary.
//!
//! **Owns** the way into them: a mount namespace whose root holds `/var/task` with the function's
//! files, the few libraries that `provided.al2023` has, `/proc`, five devices and four files of
//! `/etc`, all of it read-only, and an empty `/tmp` of 512 MB; Lambda's own unprivileged user; its
//! limits on files and processes; and as much memory as the function is given ([`Memory`]).
//!
//! **Invariant.** The process that enters is the function's: same process id, same standard streams,
//! and exactly the environment that its starter gave the launcher. Nothing of it outlives an
//! [`Enclosure`] but what the process itself has open.
//!
//! **Refuses to know** what runs in it, and the Runtime API. Linux only, development only.
//!
//! The program that starts functions is its own launcher: it calls [`enter_if_asked`] before anything
//! else, and starts functions with [`Enclosure::launcher`]. It needs root, or a system that lets any
//! user make user namespaces; [`possible`] tells.
//!
//! What it cannot give: Lambda's kernel, its C library (the machine's own is used; what a binary
//! needs of it is checked by `package`), its share of a processor, and a network of its own.

mod cgroup;
mod enter;
mod files;
mod identity;
mod memory;
mod spec;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::spec::{ENTER, Spec};

pub use enter::enter_if_asked;
pub use identity::{GROUP, USER};
pub use memory::Memory;

/// Surroundings for one process.
#[derive(Debug)]
pub struct Enclosure {
    spec: Spec,
    memory: Memory,
    _place: TempDir,
}

/// The surroundings cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum EnclosureError {
    /// A folder could not be made.
    #[error("a folder for the function's root could not be made")]
    Folder(#[source] io::Error),
    /// The launcher could not be started.
    #[error("this program cannot start itself as the launcher")]
    Launcher(#[source] io::Error),
    /// The launcher said why it could not enter.
    #[error("this machine does not allow it: {0}")]
    Refused(String),
}

impl Enclosure {
    /// Surroundings whose `/var/task` is a folder with the file `bootstrap`, and whose memory is so
    /// many MB (of 1,048,576 bytes, as Lambda counts them).
    ///
    /// # Errors
    /// Where no folder can be made.
    pub fn around(task: &Path, memory_mb: u32) -> Result<Self, EnclosureError> {
        let place = tempfile::tempdir().map_err(EnclosureError::Folder)?;
        let root = place.path().join("root");
        std::fs::create_dir(&root).map_err(EnclosureError::Folder)?;
        let bytes = u64::from(memory_mb) << 20;
        let memory = Memory::limited_to(bytes);
        let spec = Spec {
            root,
            entered: place.path().join("entered"),
            task: task.to_owned(),
            memory: bytes,
            cgroup: memory.cgroup().map(Path::to_owned),
            trial: false,
        };
        Ok(Self {
            spec,
            memory,
            _place: place,
        })
    }

    /// What is to be started in the binary's stead: a program and its arguments. Its environment is
    /// the function's.
    ///
    /// # Errors
    /// Where this program's own file is not known.
    pub fn launcher(&self) -> Result<(PathBuf, Vec<OsString>), EnclosureError> {
        let program = std::env::current_exe().map_err(EnclosureError::Launcher)?;
        Ok((program, vec![ENTER.into(), self.spec.to_argument().into()]))
    }

    /// When the launcher became the function, once it has: what it took until then is not the
    /// function's.
    #[must_use]
    pub fn entered(&self) -> Option<SystemTime> {
        let text = std::fs::read_to_string(&self.spec.entered).ok()?;
        let nanoseconds = text.parse().ok()?;
        UNIX_EPOCH.checked_add(Duration::from_nanos(nanoseconds))
    }

    /// How the memory is limited here.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// Whether this machine allows such surroundings, tried out without a function.
///
/// # Errors
/// [`EnclosureError::Refused`] with what was refused and what would help.
pub fn possible() -> Result<(), EnclosureError> {
    let task = tempfile::tempdir().map_err(EnclosureError::Folder)?;
    let mut trial = Enclosure::around(task.path(), 128)?;
    trial.spec.trial = true;
    let (program, arguments) = trial.launcher()?;
    let mut launcher = Command::new(program);
    launcher.args(arguments).env_clear().stdin(Stdio::null());
    let output = launcher.output().map_err(EnclosureError::Launcher)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(EnclosureError::Refused(said))
}
