//! The launcher: enters the surroundings, then becomes the function.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::UNIX_EPOCH;

use crate::spec::{ENTER, Spec};
use crate::{files, identity};

/// What Lambda starts.
const BOOTSTRAP: &str = "/var/task/bootstrap";

/// What the machine did not allow.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub(crate) struct Refusal {
    what: &'static str,
    why: String,
}

impl Refusal {
    /// For `map_err`.
    pub(crate) fn of<E: Display>(what: &'static str) -> impl Fn(E) -> Self {
        move |error| Self {
            what,
            why: error.to_string(),
        }
    }
}

/// Becomes a function in its surroundings, if this process was started as a launcher; otherwise
/// returns. To be called first in `main`, before there is a second thread: namespaces belong to
/// threads.
pub fn enter_if_asked() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(ENTER) {
        return;
    }
    let spec = arguments.next().and_then(|text| Spec::from_argument(&text));
    let outcome = match &spec {
        Some(spec) => become_function(spec),
        None => Err(Refusal::of("starting")(
            "the launcher was not told what to do",
        )),
    };
    let Err(refusal) = outcome else {
        std::process::exit(0)
    };
    eprintln!("{refusal} (it takes root, or user namespaces that any user may make)");
    std::process::exit(126)
}

/// Returns only where it is a trial, or has failed.
fn become_function(spec: &Spec) -> Result<(), Refusal> {
    // While its path still leads anywhere; it closes when the function begins.
    let entered = File::create(&spec.entered).map_err(Refusal::of("making a file"))?;
    join(spec.cgroup.as_deref())?;
    identity::separate()?;
    files::replace_root(&spec.root, &spec.task)?;
    identity::limit(spec.cgroup.is_none().then_some(spec.memory))?;
    identity::become_user()?;
    if spec.trial {
        return Ok(());
    }
    note_time(entered)?;
    // The environment and the streams are the launcher's own: they are the function's.
    let error = Command::new(BOOTSTRAP).exec();
    Err(Refusal::of(BOOTSTRAP)(error))
}

fn note_time(mut file: File) -> Result<(), Refusal> {
    let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    write!(file, "{now}").map_err(Refusal::of("noting the time"))
}

/// `0` is the writer itself, in both versions of the interface.
fn join(cgroup: Option<&Path>) -> Result<(), Refusal> {
    cgroup.map_or(Ok(()), |group| {
        fs::write(group.join("cgroup.procs"), "0").map_err(Refusal::of("joining the control group"))
    })
}
