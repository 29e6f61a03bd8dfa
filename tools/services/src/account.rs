//! Whom a server runs as: the caller, or an ordinary user when the caller is root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use nix::unistd::{User, getuid};

use crate::ServiceError;

/// An ordinary user that root starts a server as. Postgres and RabbitMQ refuse or dislike root.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

pub(crate) fn is_root() -> bool {
    getuid().is_root()
}

/// The account for a server: `None` for "as the caller is", the package's own user if root has
/// one, else `nobody`.
pub(crate) fn for_server(preferred: &str) -> Option<Account> {
    if !is_root() {
        return None;
    }
    [preferred, "nobody"].iter().find_map(|name| named(name))
}

fn named(name: &str) -> Option<Account> {
    let user = User::from_name(name).ok().flatten()?;
    Some(Account {
        name: user.name,
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    })
}

/// Whether any ordinary user can pass through every folder on the way to `path`.
pub(crate) fn reachable_by_others(path: &Path) -> bool {
    path.ancestors()
        .filter_map(|folder| fs::metadata(folder).ok())
        .all(|metadata| metadata.mode() & 0o001 != 0)
}

/// Gives a folder and all it holds to the account.
pub(crate) fn hand_over(path: &Path, account: Option<&Account>) -> Result<(), ServiceError> {
    let Some(account) = account else {
        return Ok(());
    };
    let refused = |source| ServiceError::io("change the owner of", path, source);
    let metadata = fs::symlink_metadata(path).map_err(refused)?;
    if metadata.uid() != account.uid {
        chown(path, Some(account.uid), Some(account.gid)).map_err(refused)?;
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(refused)? {
            hand_over(&entry.map_err(refused)?.path(), Some(account))?;
        }
    }
    Ok(())
}
