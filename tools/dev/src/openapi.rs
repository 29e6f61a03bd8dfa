//! `cargo dev openapi`: one document out of the functions' own descriptions.
//!
//! Each HTTP function prints its part when it is started with `--openapi`. Which functions serve
//! HTTP is what the local route table in the root Cargo.toml says.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};
use services::Reporter as _;
use tokio::process::Command;

use crate::cargo;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    check: bool,
) -> anyhow::Result<()> {
    let step = terminal.step("Building the functions");
    cargo::build_programs(&workspace.root, &step).await?;
    step.done();
    let document = document(workspace).await?;
    let file = workspace.root.join("openapi.json");
    if !check {
        fs::write(&file, document).context("cannot write openapi.json")?;
        terminal.say("openapi.json is what the code says.");
    } else if fs::read_to_string(&file).unwrap_or_default() != document {
        bail!("openapi.json is not what the code says; run cargo dev openapi and commit it");
    }
    Ok(())
}

async fn document(workspace: &Workspace) -> anyhow::Result<String> {
    let metadata = workspace.metadata()?;
    let mut whole = Document::default();
    for function in routed(&metadata.workspace_metadata) {
        let program = metadata.target_directory.join("debug").join(&function);
        let part = part(program.as_std_path()).await;
        let part = part.with_context(|| format!("{function} --openapi"))?;
        whole.add(&function, &part)?;
    }
    Ok(format!("{:#}\n", whole.into_json()))
}

/// The functions that the route table names, each once.
fn routed(metadata: &Value) -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    let router = metadata
        .pointer("/lambda/watch/router")
        .and_then(Value::as_object);
    for route in router.into_iter().flat_map(Map::values) {
        let several = route.as_array().into_iter().flatten();
        let named = several
            .filter_map(|entry| entry["function"].as_str())
            .chain(route.as_str());
        functions.extend(named.map(ToOwned::to_owned));
    }
    functions
}

async fn part(program: &std::path::Path) -> anyhow::Result<Value> {
    let mut command = Command::new(program);
    // Nothing of our environment: a description must not depend on settings.
    command
        .arg("--openapi")
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let limit = std::time::Duration::from_secs(20);
    let output = tokio::time::timeout(limit, command.output()).await;
    let output = output
        .context("it did not end within 20 s")?
        .context("it cannot be started")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("it did not print JSON")
}

/// The parts put together.
#[derive(Default)]
struct Document {
    paths: Map<String, Value>,
    components: Map<String, Value>,
}

impl Document {
    fn add(&mut self, function: &str, part: &Value) -> anyhow::Result<()> {
        for (path, methods) in objects(&part["paths"]) {
            merge(&mut self.paths, path, methods)
                .with_context(|| format!("{function} describes {path} in another way"))?;
        }
        for (kind, named) in objects(&part["components"]) {
            merge(&mut self.components, kind, named).with_context(|| {
                format!("{function} describes one of the {kind} in another way")
            })?;
        }
        Ok(())
    }

    fn into_json(mut self) -> Value {
        self.components
            .insert("securitySchemes".to_owned(), security_schemes());
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "MAD RUSH",
                "version": "1",
                "description": "The shop's HTTP API. Money is in minor units (kobo), times are RFC 3339 UTC, \
                                errors are application/problem+json (RFC 9457).",
            },
            "servers": [{"url": "http://localhost:9000", "description": "cargo dev"}],
            "paths": self.paths,
            "components": self.components,
        });
        sorted(document)
    }
}

/// Who may call what, as `edge::access` reads it; the functions name these.
fn security_schemes() -> Value {
    json!({
        "guest": {
            "type": "http",
            "scheme": "bearer",
            "description": "The access_token that placing the order answered with. It opens that one order.",
        },
        "staff": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A member of staff's access token; the words name the permission that it must hold. \
                            In development: cargo dev staff-token.",
        },
        "paystack_signature": {
            "type": "apiKey",
            "in": "header",
            "name": "x-paystack-signature",
            "description": "HMAC-SHA512 of the raw body under the secret key, in hex.",
        },
    })
}

fn objects(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// Puts the entries of `more` below `into[key]`; the same entry twice must be the same.
fn merge(into: &mut Map<String, Value>, key: &str, more: &Value) -> anyhow::Result<()> {
    let below = into.entry(key).or_insert_with(|| json!({}));
    let Some(below) = below.as_object_mut() else {
        bail!("{key} is not an object")
    };
    for (name, value) in objects(more) {
        match below.get(name) {
            Some(known) if known != value => bail!("conflicting descriptions of {name}"),
            Some(_) => {}
            None => drop(below.insert(name.to_owned(), value.clone())),
        }
    }
    Ok(())
}

/// By name at every level, whatever order the JSON library was built to keep.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (name, sorted(value)))
                    .collect(),
            )
        }
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_and_the_same_component_may_come_twice() {
        let mut document = Document::default();
        let problem = json!({"type": "object"});
        let part = |method: &str| {
            json!({"paths": {"/a": {method: {"operationId": method}}},
                   "components": {"schemas": {"Problem": problem}}})
        };
        document.add("one", &part("get")).unwrap();
        document.add("two", &part("post")).unwrap();
        let whole = document.into_json();
        assert_eq!(whole["paths"]["/a"].as_object().unwrap().len(), 2);
        assert_eq!(whole["components"]["schemas"]["Problem"], problem);
    }

    #[test]
    fn two_meanings_of_one_name_are_refused_with_both_names() {
        let mut document = Document::default();
        let part = |kind: &str| json!({"components": {"schemas": {"Money": {"type": kind}}}});
        document.add("one", &part("object")).unwrap();
        let error = format!("{:#}", document.add("two", &part("string")).unwrap_err());
        assert!(error.contains("two") && error.contains("Money"), "{error}");
    }

    #[test]
    fn both_forms_of_a_route_are_understood() {
        let metadata = json!({"lambda": {"watch": {"router": {
            "/a": "one", "/b": [{"method": "GET", "function": "two"}, {"method": "PUT", "function": "one"}],
        }}}});
        assert_eq!(
            routed(&metadata).into_iter().collect::<Vec<_>>(),
            ["one", "two"]
        );
    }
}
