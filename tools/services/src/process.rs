//! A server as a process: started in a group of its own, remembered on disk, stopped for good.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::account::Account;
use crate::place::{Place, telling_line};
use crate::{Reporter, ServiceError};

const POLL: Duration = Duration::from_millis(50);

/// How a server is started.
pub(crate) struct Launch<'a> {
    pub(crate) service: &'static str,
    /// The server's short name, for its log and its process-id file.
    pub(crate) name: &'static str,
    pub(crate) program: &'a Path,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(&'static str, OsString)>,
    pub(crate) folder: &'a Path,
    pub(crate) account: Option<&'a Account>,
}

/// A server that runs, started by this program or by another one of the same work tree.
pub(crate) struct Server {
    service: &'static str,
    pid: Pid,
    record: PathBuf,
    log: PathBuf,
}

impl Launch<'_> {
    pub(crate) fn start(self, place: &Place) -> Result<Server, ServiceError> {
        let log = place.new_log(self.name)?;
        let also = log
            .try_clone()
            .map_err(|e| ServiceError::io("write", &place.logs, e))?;
        let mut command = Command::new(self.program);
        command
            .args(&self.args)
            .envs(self.env)
            .current_dir(self.folder);
        command.stdin(Stdio::null()).stdout(log).stderr(also);
        // A group of its own: Ctrl-C at the terminal reaches us, and we stop servers in order.
        command.process_group(0);
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        let child = command
            .spawn()
            .map_err(|source| ServiceError::io("start", self.program, source))?;
        Server::remember(
            self.service,
            self.name,
            Pid::from_raw(child.id().cast_signed()),
            place,
        )
    }
}

impl Server {
    fn remember(
        service: &'static str,
        name: &'static str,
        pid: Pid,
        place: &Place,
    ) -> Result<Self, ServiceError> {
        let record = record_of(place, name);
        let server = Self {
            service,
            pid,
            record,
            log: place.log_of(name),
        };
        fs::write(
            &server.record,
            format!("{pid} {}\n", started_at(pid).unwrap_or_default()),
        )
        .map_err(|source| ServiceError::io("write", &server.record, source))?;
        Ok(server)
    }

