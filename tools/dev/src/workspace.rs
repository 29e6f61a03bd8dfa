//! Where things lie in the repository.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

/// The repository that this program was built from.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
}

/// A function and the package that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) package: String,
}

impl Workspace {
    pub(crate) fn find() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).unwrap_or(here);
        Self {
            root: root.to_owned(),
        }
    }

    /// Development's own folder, git-ignored; made if need be.
    pub(crate) fn dev_folder(&self) -> anyhow::Result<PathBuf> {
        let folder = self.root.join("target/dev");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    pub(crate) fn metadata(&self) -> anyhow::Result<Metadata> {
        MetadataCommand::new()
            .current_dir(&self.root)
            .no_deps()
            .exec()
            .context("cargo cannot read the workspace")
    }

    /// The names of all functions: the binaries of the packages below `functions/`.
    pub(crate) fn functions(&self, metadata: &Metadata) -> Vec<String> {
        let mut names: Vec<String> = metadata
            .workspace_packages()
            .into_iter()
            .filter(|package| self.is_below(package, "functions"))
            .flat_map(|package| &package.targets)
            .filter(|target| target.kind.contains(&TargetKind::Bin))
            .map(|target| target.name.clone())
            .collect();
        names.sort();
        names
    }

    /// The functions with the packages that they are in, by name.
    pub(crate) fn deployed(&self, metadata: &Metadata) -> Vec<Function> {
        let names = self.functions(metadata);
        let packages = metadata.workspace_packages();
        let owner = |name: &str| {
            packages.iter().find(|package| {
                let mut targets = package.targets.iter();
                targets.any(|target| target.name == name && target.kind.contains(&TargetKind::Bin))
            })
        };
        let function = |name: String| {
            let package = owner(&name)?.name.to_string();
            Some(Function { name, package })
        };
        names.into_iter().filter_map(function).collect()
    }

    fn is_below(&self, package: &Package, folder: &str) -> bool {
        package
            .manifest_path
            .as_std_path()
            .starts_with(self.root.join(folder))
    }
}
