//! Where the servers keep their data: below the repository's `target/`, unless the ordinary user
//! that runs them cannot get there.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

use crate::account::{self, Account};
use crate::{Reporter, ServiceError};

/// RabbitMQ alone asks for some hundred megabytes of room; below this nothing starts well.
const LEAST_FREE_BYTES: u64 = 500 * 1024 * 1024;

/// The folders in use.
#[derive(Debug)]
pub(crate) struct Place {
    /// Locks and process ids; always below the repository, so that each work tree has its own.
    pub(crate) state: PathBuf,
    /// The servers' output.
    pub(crate) logs: PathBuf,
    data: PathBuf,
}

impl Place {
    pub(crate) fn prepare(folder: &Path, report: &dyn Reporter) -> Result<Self, ServiceError> {
        let logs = folder.join("logs");
        make(&logs)?;
        let data = data_folder(folder, report)?;
        require_room(&data)?;
        Ok(Self {
            state: folder.to_owned(),
            logs,
            data,
        })
    }

    /// A server's own folder, made if need be and owned by the account.
    pub(crate) fn data_of(
        &self,
        server: &str,
        account: Option<&Account>,
    ) -> Result<PathBuf, ServiceError> {
        let folder = self.data.join(server);
        make(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))
            .map_err(|source| ServiceError::io("close", &folder, source))?;
        account::hand_over(&folder, account)?;
        Ok(folder)
    }

    /// Removes every server's data; only safe while none runs.
    pub(crate) fn forget(&self) -> Result<(), ServiceError> {
        for server in ["postgres", "redis", "rabbitmq"] {
            let folder = self.data.join(server);
            if folder.exists() {
                fs::remove_dir_all(&folder)
                    .map_err(|source| ServiceError::io("remove", &folder, source))?;
            }
        }
        // Goes too if nothing else lies in it, as where data is kept elsewhere.
        let _ = fs::remove_dir(&self.data);
        Ok(())
    }

    pub(crate) fn log_of(&self, server: &str) -> PathBuf {
        self.logs.join(format!("{server}.log"))
    }

    /// Opens a server's log afresh; the former run's is of no use any more.
    pub(crate) fn new_log(&self, server: &str) -> Result<File, ServiceError> {
        let path = self.log_of(server);
        File::create(&path).map_err(|source| ServiceError::io("write", &path, source))
    }
}

/// Root starts the servers as ordinary users, who cannot enter, say, a work tree below `/root`;
/// their data then lies in `/var/lib/madrush`, in a folder named after the work tree.
fn data_folder(folder: &Path, report: &dyn Reporter) -> Result<PathBuf, ServiceError> {
    if !account::is_root() || account::reachable_by_others(folder) {
        return Ok(folder.to_owned());
    }
    let name = folder.to_string_lossy().trim_matches('/').replace('/', "-");
    let elsewhere = Path::new("/var/lib/madrush").join(name);
    forget_former_tree(folder, &elsewhere)?;
    make(&elsewhere)?;
    report.say(&format!(
        "The servers run as ordinary users, who cannot enter {}: their data is kept in {}.",
        folder.display(),
        elsewhere.display()
    ));
    Ok(elsewhere)
}

/// A fresh clone at the path of a former one must not inherit its data: what lies elsewhere is
/// ours only if this work tree says so.
fn forget_former_tree(folder: &Path, elsewhere: &Path) -> Result<(), ServiceError> {
    let marker = folder.join("data-lies-elsewhere");
    if !marker.exists() {
        let _ = fs::remove_dir_all(elsewhere);
    }
    let text = elsewhere.to_string_lossy();
    fs::write(&marker, text.as_bytes()).map_err(|e| ServiceError::io("write", &marker, e))
}

fn make(folder: &Path) -> Result<(), ServiceError> {
    fs::create_dir_all(folder).map_err(|source| ServiceError::io("create", folder, source))
}

fn require_room(folder: &Path) -> Result<(), ServiceError> {
    let Ok(disk) = statvfs(folder) else {
        return Ok(());
    };
    if disk.blocks_available() * disk.fragment_size() < LEAST_FREE_BYTES {
        return Err(ServiceError::DiskFull {
            path: folder.to_owned(),
        });
    }
    Ok(())
}

/// The last line of a log that says what went wrong, for an error's sentence.
pub(crate) fn telling_line(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .rev()
    };
    let telling = [
        "FATAL",
        "PANIC",
        "ERROR",
        "rror:",
        "BOOT FAILED",
        "No space left",
        "E: ",
    ];
    lines()
        .find(|line| telling.iter().any(|word| line.contains(word)))
        .or_else(|| lines().next())
        .unwrap_or("it wrote nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_line_of_a_log_is_its_last_error() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("postgres.log");
        fs::write(&log, "LOG: starting\nFATAL: lock file exists\nHINT: look\n").unwrap();
        assert_eq!(telling_line(&log), "FATAL: lock file exists");
        assert_eq!(
            telling_line(&folder.path().join("none")),
            "it wrote nothing"
        );
    }
}
