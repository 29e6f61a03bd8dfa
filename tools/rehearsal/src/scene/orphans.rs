//! What rehearsals that were killed have left: databases, virtual hosts, frozen processes. All carry
//! the number of the process that made them.

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{ConnectOptions as _, Connection as _};

use super::database::{run_on, server};
use super::vhost::{Management, delete};
use crate::servers::Servers;

/// In the environment of every function that a rehearsal starts: the rehearsal's process.
pub(crate) const MARK: &str = "MADRUSH_REHEARSAL";

/// Takes away what belongs to processes that are gone.
pub(super) async fn sweep(servers: &Servers) -> anyhow::Result<()> {
    end_processes();
    let server = server(servers)?;
    let mut admin = server.connect().await?;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE 'rehearsal\\_%'")
            .fetch_all(&mut admin)
            .await?;
    admin.close().await?;
    for name in names.iter().filter(|name| is_orphaned(name)) {
        run_on(
            &server,
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await?;
    }
    let management = Management::of(servers)?;
    for name in management
        .vhosts()
        .await?
        .iter()
        .filter(|name| is_orphaned(name))
    {
        delete(&management, name).await?;
    }
    Ok(())
}

/// `rehearsal_<process>_<number>` of a process that is gone.
fn is_orphaned(name: &str) -> bool {
    let owner = name
        .strip_prefix("rehearsal_")
        .and_then(|rest| rest.split('_').next());
    owner
        .and_then(|owner| owner.parse().ok())
        .is_some_and(is_gone)
}

fn is_gone(process: u32) -> bool {
    !Path::new("/proc").join(process.to_string()).exists()
}

fn end_processes() {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if let Some(pid) = pid
            && owner(pid).is_some_and(is_gone)
        {
            // Failing means that it has ended by itself.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Another user's environment cannot be read, and a zombie's is empty: neither has an owner.
fn owner(pid: i32) -> Option<u32> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let owner = variables
        .find_map(|variable| variable.strip_prefix(MARK.as_bytes())?.strip_prefix(b"="))?;
    std::str::from_utf8(owner).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_to_a_process_that_is_gone_is_swept() {
        assert!(is_orphaned("rehearsal_4294967295_1f"));
        assert!(!is_orphaned(&format!(
            "rehearsal_{}_1f",
            std::process::id()
        )));
        assert!(!is_orphaned("rehearsal_notes") && !is_orphaned("madrush"));
    }
}