    /// The server that a former call remembered, if it still runs.
    pub(crate) fn remembered(
        service: &'static str,
        name: &'static str,
        place: &Place,
    ) -> Option<Self> {
        let record = record_of(place, name);
        let text = fs::read_to_string(&record).ok()?;
        let (pid, started) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let pid = Pid::from_raw(pid.parse().ok()?);
        let same = started_at(pid).unwrap_or_default() == started;
        // The group outlives its first process if a server forks: either counts as running.
        let runs = (same && lives(pid)) || group_lives(pid);
        runs.then(|| Self {
            service,
            pid,
            record,
            log: place.log_of(name),
        })
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    /// If the server ends first, or is not ready within `patience`.
    pub(crate) async fn until_ready(
        &self,
        patience: Duration,
        report: &dyn Reporter,
        ready: impl AsyncFn() -> bool,
    ) -> Result<(), ServiceError> {
        let began = Instant::now();
        while !ready().await {
            if !lives(self.pid) {
                return Err(self.not_ready("ended while it was starting"));
            }
            if began.elapsed() > patience {
                return Err(self.not_ready("did not become ready in time"));
            }
            let seconds = began.elapsed().as_secs();
            report.detail(&format!("{} is starting ({seconds} s)", self.service));
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Sends its whole group a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = killpg(self.pid, signal);
    }

    /// Asks with `signal`, waits, then ends the whole group by force.
    pub(crate) async fn stop(self, signal: Signal, patience: Duration) -> Result<(), ServiceError> {
        let _ = kill(self.pid, signal);
        if !self.gone_within(patience).await {
            let _ = killpg(self.pid, Signal::SIGKILL);
            if !self.gone_within(Duration::from_secs(5)).await {
                let pid = self.pid.as_raw();
                return Err(ServiceError::StillRunning {
                    service: self.service,
                    pid,
                });
            }
        }
        let _ = fs::remove_file(&self.record);
        Ok(())
    }

    async fn gone_within(&self, patience: Duration) -> bool {
        let began = Instant::now();
        while began.elapsed() < patience {
            if !lives(self.pid) && !group_lives(self.pid) {
                return true;
            }
            tokio::time::sleep(POLL).await;
        }
        false
    }

    fn not_ready(&self, what: &'static str) -> ServiceError {
        let reason = telling_line(&self.log);
        if reason.contains("No space left") {
            return ServiceError::DiskFull {
                path: self.log.clone(),
            };
        }
        ServiceError::NotReady {
            service: self.service,
            what,
            reason,
            log: self.log.clone(),
        }
    }
}

fn record_of(place: &Place, name: &str) -> PathBuf {
    place.state.join(format!("{name}.pid"))
}

/// Whether a process runs. Reaps it if it is our child and has ended; a zombie that its own parent
/// leaves unreaped has ended too.
fn lives(pid: Pid) -> bool {
    let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
    match Stat::of(pid) {
        Some(stat) => stat.runs(),
        None => !Path::new("/proc/self").exists() && kill(pid, None) != Err(Errno::ESRCH),
    }
}

/// Whether any process of a group runs.
fn group_lives(group: Pid) -> bool {
    if killpg(group, None) == Err(Errno::ESRCH) {
        return false;
    }
    let Ok(processes) = fs::read_dir("/proc") else {
        return true;
    };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Stat::of(Pid::from_raw(pid)))
        .any(|stat| stat.group == group.as_raw() && stat.runs())
}

/// What `/proc` says of a process, see proc_pid_stat(5); `None` without `/proc`.
struct Stat {
    state: String,
    group: i32,
    started: String,
}

impl Stat {
    /// The fields are counted after the name in parentheses, which may itself hold spaces.
    fn of(pid: Pid) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some(Self {
            state: (*fields.first()?).to_owned(),
            group: fields.get(2)?.parse().ok()?,
            started: (*fields.get(19)?).to_owned(),
        })
    }

    fn runs(&self) -> bool {
        self.state != "Z" && self.state != "X"
    }
}

/// A process id alone may be another program's by now; together with the start time it is unique.
fn started_at(pid: Pid) -> Option<String> {
    Stat::of(pid).map(|stat| stat.started)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Reporter;

    struct Quiet;
    impl Reporter for Quiet {
        fn say(&self, _: &str) {}
    }

    fn launch(place: &Place, script: &str) -> Server {
        Launch {
            service: "A shell",
            name: "shell",
            program: Path::new("/bin/sh"),
            args: vec!["-c".into(), script.into()],
            env: Vec::new(),
            folder: Path::new("/"),
            account: None,
        }
        .start(place)
        .unwrap()
    }

    #[tokio::test]
    async fn a_server_that_ignores_the_signal_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::prepare(folder.path(), &Quiet).unwrap();
        let server = launch(&place, "trap '' TERM; sleep 600 & sleep 600; wait");
        let pid = server.pid;
        tokio::time::sleep(Duration::from_millis(200)).await;
        server
            .stop(Signal::SIGTERM, Duration::from_millis(300))
            .await
            .unwrap();
        assert!(!group_lives(pid));
        assert!(Server::remembered("A shell", "shell", &place).is_none());
    }

    #[tokio::test]
    async fn a_running_server_is_remembered_by_the_next_program() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::prepare(folder.path(), &Quiet).unwrap();
        let first = launch(&place, "exec sleep 600");
        let second = Server::remembered("A shell", "shell", &place).unwrap();
        assert_eq!(first.pid, second.pid);
        first
            .stop(Signal::SIGTERM, Duration::from_secs(2))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_server_that_ends_while_starting_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::prepare(folder.path(), &Quiet).unwrap();
        let server = launch(&place, "echo 'FATAL: no such luck' >&2; exit 1");
        let waited = server
            .until_ready(Duration::from_secs(5), &Quiet, async || false)
            .await;
        assert!(waited.unwrap_err().to_string().contains("no such luck"));
    }
}
