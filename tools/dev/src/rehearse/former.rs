//! Version N: which revision it is, and its binaries.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context as _, bail, ensure};
use rehearsal::Version;
use tokio::process::Command;

use crate::cargo;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// A commit, and why it was chosen.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    commit: String,
    subject: String,
    reason: String,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject, reason, ..
        } = self;
        write!(f, "{} \"{subject}\" ({reason})", self.short())
    }
}

impl Revision {
    fn short(&self) -> &str {
        self.commit.get(..12).unwrap_or(&self.commit)
    }
}

/// Where N's source is while it is built; git knows it as a work tree.
const SOURCE: &str = "target/rehearsal/source";

/// Without this there is no version that could be deployed.
const NEEDED: &str = "functions/operations/src/bin/migrate.rs";

const MIGRATIONS: &str = "migrations/*.sql";

/// The revision that was asked for; else the last one that a migration lies behind, so that a
/// rehearsal always crosses one.
pub(super) async fn choose(workspace: &Workspace, asked: Option<&str>) -> anyhow::Result<Revision> {
    let git = Git(workspace.root.clone());
    let (name, reason) = match asked {
        Some(name) => (name.to_owned(), "as asked".to_owned()),
        None => git.before_the_last_migration().await?,
    };
    let commit = git
        .told(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{name}^{{commit}}"),
        ])
        .await;
    let Ok(commit) = commit else {
        bail!(
            "git does not know the revision {name}{}",
            git.where_it_may_be().await
        );
    };
    let has_functions = git
        .told(&["cat-file", "-e", &format!("{commit}:{NEEDED}")])
        .await
        .is_ok();
    ensure!(
        has_functions,
        "{name} has no {NEEDED}: choose a later version N with --from"
    );
    let subject = git
        .told(&["show", "--no-patch", "--format=%s", &commit])
        .await?;
    Ok(Revision {
        commit,
        subject,
        reason,
    })
}

/// The binaries of a revision: kept by a former run, or built now.
pub(super) async fn built(
    workspace: &Workspace,
    terminal: &Terminal,
    revision: &Revision,
    folder: &Path,
) -> anyhow::Result<Version> {
    let versions = folder.join("versions");
    let place = versions.join(revision.short());
    if let Some(kept) = Version::kept(&place)? {
        terminal.line("N was built by a former rehearsal.");
        return Ok(kept);
    }
    forget_all_but_the_last(&versions);
    clean_up(workspace).await;
    let source = workspace.root.join(SOURCE);
    let path = source.to_string_lossy().into_owned();
    Git(workspace.root.clone())
        .told(&[
            "worktree",
            "add",
            "--detach",
            "--force",
            &path,
            &revision.commit,
        ])
        .await?;
    let binaries = build(
        &Workspace {
            root: source.clone(),
        },
        terminal,
        folder,
    )
    .await?;
    Version::of_tree(&source, &binaries)?.keep(&source, &place)
}

