//! template.yaml, read as far as the code must agree with it.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::{Mapping, Value};

use crate::read;

/// A function as the template describes it.
#[derive(Debug)]
pub(crate) struct Function {
    /// The last part of its name on AWS.
    pub(crate) deployed_name: String,
    /// `GET /api/products`.
    pub(crate) routes: Vec<String>,
    /// The queues that start it.
    pub(crate) queues: Vec<String>,
    /// How often it is started.
    pub(crate) schedules: Vec<String>,
    /// Its settings, the common ones included: a variable `NAME_SECRET` is the setting `NAME`.
    pub(crate) environment: BTreeMap<String, Setting>,
    /// The security groups that it wears: `DatabaseClient`.
    pub(crate) groups: BTreeSet<String>,
    /// The resource that is its role: `CatalogRole`.
    pub(crate) role: String,
    /// What has to be done before it changes: `Migration`.
    pub(crate) after: BTreeSet<String>,
    /// Whether its log has a group of its own, whose retention is set.
    pub(crate) has_log_group: bool,
}

/// Where the value of an environment variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting {
    /// It stands in the template.
    Literal(String),
    /// It lies in Secrets Manager, where this says: `${PaystackSecretArn}#secret_key`.
    Secret(String),
    /// It is put together at deployment out of this: a parameter's name, a text with `${…}`, nothing
    /// where it is a choice.
    Reference(String),
}

/// What the Parameters and Secrets extension reads in a function's environment; the function does not.
const FOR_THE_EXTENSION: [&str; 2] = ["PARAMETERS_SECRETS_EXTENSION_", "SECRETS_MANAGER_"];

/// Every function by the name of its binary, which is the last part of its `CodeUri`.
pub(crate) fn functions() -> BTreeMap<String, Function> {
    let template = template("template.yaml");
    let common = settings(&template["Globals"]["Function"]);
    resources(&template, "AWS::Serverless::Function")
        .map(|resource| {
            let properties = &resource["Properties"];
            let code = text(&properties["CodeUri"]);
            let binary = code
                .strip_prefix("target/lambda/")
                .and_then(|rest| rest.strip_suffix('/'))
                .unwrap_or_else(|| panic!("{code} is not target/lambda/<function>/"));
            (binary.to_owned(), function(resource, &common))
        })
        .collect()
}

/// A template of the repository.
pub(crate) fn template(path: &str) -> Value {
    yaml_serde::from_str(&read(path)).unwrap()
}

/// A template's resources of one type.
pub(crate) fn resources<'a>(template: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = template["Resources"].as_mapping().unwrap().values();
    all.filter(move |resource| text(&resource["Type"]) == kind)
}

fn function(resource: &Value, common: &BTreeMap<String, Setting>) -> Function {
    let properties = &resource["Properties"];
    let events = events(properties);
    let of = |kind: &str| {
        let chosen = events.iter().filter(|event| text(&event["Type"]) == kind);
        chosen.map(|event| &event["Properties"]).collect::<Vec<_>>()
    };
    let route = |event: &&Value| format!("{} {}", text(&event["Method"]), text(&event["Path"]));
    let queues = |event: &&Value| list(&event["Queues"]);
    let mut environment = common.clone();
    environment.extend(settings(properties));
    Function {
        deployed_name: text(&properties["FunctionName"]).replace("${AWS::StackName}-", ""),
        routes: of("HttpApi").iter().map(route).collect(),
        queues: of("MQ").iter().flat_map::<Vec<String>, _>(queues).collect(),
        schedules: of("ScheduleV2")
            .iter()
            .map(|event| text(&event["ScheduleExpression"]))
            .collect(),
        environment,
        groups: list(&properties["VpcConfig"]["SecurityGroupIds"])
            .iter()
            .map(|group| group.replace("Network.Outputs.", ""))
            .collect(),
        role: text(&properties["Role"]).replace(".Arn", ""),
        after: list(&resource["DependsOn"]).into_iter().collect(),
        has_log_group: !properties["LoggingConfig"]["LogGroup"].is_null(),
    }
}

fn events(properties: &Value) -> Vec<&Value> {
    properties["Events"]
        .as_mapping()
        .into_iter()
        .flat_map(Mapping::values)
        .collect()
}

fn settings(properties: &Value) -> BTreeMap<String, Setting> {
    let variables = properties["Environment"]["Variables"].as_mapping();
    let is_ours = |name: &String| !FOR_THE_EXTENSION.iter().any(|own| name.starts_with(own));
    variables
        .into_iter()
        .flatten()
        .map(|(name, value)| (text(name), value))
        .filter(|(name, _)| is_ours(name))
        .map(|(name, value)| match name.strip_suffix("_SECRET") {
            Some(setting) => (setting.to_owned(), Setting::Secret(text(value))),
            None => (name, setting(value)),
        })
        .collect()
}

/// `!Ref` and its like are tags; the value under a tag is what it refers to.
fn setting(value: &Value) -> Setting {
    match value {
        Value::Tagged(_) | Value::Sequence(_) | Value::Mapping(_) => {
            Setting::Reference(text(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Setting::Literal(text(value))
        }
    }
}

/// A list, or the one thing that stands for a list of one.
pub(crate) fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(items) => items.iter().map(text).collect(),
        Value::Null => Vec::new(),
        Value::Tagged(_)
        | Value::Mapping(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => vec![text(value)],
    }
}

/// A scalar as text, with or without a tag.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => text(&tagged.value),
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => String::new(),
    }
}
