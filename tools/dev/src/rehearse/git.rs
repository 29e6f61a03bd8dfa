//! What git knows of former versions.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use anyhow::{Context as _, bail, ensure};
use tokio::process::Command;

use super::former::Revision;

/// Without this there is no version that could be deployed.
const NEEDED: &str = "functions/operations/src/bin/migrate.rs";

const MIGRATIONS: &str = "migrations/*.sql";

/// How far back a version is looked for that can be built: not every commit can.
const CANDIDATES: usize = 6;

/// Git in a work tree.
pub(super) struct Git(pub(super) PathBuf);

impl Git {
    /// Commits by name, and why these.
    pub(super) async fn before_the_last_migrations(&self) -> anyhow::Result<Vec<(String, String)>> {
        let changed = self
            .told(&["status", "--porcelain", "--", MIGRATIONS])
            .await;
        let changed = changed.context("version N comes from git")?;
        let most = format!("--max-count={CANDIDATES}");
        let log = self
            .told(&["log", &most, "--format=%H", "--", MIGRATIONS])
            .await?;
        let mut names = Vec::new();
        if !changed.is_empty() {
            let reason = "migrations/ has changes that are not committed";
            names.push(("HEAD".to_owned(), reason.to_owned()));
        }
        names.extend(log.lines().map(|commit| {
            let short = commit.get(..12).unwrap_or(commit);
            (
                format!("{commit}^"),
                format!("the commit before {short}, which changed migrations/"),
            )
        }));
        ensure!(
            !names.is_empty(),
            "no commit has touched migrations/: name a version N with --from"
        );
        Ok(names)
    }

    /// A commit that can be a version of the shop.
    pub(super) async fn revision(&self, name: &str, reason: String) -> anyhow::Result<Revision> {
        let commit = format!("{name}^{{commit}}");
        let parse = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ];
        let Ok(commit) = self.told(&parse).await else {
            let where_it_may_be = self.where_it_may_be().await;
            bail!("git does not know the revision {name}{where_it_may_be}");
        };
        let needed = self
            .told(&["cat-file", "-e", &format!("{commit}:{NEEDED}")])
            .await;
        ensure!(
            needed.is_ok(),
            "{name} has no {NEEDED}: choose a later version N with --from"
        );
        let subject = self
            .told(&["show", "--no-patch", "--format=%s", &commit])
            .await?;
        Ok(Revision {
            commit,
            subject,
            reason,
        })
    }

    /// What is said of a revision that is not there.
    async fn where_it_may_be(&self) -> &'static str {
        match self
            .told(&["rev-parse", "--is-shallow-repository"])
            .await
            .as_deref()
        {
            Ok("true") => {
                ": this clone is shallow, its history ends before; `git fetch --unshallow` brings the rest"
            }
            _ => "",
        }
    }

    /// What git prints, without the final line break.
    pub(super) async fn told(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.run(args).await.context("git cannot be started")?;
        if !output.status.success() {
            bail!(
                "git {}: {}",
                args.first().unwrap_or(&""),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn run(&self, args: &[&str]) -> std::io::Result<Output> {
        let mut git = Command::new("git");
        git.args(args)
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        // A hook that started us would have git look elsewhere.
        git.env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE");
        git.output().await
    }
}
