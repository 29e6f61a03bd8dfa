//! The routes as Cargo.toml (for `cargo lambda watch`) and openapi.json have them.

use std::collections::{BTreeMap, BTreeSet};

use crate::read;

/// `GET /api/products` and the like, by which the three lists are compared.
pub(crate) type Route = String;

/// `[workspace.metadata.lambda.watch.router]`: which function takes which route.
pub(crate) fn local() -> BTreeMap<Route, String> {
    let manifest: toml::Value = read("Cargo.toml").parse::<toml::Table>().unwrap().into();
    let router = ["workspace", "metadata", "lambda", "watch", "router"]
        .iter()
        .try_fold(&manifest, |table, key| table.get(key))
        .and_then(toml::Value::as_table)
        .expect("Cargo.toml has no [workspace.metadata.lambda.watch.router]");
    router
        .iter()
        .flat_map(|(path, entry)| local_routes(path, entry))
        .collect()
}

fn local_routes(path: &str, entry: &toml::Value) -> Vec<(Route, String)> {
    let entries = entry.as_array().unwrap_or_else(|| {
        panic!("{path}: a route needs its methods, [{{ method = \"GET\", function = \"…\" }}]")
    });
    let word = |entry: &toml::Value, key: &str| entry[key].as_str().unwrap().to_owned();
    entries
        .iter()
        .map(|entry| {
            (
                format!("{} {path}", word(entry, "method")),
                word(entry, "function"),
            )
        })
        .collect()
}

/// The operations of the committed API document.
pub(crate) fn documented() -> BTreeSet<Route> {
    let document: serde_json::Value = serde_json::from_str(&read("openapi.json")).unwrap();
    let methods = ["get", "post", "put", "patch", "delete", "head", "options"];
    let paths = document["paths"]
        .as_object()
        .expect("openapi.json has no paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().keys();
            operations
                .filter(|key| methods.contains(&key.as_str()))
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}