/// A version takes half a gigabyte: of those that were kept the last one stays.
fn forget_all_but_the_last(versions: &Path) {
    let entries = fs::read_dir(versions).into_iter().flatten().flatten();
    let mut kept: Vec<_> = entries
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    kept.sort();
    kept.pop();
    for (_, folder) in kept {
        // One that cannot be removed costs room and nothing else.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Takes N's source away again; also what a killed run has left.
pub(super) async fn clean_up(workspace: &Workspace) {
    let git = Git(workspace.root.clone());
    // Failing means that there is none.
    let _ = git.told(&["worktree", "remove", "--force", SOURCE]).await;
    let _ = fs::remove_dir_all(workspace.root.join(SOURCE));
    let _ = git.told(&["worktree", "prune"]).await;
}

/// In a folder of its own that is kept: what N and the next N have in common is built once. The work
/// tree's folder would do as well for crates from outside, but ours would replace each other there.
async fn build(source: &Workspace, terminal: &Terminal, folder: &Path) -> anyhow::Result<PathBuf> {
    let step =
        terminal.step("Building N (debug, its own target folder; the first time takes minutes)");
    let target = folder.join("build");
    let mut build = cargo::command(&source.root);
    build
        .args(["build", "--bins"])
        .env("CARGO_TARGET_DIR", &target);
    let mut packages: Vec<String> = source
        .deployed(&source.metadata()?)
        .into_iter()
        .map(|function| function.package)
        .collect();
    packages.dedup();
    for package in packages {
        build.args(["--package", &package]);
    }
    cargo::compile(build, &step)
        .await
        .context("building version N")?;
    step.done();
    Ok(target.join("debug"))
}

struct Git(PathBuf);

impl Git {
    /// A commit by name, and why this one.
    async fn before_the_last_migration(&self) -> anyhow::Result<(String, String)> {
        let changed = self
            .told(&["status", "--porcelain", "--", MIGRATIONS])
            .await
            .context("version N comes from git")?;
        if !changed.is_empty() {
            return Ok((
                "HEAD".to_owned(),
                "migrations/ has changes that are not committed".to_owned(),
            ));
        }
        let last = self
            .told(&["log", "--max-count=1", "--format=%H", "--", MIGRATIONS])
            .await?;
        ensure!(
            !last.is_empty(),
            "no commit has touched migrations/: name a version N with --from"
        );
        let short = last.get(..12).unwrap_or(&last).to_owned();
        Ok((
            format!("{last}^"),
            format!("the commit before {short}, which changed migrations/ last"),
        ))
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
    async fn told(&self, args: &[&str]) -> anyhow::Result<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with two commits to migrations/, and one after them.
    async fn repository() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace {
            root: folder.path().to_owned(),
        };
        let git = Git(workspace.root.clone());
        git.told(&["init", "--quiet"]).await.unwrap();
        for (file, subject) in [
            (NEEDED, "A function"),
            ("migrations/0001_one.sql", "One"),
            ("migrations/0002_two.sql", "Two"),
            ("README.md", "Words"),
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, subject).unwrap();
            git.told(&["add", "."]).await.unwrap();
            let who = [
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@example.com",
                "-c",
                "commit.gpgsign=false",
            ];
            git.told(&[&who[..], &["commit", "--quiet", "--message", subject]].concat())
                .await
                .unwrap();
        }
        (folder, workspace)
    }

    #[tokio::test]
    async fn without_a_word_a_migration_lies_between_the_versions() {
        let (folder, workspace) = repository().await;
        assert_eq!(choose(&workspace, None).await.unwrap().subject, "One");
        fs::write(folder.path().join("migrations/0003_three.sql"), "").unwrap();
        assert_eq!(choose(&workspace, None).await.unwrap().subject, "Words");
        assert_eq!(
            choose(&workspace, Some("HEAD^")).await.unwrap().subject,
            "Two"
        );
    }

    #[tokio::test]
    async fn a_version_that_is_not_there_is_told_plainly() {
        let (_folder, workspace) = repository().await;
        let told = async |name| {
            choose(&workspace, Some(name))
                .await
                .unwrap_err()
                .to_string()
        };
        assert_eq!(told("v9").await, "git does not know the revision v9");
        assert!(told("HEAD~9").await.contains("HEAD~9"));
        let elsewhere = Workspace {
            root: std::env::temp_dir(),
        };
        assert!(choose(&elsewhere, None).await.is_err());
    }

    #[tokio::test]
    async fn in_a_shallow_clone_it_is_said_where_the_rest_is() {
        let (folder, _) = repository().await;
        let clone = tempfile::tempdir().unwrap();
        let (from, to) = (
            format!("file://{}", folder.path().display()),
            clone.path().join("clone"),
        );
        Git(clone.path().to_owned())
            .told(&["clone", "--quiet", "--depth=1", &from, "clone"])
            .await
            .unwrap();
        let error = choose(&Workspace { root: to }, None).await.unwrap_err();
        assert!(error.to_string().contains("--unshallow"), "{error}");
    }
}
