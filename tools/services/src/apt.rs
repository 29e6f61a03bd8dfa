//! Installing Debian packages, without letting them start servers of their own.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::place::{Place, telling_line};
use crate::programs::on_path;
use crate::{Reporter, ServiceError, account};

/// Debian's packages ask this script before they start a server (invoke-rc.d(8)); 101 forbids it.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_TEXT: &str =
    "#!/bin/sh\n# Written by cargo dev while it installs; removed after.\nexit 101\n";

/// Installs packages as root, or through a `sudo` that asks for no password.
pub(crate) async fn install(
    names: &str,
    packages: &[&str],
    place: &Place,
    report: &dyn Reporter,
) -> Result<(), ServiceError> {
    let apt = Apt {
        root: Root::find(names).await?,
        log: place.log_of("apt-get"),
    };
    report.say(&format!(
        "Installing {names} with apt-get ({}), because the shop runs private instances of them; \
         the packages' own servers are kept from starting.",
        packages.join(", ")
    ));
    place.new_log("apt-get")?;
    let quiet = Quiet::impose(&apt.root).await;
    // An unreachable extra source makes `update` fail although Debian's own lists are fresh, so
    // only the installation decides.
    let _ = apt.run(&["update"], report).await;
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(packages);
    let installed = apt.run(&args, report).await;
    if installed {
        keep_disabled(&apt.root, packages).await;
    }
    quiet.lift(&apt.root).await;
    if installed {
        Ok(())
    } else {
        Err(apt.failure(packages))
    }
}

struct Apt {
    root: Root,
    log: std::path::PathBuf,
}

impl Apt {
    async fn run(&self, args: &[&str], report: &dyn Reporter) -> bool {
        let mut command = self.root.command("apt-get");
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let Ok(log) = fs::OpenOptions::new().append(true).open(&self.log) else {
            return false;
        };
        let Ok(errors) = log.try_clone() else {
            return false;
        };
        let Ok(mut child) = command.stderr(errors).spawn() else {
            return false;
        };
        if let Some(stdout) = child.stdout.take() {
            let mut log = tokio::fs::File::from_std(log);
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                report.detail(&line);
                let _ = log.write_all(format!("{line}\n").as_bytes()).await;
            }
            let _ = log.flush().await;
        }
        child.wait().await.is_ok_and(|status| status.success())
    }

    fn failure(&self, packages: &[&str]) -> ServiceError {
        let log = self.log.clone();
        let text = fs::read_to_string(&log).unwrap_or_default();
        if text.contains("No space left on device") || text.contains("enough free space") {
            return ServiceError::DiskFull {
                path: "/var".into(),
            };
        }
        ServiceError::Apt {
            packages: packages.join(", "),
            reason: telling_line(&log),
            log,
        }
    }
}

/// How a command becomes root.
enum Root {
    Already,
    Sudo,
}

impl Root {
    async fn find(names: &str) -> Result<Self, ServiceError> {
        let missing = |why| ServiceError::Missing {
            missing: names.to_owned(),
            why,
        };
        if on_path("apt-get").is_none() {
            return Err(missing(
                "apt-get, with which it would be installed, is not there",
            ));
        }
        if account::is_root() {
            return Ok(Self::Already);
        }
        let sudo = Command::new("sudo")
            .args(["-n", "true"])
            .stderr(Stdio::null())
            .status()
            .await;
        if sudo.is_ok_and(|status| status.success()) {
            Ok(Self::Sudo)
        } else {
            Err(missing(
                "installing it needs root (or sudo without a password)",
            ))
        }
    }

    /// `env` sets the variables, because sudo drops the caller's.
    fn command(&self, program: &str) -> Command {
        let mut command = match self {
            Self::Already => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env"]);
                sudo
            }
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", program]);
        command
    }

    async fn quietly(&self, program: &str, args: &[&str]) -> bool {
        let mut command = self.command(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    }
}

/// The policy that forbids packages to start servers, while we install. A policy that the machine
/// already has is left as it is.
enum Quiet {
    Ours,
    Theirs,
}

impl Quiet {
    async fn impose(root: &Root) -> Self {
        if Path::new(POLICY).exists() {
            return Self::Theirs;
        }
        let script = format!("printf '%s' \"$1\" > {POLICY} && chmod 755 {POLICY}");
        root.quietly("sh", &["-c", &script, "sh", POLICY_TEXT])
            .await;
        Self::Ours
    }

    async fn lift(self, root: &Root) {
        match self {
            Self::Ours => drop(root.quietly("rm", &["-f", POLICY]).await),
            Self::Theirs => {}
        }
    }
}

/// A package's server, fresh on this machine because of us, shall not appear at the next boot
/// either; and one that a permissive policy let start is stopped.
async fn keep_disabled(root: &Root, packages: &[&str]) {
    for package in packages {
        if Path::new("/run/systemd/system").exists() {
            root.quietly("systemctl", &["disable", "--now", package])
                .await;
        } else {
            root.quietly("invoke-rc.d", &[package, "stop"]).await;
        }
    }
}
