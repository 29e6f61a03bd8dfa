//! template.yaml, read as far as the code must agree with it.

use std::collections::BTreeMap;

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
    /// Its settings, the common ones included.
    pub(crate) environment: BTreeMap<String, Setting>,
    /// Whether its log has a group of its own, whose retention is set.
    pub(crate) has_log_group: bool,
}

/// Where the value of an environment variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting {
    /// It stands in the template.
    Literal(String),
    /// It is taken out of Secrets Manager at deployment.
    Secret,
    /// A parameter or a choice between values.
    Reference,
}

/// Every function by the name of its binary, which is the last part of its `CodeUri`.
pub(crate) fn functions() -> BTreeMap<String, Function> {
    let template: Value = yaml_serde::from_str(&read("template.yaml")).unwrap();
    let common = settings(&template["Globals"]["Function"]);
    let resources = template["Resources"].as_mapping().unwrap();
    resources
        .iter()
        .filter(|(_, resource)| text(&resource["Type"]) == "AWS::Serverless::Function")
        .map(|(_, resource)| {
            let properties = &resource["Properties"];
            let code = text(&properties["CodeUri"]);
            let binary = code
                .strip_prefix("target/lambda/")
                .and_then(|rest| rest.strip_suffix('/'))
                .unwrap_or_else(|| panic!("{code} is not target/lambda/<function>/"));
            (binary.to_owned(), function(properties, &common))
        })
        .collect()
}

fn function(properties: &Value, common: &BTreeMap<String, Setting>) -> Function {
    let events = events(properties);
    let of = |kind: &str| {
        let chosen = events.iter().filter(|event| text(&event["Type"]) == kind);
        chosen.map(|event| &event["Properties"]).collect::<Vec<_>>()
    };
    let route = |event: &&Value| format!("{} {}", text(&event["Method"]), text(&event["Path"]));
    let queues = |event: &&Value| {
        event["Queues"]
            .as_sequence()
            .unwrap()
            .iter()
            .map(text)
            .collect()
    };
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
    variables
        .into_iter()
        .flatten()
        .map(|(name, value)| (text(name), setting(value)))
        .collect()
}

/// `!Ref` and its like are tags; the value under a tag is what it refers to.
fn setting(value: &Value) -> Setting {
    match value {
        Value::Tagged(tagged) => match tagged.value.as_str() {
            Some(text) if text.starts_with("{{resolve:secretsmanager:") => Setting::Secret,
            Some(_) | None => Setting::Reference,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Setting::Literal(text(value))
        }
        Value::Sequence(_) | Value::Mapping(_) => Setting::Reference,
    }
}

/// A scalar as text, with or without a tag.
fn text(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => text(&tagged.value),
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => String::new(),
    }
}
