//! The network: what a function reaches against the security groups it wears. The evidence is what it
//! asks to be told: a client reads its system's address, and no function reads an address that it has
//! no client for.

use std::collections::BTreeSet;

use super::settings::asked_as_deployed;
use crate::built::Asked;
use crate::functions::{Source, sources};
use crate::template::{Function, Setting, functions};

/// Addresses, and the group that lets a function reach what is there; none for what it only writes
/// into answers and messages, and for what listens in its own environment.
const ADDRESSES: [(&str, Option<&str>); 12] = [
    ("DATABASE_URL", Some("DatabaseClient")),
    ("REDIS_HOST", Some("CacheClient")),
    ("RABBITMQ_HOST", Some("BrokerClient")),
    ("SMTP_HOST", Some("MailClient")),
    ("PAYSTACK_BASE_URL", Some("WebClient")),
    ("TWILIO_BASE_URL", Some("WebClient")),
    ("STORAGE_ENDPOINT", Some("StorageClient")),
    // Where browsers are sent by an address that a function signs.
    ("STORAGE_PUBLIC_ENDPOINT", None),
    ("IMAGES_URL", None),
    ("NEXT_PUBLIC_API_URL", None),
    ("STOREFRONT_URL", None),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", None),
];

/// The groups that a function needs.
///
/// # Panics
/// Where it asks for an address of which nobody has said what is there.
fn needed(asked: &[Asked], function: &Function, source: &Source) -> BTreeSet<String> {
    let addresses = asked.iter().filter(|setting| is_address(&setting.name));
    let reached = addresses.filter_map(|setting| {
        let known = ADDRESSES.iter().find(|(name, _)| *name == setting.name);
        let (_, group) = known.unwrap_or_else(|| panic!("{}: what is there?", setting.name));
        *group
    });
    let mut groups: BTreeSet<String> = reached.map(str::to_owned).collect();
    if function
        .environment
        .values()
        .any(|setting| matches!(setting, Setting::Secret(_)))
    {
        groups.insert("SecretsClient".to_owned());
    }
    if source.is_deploy_hook() {
        // CloudFormation reads the answer from an address of S3.
        groups.insert("WebClient".to_owned());
    }
    groups
}

fn is_address(setting: &str) -> bool {
    ["_URL", "_HOST", "_ENDPOINT", "_ADDRESS"]
        .iter()
        .any(|end| setting.ends_with(end))
}

/// What it cannot reach and what it could reach for nothing, a sentence each.
fn disagreements(name: &str, needed: &BTreeSet<String>, worn: &BTreeSet<String>) -> Vec<String> {
    let missing = needed
        .difference(worn)
        .map(|group| format!("{name} needs {group}"));
    let unused = worn.difference(needed);
    let unused = unused.map(|group| format!("{name} wears {group}, which it has no use for"));
    missing.chain(unused).collect()
}

fn needed_by_all() -> Vec<(String, Function, BTreeSet<String>)> {
    let sources = sources();
    let all = functions().into_iter();
    all.map(|(name, function)| {
        let asked = asked_as_deployed(&name, &function);
        let needed = needed(&asked, &function, &sources[&name]);
        (name, function, needed)
    })
    .collect()
}

#[test]
fn every_function_can_reach_what_it_uses_and_nothing_else() {
    let problems: Vec<String> = needed_by_all()
        .iter()
        .flat_map(|(name, function, needed)| disagreements(name, needed, &function.groups))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The test above can fail: each group taken off and each other one put on is told.
#[test]
fn a_group_too_few_and_a_group_too_many_are_told() {
    let all = [
        "SecretsClient",
        "DatabaseClient",
        "CacheClient",
        "BrokerClient",
        "StorageClient",
        "WebClient",
        "MailClient",
    ];
    for (name, function, needed) in needed_by_all() {
        for group in all.map(str::to_owned) {
            let mut worn = function.groups.clone();
            let expected = if worn.remove(&group) {
                format!("{name} needs {group}")
            } else {
                worn.insert(group.clone());
                format!("{name} wears {group}, which it has no use for")
            };
            assert_eq!(disagreements(&name, &needed, &worn), [expected]);
        }
    }
}
