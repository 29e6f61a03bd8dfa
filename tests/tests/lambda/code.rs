//! Where the binaries come from.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use package::{Archive, Binary};
use tempfile::TempDir;

/// What is run.
pub(crate) enum Code {
    /// The folders that `cargo dev package` made, one a function.
    Packed(PathBuf),
    /// The debug builds.
    Built(PathBuf),
}

/// A function's files, as Lambda lays them out in `/var/task`, and how large its zip was.
pub(crate) struct Task {
    pub(crate) folder: PathBuf,
    pub(crate) zip: Option<u64>,
    _place: TempDir,
}

impl Code {
    pub(crate) fn find() -> Self {
        told("LAMBDA_PACKED").map_or_else(
            // This program is target/debug/deps/lambda-….
            || Self::Built(here().ancestors().nth(2).expect("target/debug").to_owned()),
            |folder| Self::Packed(folder.into()),
        )
    }

    /// A function's debug build, if that is what is run.
    pub(crate) fn built(&self, function: &str) -> Option<PathBuf> {
        match self {
            Self::Built(all) => Some(all.join(function)),
            Self::Packed(_) => None,
        }
    }

    /// Lays a function's files out: what was packed goes through its zip.
    ///
    /// # Panics
    /// Where it is not there.
    pub(crate) fn lay_out(&self, function: &str) -> Task {
        // Beside the builds, so that a link is enough.
        let place = TempDir::new_in(here().parent().expect("a folder")).expect("a folder");
        // The folder's name is the function's: the binary's own is always the same.
        let folder = place.path().join(function);
        fs::create_dir(&folder).expect("a folder");
        let zip = match self {
            Self::Packed(all) => {
                let archive = Archive::of_folder(&all.join(function)).expect("it was packed");
                archive.open_in(&folder).expect("the zip opens");
                Some(archive.size())
            }
            Self::Built(all) => {
                let binary = all.join(function);
                assert!(
                    binary.exists(),
                    "{function} is not built: cargo build --workspace"
                );
                fs::hard_link(binary, folder.join("bootstrap")).expect("a link");
                None
            }
        };
        Task {
            folder,
            zip,
            _place: place,
        }
    }
}

/// Whether a function is to be run: all are, unless `cargo dev package` was given names.
pub(crate) fn is_chosen(function: &str) -> bool {
    let chosen = told("LAMBDA_CHOSEN");
    chosen.is_none_or(|names| {
        names
            .to_string_lossy()
            .split(',')
            .any(|name| name == function)
    })
}

/// What `cargo dev package` looks for is in a debug build: it would be found.
pub(crate) fn assert_not_sent(binary: &Path) -> Result<(), Failed> {
    let tree = root().canonicalize()?.display().to_string();
    let binary = Binary::read(&fs::read(binary)?, &[("the work tree", tree)])?;
    let held: Vec<&str> = binary.marks.iter().map(|mark| mark.text).collect();
    for expected in ["--openapi", "--settings", ""] {
        if !held.contains(&expected) {
            return Err(format!("{expected:?} is not found: {:?}", binary.marks).into());
        }
    }
    Ok(())
}

fn told(variable: &str) -> Option<OsString> {
    #[expect(
        clippy::disallowed_methods,
        reason = "it is `cargo dev package`'s, not a setting of the shop"
    )]
    std::env::var_os(variable)
}

fn here() -> PathBuf {
    std::env::current_exe().expect("this program's file")
}

/// Every function in the source tree: a file in an area's `src/bin/`.
pub(crate) fn functions() -> Vec<String> {
    let areas = entries(&root().join("functions"));
    let files = areas.iter().flat_map(|area| entries(&area.join("src/bin")));
    let sources = files.filter(|path| path.extension().is_some_and(|ext| ext == "rs"));
    sources
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect()
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
