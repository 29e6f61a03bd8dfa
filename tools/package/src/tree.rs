//! The crates that the functions are built from, with the features that are really on.

use std::collections::BTreeSet;

/// TLS providers beside ring, and TLS stacks beside rustls.
const OTHER_PROVIDERS: [&str; 12] = [
    "aws-lc-fips-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "boring",
    "boring-sys",
    "mbedtls",
    "native-tls",
    "openssl",
    "openssl-sys",
    "rustls-graviola",
    "rustls-openssl",
    "s2n-tls",
];

/// Features that have no place in what is sent: a second provider, and what only tests may do.
const FORBIDDEN_FEATURES: [&str; 8] = [
    "aws-lc-rs",
    "aws_lc_rs",
    "failpoints",
    "fips",
    "native-tls",
    "openssl",
    "test-util",
    "testing",
];

/// Folders whose crates are not sent.
const NOT_SENT: [&str; 2] = ["tools", "tests"];

/// A crate in the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it lies, if it is not from a registry.
    pub path: Option<String>,
    /// The features that are on.
    pub features: BTreeSet<String>,
}

/// Everything that is linked into the functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(pub BTreeSet<Crate>);

/// A reason not to send what was built from a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    /// A second TLS provider or stack.
    #[error(
        "{0} is linked: another TLS provider than ring (cargo tree --invert {0} --edges normal)"
    )]
    Provider(String),
    /// A feature of tests, or of a second provider.
    #[error("{0} is built with the feature {1}")]
    Feature(String, String),
    /// A crate of development.
    #[error("{0} is linked, which is development's own ({1})")]
    NotSent(String, String),
    /// There is no ring: the tree is not what it is taken for.
    #[error("ring, the one TLS provider, is not in the tree: this is not the functions' tree")]
    NoRing,
}

impl Tree {
    /// The arguments of `cargo` whose output [`Tree::read`] reads: only what these packages link for
    /// this target, with the features that this selection turns on. Build scripts and procedural
    /// macros run on the builder's machine; they are not sent.
    #[must_use]
    pub fn arguments(packages: &[&str], triple: &str) -> Vec<String> {
        let fixed = [
            "tree",
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--no-dedupe",
            "--format",
            "{p}|{f}",
            "--target",
            triple,
        ];
        let selected = packages.iter().flat_map(|package| ["--package", package]);
        fixed
            .into_iter()
            .chain(selected)
            .map(str::to_owned)
            .collect()
    }

    /// Reads what `cargo tree` printed: `name v1.2.3 (/where/it/lies)|feature,feature` a line.
    #[must_use]
    pub fn read(printed: &str) -> Self {
        Self(printed.lines().filter_map(crate_of).collect())
    }

    /// Every reason not to send what was built from it; `root` is the repository.
    #[must_use]
    pub fn faults(&self, root: &str) -> Vec<TreeFault> {
        let mut faults: Vec<TreeFault> =
            self.0.iter().flat_map(|one| faults_of(one, root)).collect();
        if !self.0.iter().any(|one| one.name == "ring") {
            faults.push(TreeFault::NoRing);
        }
        faults.sort_by_key(ToString::to_string);
        faults.dedup();
        faults
    }
}

fn crate_of(line: &str) -> Option<Crate> {
    let (package, features) = line.split_once('|')?;
    let mut words = package.split(' ');
    let name = words.next().filter(|name| !name.is_empty())?.to_owned();
    let version = words.next()?.trim_start_matches('v').to_owned();
    let path = package
        .split_once(" (/")
        .and_then(|(_, path)| path.split_once(')'));
    let features = features.split(',').filter(|feature| !feature.is_empty());
    Some(Crate {
        name,
        version,
        path: path.map(|(path, _)| format!("/{path}")),
        features: features.map(str::to_owned).collect(),
    })
}

fn faults_of(one: &Crate, root: &str) -> Vec<TreeFault> {
    let name = || one.name.clone();
    let provider = OTHER_PROVIDERS.contains(&one.name.as_str());
    let features = one.features.iter();
    let forbidden = features.filter(|feature| FORBIDDEN_FEATURES.contains(&feature.as_str()));
    let folder = one.path.as_deref().and_then(|path| path.strip_prefix(root));
    let folder = folder.and_then(|rest| rest.trim_start_matches('/').split('/').next());
    let not_sent = folder.filter(|folder| NOT_SENT.contains(folder));
    provider
        .then(|| TreeFault::Provider(name()))
        .into_iter()
        .chain(forbidden.map(|feature| TreeFault::Feature(name(), feature.clone())))
        .chain(not_sent.map(|folder| TreeFault::NotSent(name(), folder.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "orders-functions v0.0.0 (/shop/functions/orders)|\n\
        database v0.0.0 (/shop/shared/database)|\n\
        rustls v0.23.46|log,logging,ring,std,tls12\n\
        ring v0.17.14|alloc,default\n\
        ring v0.17.14|alloc,default\n";

    fn faults(more: &str) -> Vec<String> {
        let tree = Tree::read(&format!("{GOOD}{more}\n"));
        tree.faults("/shop")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_line_is_a_crate_with_its_place_and_its_features() {
        let tree = Tree::read(GOOD);
        assert_eq!(tree.0.len(), 4);
        let database = tree.0.iter().find(|one| one.name == "database").unwrap();
        assert_eq!(database.path.as_deref(), Some("/shop/shared/database"));
        let rustls = tree.0.iter().find(|one| one.name == "rustls").unwrap();
        assert_eq!(
            (rustls.version.as_str(), rustls.features.len()),
            ("0.23.46", 5)
        );
        assert_eq!(tree.faults("/shop"), []);
    }

    #[test]
    fn a_second_provider_is_named_with_the_way_to_find_who_brought_it() {
        let told = faults("aws-lc-rs v1.14.1|default");
        assert_eq!(told.len(), 1);
        assert!(
            told[0].contains("cargo tree --invert aws-lc-rs"),
            "{told:?}"
        );
        assert_eq!(faults("openssl-sys v0.9.110|").len(), 1);
    }

    #[test]
    fn a_provider_that_is_only_a_feature_is_found_as_well() {
        let told = faults("lapin v4.12.3|default-runtime,native-tls,rustls--ring");
        assert_eq!(told, ["lapin is built with the feature native-tls"]);
    }

    #[test]
    fn what_only_tests_may_use_is_not_sent() {
        let told = faults(
            "stock v0.0.0 (/shop/shared/stock)|testing\nsandbox v0.0.0 (/shop/tools/sandbox)|",
        );
        let expected = [
            "sandbox is linked, which is development's own (tools)",
            "stock is built with the feature testing",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_tree_without_ring_is_not_the_functions() {
        assert_eq!(Tree::read("").faults("/shop"), [TreeFault::NoRing]);
    }
}
