//! A version of the shop: its functions' binaries, and the routes to them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::routes::Routes;

/// Which of the two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The version that serves before the deployment.
    Former,
    /// The version that is deployed.
    Next,
}

impl Side {
    /// Both, the former first.
    pub const BOTH: [Self; 2] = [Self::Former, Self::Next];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Former => Self::Next,
            Self::Next => Self::Former,
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Former => 0,
            Self::Next => 1,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Former => "N",
            Self::Next => "N+1",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|side| side.name() == name)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A version's binaries and routes.
#[derive(Debug, Clone)]
pub struct Version {
    pub(crate) functions: BTreeMap<String, Built>,
    pub(crate) routes: Routes,
}

/// A function's binary.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// The folder below `functions/`: whose role and whose secrets it has.
    pub(crate) area: String,
    pub(crate) binary: PathBuf,
    /// Settings that differ from everybody's.
    pub(crate) settings: BTreeMap<String, String>,
}

const MANIFEST: &str = "Cargo.toml";

impl Version {
    /// The functions of a work tree, with binaries that were built from it.
    ///
    /// # Errors
    /// Where the tree cannot be read, or a binary is missing.
    pub fn of_tree(tree: &Path, binaries: &Path) -> anyhow::Result<Self> {
        let mut functions = BTreeMap::new();
        for (area, name) in sources(&tree.join("functions"))? {
            let binary = binaries.join(&name);
            ensure!(binary.exists(), "{} is not built", binary.display());
            functions.insert(
                name,
                Built {
                    area,
                    binary,
                    settings: BTreeMap::new(),
                },
            );
        }
        let manifest = tree.join(MANIFEST);
        let manifest = fs::read_to_string(&manifest)
            .with_context(|| format!("cannot read {}", manifest.display()))?;
        Ok(Self {
            functions,
            routes: Routes::read(&manifest)?,
        })
    }

    /// Copies this version into a folder, `<area>/<function>` beside the Cargo.toml of its tree:
    /// what is built meanwhile, in this work tree or another, does not change it.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn keep(&self, tree: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut kept = self.clone();
        for (name, built) in &mut kept.functions {
            let place = folder.join(&built.area);
            fs::create_dir_all(&place)
                .with_context(|| format!("cannot create {}", place.display()))?;
            let copy = place.join(name);
            fs::copy(&built.binary, &copy)
                .with_context(|| format!("cannot write {}", copy.display()))?;
            built.binary = copy;
        }
        // Last: a folder with it is whole.
        fs::copy(tree.join(MANIFEST), folder.join(MANIFEST))
            .context("Cargo.toml cannot be kept")?;
        Ok(kept)
    }

    /// What [`Version::keep`] has kept; `None` where nothing whole is there.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn kept(folder: &Path) -> anyhow::Result<Option<Self>> {
        let Ok(manifest) = fs::read_to_string(folder.join(MANIFEST)) else {
            return Ok(None);
        };
        let mut functions = BTreeMap::new();
        for area in folders(folder)? {
            for binary in entries(&area)? {
                let built = Built {
                    area: name_of(&area),
                    binary: binary.clone(),
                    settings: BTreeMap::new(),
                };
                functions.insert(name_of(&binary), built);
            }
        }
        Ok(Some(Self {
            functions,
            routes: Routes::read(&manifest)?,
        }))
    }

    /// Puts another binary in a function's place: a deployment that went wrong, for tests.
    ///
    /// # Errors
    /// Where there is no such function.
    pub fn replace(&mut self, function: &str, binary: PathBuf) -> anyhow::Result<()> {
        self.built(function)?.binary = binary;
        Ok(())
    }

    /// Gives one function another setting: a deployment that went wrong, for tests.
    ///
    /// # Errors
    /// Where there is no such function.
    pub fn set(&mut self, function: &str, name: &str, value: &str) -> anyhow::Result<()> {
        self.built(function)?
            .settings
            .insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// A function's binary.
    #[must_use]
    pub fn binary(&self, function: &str) -> Option<&Path> {
        self.functions
            .get(function)
            .map(|built| built.binary.as_path())
    }

    fn built(&mut self, function: &str) -> anyhow::Result<&mut Built> {
        self.functions
            .get_mut(function)
            .with_context(|| format!("there is no function {function}"))
    }
}

/// Area and name of every function: a file, or a folder with a main.rs, in `<area>/src/bin`.
fn sources(functions: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for area in folders(functions)? {
        for source in entries(&area.join("src/bin"))? {
            let is_function = source.extension().is_some_and(|ending| ending == "rs")
                || source.join("main.rs").exists();
            if is_function {
                let stem = source.with_extension("");
                found.push((name_of(&area), name_of(&stem)));
            }
        }
    }
    Ok(found)
}

fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(entries(folder)?
        .into_iter()
        .filter(|path| path.is_dir())
        .collect())
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(read
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .collect())
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
