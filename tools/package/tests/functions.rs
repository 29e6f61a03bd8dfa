//! The functions of this repository, as cargo resolves them today.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read the repository has failed"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use package::{Architecture, Tree};

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// The packages below `functions/`.
fn areas() -> Vec<String> {
    let areas = std::fs::read_dir(root().join("functions")).unwrap();
    let names = areas.map(|area| area.unwrap().file_name().into_string().unwrap());
    names.map(|area| format!("{area}-functions")).collect()
}

fn tree(packages: &[String]) -> Tree {
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    cargo.args(Tree::arguments(&packages, Architecture::X86_64.triple()));
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Tree::read(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn what_is_sent_is_built_from_nothing_that_may_not_be_sent() {
    let faults = tree(&areas()).faults(root().to_str().unwrap());
    assert_eq!(faults, []);
}

#[test]
fn what_tests_are_built_from_would_be_found() {
    let faults = tree(&["stage".to_owned()]).faults(root().to_str().unwrap());
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for expected in [
        "database is built with the feature testing",
        "sandbox is linked, which is development's own (tools)",
    ] {
        assert!(told.iter().any(|fault| fault == expected), "{told:?}");
    }
}
