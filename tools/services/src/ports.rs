//! Whether a port is free, and who holds it if not.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use crate::ServiceError;

/// Makes sure that nothing listens on a loopback port.
///
/// # Errors
/// [`ServiceError::PortTaken`] with the holder's name, as far as this user may see it.
pub fn require_free(
    service: &'static str,
    port: u16,
    setting: &'static str,
) -> Result<(), ServiceError> {
    // The standard library sets SO_REUSEADDR, so a port in TIME_WAIT counts as free.
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(_) => {
            let holder = holder_of(port).unwrap_or_else(|| "another program".to_owned());
            Err(ServiceError::PortTaken {
                service,
                port,
                holder,
                setting,
            })
        }
    }
}

/// The program that listens on a port, as `name (process id)`; `None` if it cannot be seen, which
/// is so for another user's programs and on systems without `/proc`.
#[must_use]
pub fn holder_of(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| listening_inode(&table, port))?;
    let wanted = format!("socket:[{inode}]");
    let pid = process_ids().find(|pid| holds(*pid, &wanted))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("{} (process {pid})", name.trim()))
}

/// Columns of `/proc/net/tcp`, see proc_pid_net(5): 1 local address, 3 state (0A is listening),
/// 9 inode.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let listens = columns.get(1)?.ends_with(&suffix) && *columns.get(3)? == "0A";
        listens.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
    })
}

fn process_ids() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn holds(pid: u32, socket: &str) -> bool {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .any(|target| target.as_os_str() == socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused_with_its_holders_name_and_the_setting() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = require_free("Redis", port, "DEV_REDIS_PORT")
            .unwrap_err()
            .to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        assert!(error.contains("DEV_REDIS_PORT"));
        drop(listener);
        require_free("Redis", port, "DEV_REDIS_PORT").unwrap();
    }
}
