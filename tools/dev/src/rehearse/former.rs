//! Version N: which revision it is, and its binaries.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rehearsal::Version;

use super::git::Git;
use crate::cargo::{self, NotCompiled};
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// A commit, and why it was chosen.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) commit: String,
    pub(super) subject: String,
    pub(super) reason: String,
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

/// The revision that was asked for; else those that a migration lies behind, the latest first, so that
/// a rehearsal always crosses one.
pub(super) async fn choose(
    workspace: &Workspace,
    asked: Option<&str>,
) -> anyhow::Result<Vec<Revision>> {
    let git = Git(workspace.root.clone());
    let names = match asked {
        Some(name) => vec![(name.to_owned(), "as asked".to_owned())],
        None => git.before_the_last_migrations().await?,
    };
    let mut revisions = Vec::new();
    for (name, reason) in names {
        match git.revision(&name, reason).await {
            Ok(revision) => revisions.push(revision),
            // The oldest may lie before the first function, or before where history ends here.
            Err(error) if revisions.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(revisions)
}

/// The first of these versions that can be built, with its binaries: kept by a former run, or built
/// now.
pub(super) async fn built(
    workspace: &Workspace,
    terminal: &Terminal,
    revisions: Vec<Revision>,
    folder: &Path,
) -> anyhow::Result<Version> {
    let mut told = String::new();
    for revision in revisions {
        terminal.line(&format!(
            "Version N is {revision}; version N+1 is the work tree."
        ));
        let place = folder.join("versions").join(revision.short());
        if let Some(kept) = Version::kept(&place)? {
            terminal.line("N was built by a former rehearsal.");
            return Ok(kept);
        }
        match build(workspace, terminal, &revision, folder).await? {
            Ok(binaries) => {
                forget_all_but_the_last(&folder.join("versions"));
                let source = workspace.root.join(SOURCE);
                return Version::of_tree(&source, &binaries)?.keep(&source, &place);
            }
            Err(NotCompiled(errors)) => {
                terminal.line(&format!("{} does not compile by itself.", revision.short()));
                told = errors;
            }
        }
    }
    bail!("{told}\nversion N does not compile (see above): name another one with --from")
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
async fn build(
    workspace: &Workspace,
    terminal: &Terminal,
    revision: &Revision,
    folder: &Path,
) -> anyhow::Result<Result<PathBuf, NotCompiled>> {
    clean_up(workspace).await;
    let source = Workspace {
        root: workspace.root.join(SOURCE),
    };
    let add = [
        "worktree",
        "add",
        "--detach",
        "--force",
        SOURCE,
        &revision.commit,
    ];
    Git(workspace.root.clone()).told(&add).await?;
    let step = terminal.step("Building N (debug; the first time takes minutes)");
    let target = folder.join("build");
    let mut build = cargo::command(&source.root);
    build
        .args(["build", "--bins"])
        .env("CARGO_TARGET_DIR", &target);
    let functions = source.deployed(&source.metadata()?);
    let packages: BTreeSet<String> = functions.into_iter().map(|f| f.package).collect();
    for package in packages {
        build.args(["--package", &package]);
    }
    let compiled = cargo::compile_if_it_can(build, &step).await?;
    step.done();
    Ok(compiled.map(|()| target.join("debug")))
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
            ("functions/operations/src/bin/migrate.rs", "A function"),
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
        let chosen = async |asked| {
            let revisions = choose(&workspace, asked).await.unwrap();
            revisions
                .into_iter()
                .map(|revision| revision.subject)
                .collect::<Vec<_>>()
        };
        assert_eq!(chosen(None).await, ["One", "A function"]);
        fs::write(folder.path().join("migrations/0003_three.sql"), "").unwrap();
        assert_eq!(chosen(None).await, ["Words", "One", "A function"]);
        assert_eq!(chosen(Some("HEAD^")).await, ["Two"]);
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
