//! What can go wrong, each as one sentence that says what to do next.

use std::io;
use std::path::{Path, PathBuf};

/// Why the services could not be brought up or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Something else listens on a port that is needed.
    #[error(
        "{service} needs port {port}, and {holder} listens there; stop it, or choose another port \
         with {setting} (in the environment or .env)"
    )]
    PortTaken {
        /// What the port is for.
        service: &'static str,
        /// The port.
        port: u16,
        /// The program that holds it, as far as it can be seen.
        holder: String,
        /// The setting that moves the port.
        setting: &'static str,
    },
    /// A setting is not a port number.
    #[error("{setting} must be a port number between 1024 and 65000")]
    BadPort {
        /// The setting's name.
        setting: &'static str,
    },
    /// A file or folder may not be read or written.
    #[error("no permission to {doing} {}: run as its owner, or give yourself access", path.display())]
    NoPermission {
        /// What was being done, a verb.
        doing: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("the disk that holds {} is full: free at least 500 MB there and try again", path.display())]
    DiskFull {
        /// Where space is missing.
        path: PathBuf,
    },
    /// Programs are missing and cannot be installed here.
    #[error(
        "{missing} not found on this machine, and {why}; install it by hand, or give its address in \
         .env (see .env.example), or use --compose with Docker"
    )]
    Missing {
        /// The programs, by name.
        missing: String,
        /// Why they cannot be installed.
        why: &'static str,
    },
    /// apt-get said no.
    #[error("apt-get could not install {packages}: {reason} (all of its output: {})", log.display())]
    Apt {
        /// The packages asked for.
        packages: String,
        /// apt-get's last error line.
        reason: String,
        /// Its whole output.
        log: PathBuf,
    },
    /// Docker Compose said no, or is not there.
    #[error("docker compose could not start the services: {reason}")]
    Compose {
        /// Docker's last error line.
        reason: String,
    },
    /// A server ended, or did not answer in time.
    #[error("{service} {what}: {reason} (its log: {})", log.display())]
    NotReady {
        /// The server.
        service: &'static str,
        /// What it did instead of starting.
        what: &'static str,
        /// The last telling line of its log.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// Somebody works with what was to be thrown away.
    #[error("the private services are in use: stop the shop (and running tests) first")]
    InUse,
    /// A server would not stop.
    #[error("{service} (process {pid}) could not be stopped")]
    StillRunning {
        /// The server.
        service: &'static str,
        /// Its process id.
        pid: i32,
    },
    /// Postgres runs but refused the connection that makes the database.
    #[error("Postgres runs but does not let the shop's user in")]
    Postgres(#[source] sqlx::Error),
    /// Anything else the operating system refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was being done, a verb.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
}

impl ServiceError {
    /// Names the two usual reasons, a full disk and a missing permission, in plain words.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::PermissionDenied {
            Self::NoPermission { doing, path }
        } else if source.kind() == io::ErrorKind::StorageFull {
            Self::DiskFull { path }
        } else {
            Self::Io {
                doing,
                path,
                source,
            }
        }
    }
}
