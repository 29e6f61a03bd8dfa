//! Whether what was built may be sent.

use std::path::Path;

use anyhow::{Context as _, bail};
use package::{Architecture, Archive, Binary, Fault, Glibc, Tree, budget, mebibytes};

use super::packages;
use crate::cargo;
use crate::workspace::{Function, Workspace};

/// A function as it would be sent. Bytes.
pub(crate) struct Packed {
    pub(crate) name: String,
    pub(crate) program: u64,
    pub(crate) zip: u64,
    pub(crate) budget: u64,
    pub(crate) glibc: Option<Glibc>,
    faults: Vec<Fault>,
}

impl Packed {
    pub(crate) fn may_be_sent(&self) -> bool {
        self.fits() && self.faults.is_empty()
    }

    pub(crate) fn fits(&self) -> bool {
        self.zip <= self.budget
    }

    /// Why not, a sentence each.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let too_large = format!(
            "{}: its zip is {}, its budget {}",
            self.name,
            mebibytes(self.zip),
            mebibytes(self.budget)
        );
        let too_large = (!self.fits()).then_some(too_large);
        let faults = self
            .faults
            .iter()
            .map(|fault| format!("{}: {fault}", self.name));
        too_large.into_iter().chain(faults).collect()
    }
}

/// Reads a function's folder as it would be sent.
pub(crate) fn function(
    workspace: &Workspace,
    function: &Function,
    folder: &Path,
    architecture: Architecture,
) -> anyhow::Result<Packed> {
    let program = folder.join("bootstrap");
    let bytes = std::fs::read(&program).context("it was not built")?;
    let binary = Binary::read(&bytes, &private(workspace))?;
    Ok(Packed {
        name: function.name.clone(),
        program: bytes.len() as u64,
        zip: Archive::of_folder(folder)?.size(),
        budget: budget(&function.package, &function.name),
        glibc: binary.glibc,
        faults: binary.faults(architecture),
    })
}

/// What a binary must not tell of the machine that built it.
fn private(workspace: &Workspace) -> Vec<(&'static str, String)> {
    let below = |path: &Path| format!("{}/", path.display());
    let home = std::env::home_dir().filter(|home| home.components().count() > 1);
    [
        ("the path of the work tree", Some(below(&workspace.root))),
        ("the path of the builder's home", home.as_deref().map(below)),
        (
            "the path of cargo's folder",
            cargo::home().as_deref().map(below),
        ),
    ]
    .into_iter()
    .filter_map(|(what, text)| Some((what, text?)))
    .collect()
}

/// Reads the tree that cargo resolves for exactly these functions.
pub(crate) async fn tree(
    workspace: &Workspace,
    functions: &[Function],
    architecture: Architecture,
) -> anyhow::Result<()> {
    let mut cargo = cargo::command(&workspace.root);
    cargo.args(Tree::arguments(&packages(functions), architecture.triple()));
    let output = cargo
        .output()
        .await
        .context("cargo tree cannot be started")?;
    if !output.status.success() {
        bail!(
            "cargo tree: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let tree = Tree::read(&String::from_utf8_lossy(&output.stdout));
    let faults = tree.faults(&workspace.root.display().to_string());
    if faults.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    bail!(
        "what the functions are built from may not be sent:\n{}",
        told.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(zip: u64, faults: Vec<Fault>) -> Packed {
        Packed {
            name: "list-products".to_owned(),
            program: zip * 2,
            zip,
            budget: budget("catalog-functions", "list-products"),
            glibc: Some(Glibc::OF_LAMBDA),
            faults,
        }
    }

    #[test]
    fn a_zip_over_its_budget_may_not_be_sent_and_a_full_one_may() {
        assert!(packed(3 << 20, Vec::new()).may_be_sent());
        let fat = packed((3 << 20) + 1, Vec::new());
        assert!(!fat.may_be_sent());
        let told = ["list-products: its zip is 3.00 MiB, its budget 3.00 MiB"];
        assert_eq!(fat.complaints(), told);
    }

    #[test]
    fn a_small_zip_with_a_fault_may_not_be_sent_and_each_fault_is_told() {
        let library = Fault::Library("libssl.so.3".to_owned());
        let told = packed(1, vec![library, Fault::TooNew(Glibc(2, 39))]);
        assert!(!told.may_be_sent());
        assert_eq!(told.complaints().len(), 2);
    }
}
