//! Who may know whom (design: "The house"), held against what cargo knows.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::root;

/// Leaves that anybody may know: they know no rule of the shop and no other system.
const LEAVES: [&str; 6] = [
    "domain",
    "sealing",
    "settings",
    "telemetry",
    "tls",
    "wiring",
];

const CONTEXTS: [&str; 8] = [
    "carts",
    "catalog",
    "customers",
    "merchandising",
    "notifications",
    "orders",
    "payments",
    "stock",
];

/// One crate an outside system; each usable on its own.
const OUTSIDE: [&str; 6] = [
    "cache",
    "mail",
    "messaging",
    "paystack",
    "storage",
    "twilio",
];

/// What a shared crate may know beside the leaves. A crate that is not here knows nothing yet that
/// anybody has agreed to: it needs a line, and a reason.
fn may_know(shared: &str) -> Option<Vec<&'static str>> {
    let known = match shared {
        "checkout" => [&CONTEXTS[..], &["database", "paystack"]].concat(),
        // Where a consumer's failures are recorded: messaging's words over the database's tables.
        "desk" => vec!["database", "messaging"],
        // The staff's side of a function: who asks, over which database.
        "office" => vec!["database", "edge"],
        // CloudFormation's words around a function that is invoked like a scheduled one.
        "deployment" => vec!["messaging"],
        "database" | "edge" => vec![],
        context if CONTEXTS.contains(&context) => vec!["database"],
        outside if OUTSIDE.contains(&outside) => vec![],
        leaf if LEAVES.contains(&leaf) => vec![],
        _ => return None,
    };
    Some(known)
}

/// The one area that knows another: the answer to an order holds its payment, in payments' words.
const NEIGHBOURS: [(&str, &str); 1] = [("orders-functions", "payments-functions")];

/// Crates that only these areas may link, directly or not: a function holds what it uses.
const RESERVED: [(&str, &[&str]); 7] = [
    ("lapin", &["operations"]),
    ("lettre", &["notifications"]),
    ("mail", &["notifications"]),
    ("twilio", &["notifications"]),
    ("paystack", &["orders", "payments"]),
    ("redis", &["catalog", "operations"]),
    ("storage", &["catalog"]),
];

/// A second TLS provider, or one that needs the system's libraries.
const BANNED: [&str; 5] = [
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap()
}

/// The first folder of a member's path, and its name.
fn room(package: &Package) -> String {
    let path = package
        .manifest_path
        .strip_prefix(root().to_str().unwrap())
        .unwrap();
    path.components().next().unwrap().to_string()
}

/// The members that a package is built from; what its tests use does not count.
fn knows(package: &Package) -> BTreeSet<&str> {
    package
        .dependencies
        .iter()
        .filter(|known| known.path.is_some() && known.kind != DependencyKind::Development)
        .map(|known| known.name.as_str())
        .collect()
}

fn members(metadata: &Metadata, wanted: &str) -> BTreeMap<String, Package> {
    let chosen = metadata
        .packages
        .iter()
        .filter(|package| room(package) == wanted);
    chosen
        .map(|package| (package.name.to_string(), package.clone()))
        .collect()
}

/// The names of everything that cargo would build for a selection.
fn tree(selection: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--prefix", "none", "--format", "{p}"])
        .args(selection)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_domain_and_the_settings_know_nobody() {
    let shared = members(&metadata(), "shared");
    for name in ["domain", "settings"] {
        assert!(knows(&shared[name]).is_empty(), "{name}");
    }
}

#[test]
fn shared_crates_know_only_whom_they_may() {
    for (name, package) in members(&metadata(), "shared") {
        let Some(allowed) = may_know(&name) else {
            panic!("{name} is new: decide whom it may know, and write it down here")
        };
        for known in knows(&package) {
            let may = LEAVES.contains(&known) || allowed.contains(&known);
            assert!(may, "{name} must not know {known}");
        }
    }
}

#[test]
fn leaves_know_only_leaves() {
    let shared = members(&metadata(), "shared");
    for name in LEAVES.iter().filter_map(|name| shared.get(*name)) {
        assert!(
            knows(name).iter().all(|known| LEAVES.contains(known)),
            "{}",
            name.name
        );
    }
}

#[test]
fn nothing_that_is_deployed_knows_the_tools_or_another_area() {
    let metadata = metadata();
    let shared: BTreeSet<String> = members(&metadata, "shared").into_keys().collect();
    for room in ["shared", "functions"] {
        for (name, package) in members(&metadata, room) {
            for known in knows(&package) {
                let may = shared.contains(known) || NEIGHBOURS.contains(&(name.as_str(), known));
                assert!(may, "{name} must not know {known}");
            }
        }
    }
}

#[test]
fn an_area_links_no_outside_system_that_it_does_not_use() {
    for (name, _) in members(&metadata(), "functions") {
        let area = name.trim_end_matches("-functions");
        let linked = tree(&["--package", &name, "--edges", "normal"]);
        for (reserved, areas) in RESERVED {
            let may = areas.contains(&area);
            assert!(
                may || !linked.contains(reserved),
                "{name} must not link {reserved}"
            );
        }
    }
}

#[test]
fn there_is_one_tls_provider_and_it_is_ring() {
    let all = tree(&["--workspace", "--edges", "all", "--target", "all"]);
    for banned in BANNED {
        assert!(
            !all.contains(banned),
            "{banned} is in the tree: cargo tree --invert {banned}"
        );
    }
}
