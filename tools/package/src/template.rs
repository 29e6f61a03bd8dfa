//! What `template.yaml` says of a function's surroundings.

use std::collections::BTreeMap;

use yaml_serde::{Mapping, Value};

/// A function as it is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// The binary's name: the last part of `CodeUri`.
    pub name: String,
    /// Memory in MB.
    pub memory_mb: u32,
    /// The longest that an invocation may take, in seconds.
    pub timeout_seconds: u64,
    /// Its variables, the common ones included.
    pub environment: BTreeMap<String, Setting>,
}

/// Where the value of a variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// It stands in the template.
    Literal(String),
    /// The stack puts it together: the text of the `!Sub`, the name of the `!Ref`, or nothing for a
    /// choice between values.
    Composed(String),
    /// Only some parameters give it a value: `!If [HasCollector, …, !Ref AWS::NoValue]`.
    Conditional,
}

/// The template does not say what it must.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is no YAML.
    #[error("the template is not YAML")]
    Yaml(#[from] yaml_serde::Error),
    /// A function lacks something.
    #[error("{function}: {what}")]
    Lacks {
        /// Which, by its name in the template.
        function: String,
        /// What.
        what: &'static str,
    },
}

/// Reads the functions of a template, by the names of their binaries.
///
/// # Errors
/// Where it is no YAML, or a function has no memory size, no time limit or no `CodeUri` below
/// `target/lambda/`.
pub fn deployed(template: &str) -> Result<BTreeMap<String, Deployed>, TemplateError> {
    let template: Value = yaml_serde::from_str(template)?;
    let globals = &template["Globals"]["Function"];
    let resources = template["Resources"].as_mapping();
    resources
        .into_iter()
        .flatten()
        .filter(|(_, resource)| text(&resource["Type"]) == "AWS::Serverless::Function")
        .map(|(name, resource)| function(&text(name), &resource["Properties"], globals))
        .map(|function| function.map(|function| (function.name.clone(), function)))
        .collect()
}

fn function(name: &str, own: &Value, globals: &Value) -> Result<Deployed, TemplateError> {
    let lacks = |what| TemplateError::Lacks {
        function: name.to_owned(),
        what,
    };
    let number = |key: &str| own[key].as_u64().or_else(|| globals[key].as_u64());
    let memory = number("MemorySize").and_then(|memory| u32::try_from(memory).ok());
    let code = text(&own["CodeUri"]);
    let binary = code.strip_prefix("target/lambda/");
    let mut environment = variables(globals);
    environment.extend(variables(own));
    Ok(Deployed {
        name: binary
            .map(|binary| binary.trim_end_matches('/').to_owned())
            .ok_or_else(|| lacks("its CodeUri is not target/lambda/<function>/"))?,
        memory_mb: memory.ok_or_else(|| lacks("it has no MemorySize"))?,
        timeout_seconds: number("Timeout").ok_or_else(|| lacks("it has no Timeout"))?,
        environment,
    })
}

fn variables(properties: &Value) -> BTreeMap<String, Setting> {
    let variables = properties["Environment"]["Variables"].as_mapping();
    variables
        .into_iter()
        .flat_map(Mapping::iter)
        .map(|(name, value)| (text(name), setting(value)))
        .collect()
}

/// `!Ref` and its like are tags; the value under a tag is what it is made of.
fn setting(value: &Value) -> Setting {
    match value {
        Value::Tagged(tagged) if may_be_absent(&tagged.value) => Setting::Conditional,
        Value::Tagged(tagged) => Setting::Composed(text(&tagged.value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Setting::Literal(text(value))
        }
        Value::Sequence(_) | Value::Mapping(_) => Setting::Composed(String::new()),
    }
}

/// Whether one of the two values of an `!If` is none.
fn may_be_absent(choice: &Value) -> bool {
    let values = choice.as_sequence().into_iter().flatten();
    let mut references = values.filter_map(|value| match value {
        Value::Tagged(tagged) => Some(text(&tagged.value)),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Sequence(_)
        | Value::Mapping(_) => None,
    });
    references.any(|reference| reference == "AWS::NoValue")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"
Globals:
  Function: {MemorySize: 512, Timeout: 20, Environment: {Variables: {LOG_LEVEL: !Ref LogLevel}}}
  # Comments are no part of it.
Resources:
  Queue: {Type: AWS::SQS::Queue}
  PlaceOrder:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/place-order/
      MemorySize: 1024
      Environment:
        Variables:
          REDIS_TLS: "true"
          DATABASE_URL: !Sub "postgres://shop@${Host}:5432/shop"
          OTEL_EXPORTER_OTLP_ENDPOINT: !If [IsTraced, "http://localhost:4318", !Ref AWS::NoValue]
          SMTP_TLS: !If [SmtpBeginsWithTls, implicit, starttls]
"#;

    #[test]
    fn a_functions_own_words_go_before_the_common_ones() {
        let functions = deployed(TEMPLATE).unwrap();
        assert_eq!(functions.len(), 1);
        let function = &functions["place-order"];
        assert_eq!((function.memory_mb, function.timeout_seconds), (1024, 20));
        let composed = |text: &str| Setting::Composed(text.to_owned());
        let expected = [
            (
                "DATABASE_URL",
                composed("postgres://shop@${Host}:5432/shop"),
            ),
            ("LOG_LEVEL", composed("LogLevel")),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", Setting::Conditional),
            ("REDIS_TLS", Setting::Literal("true".to_owned())),
            ("SMTP_TLS", composed("")),
        ];
        let expected = expected.map(|(name, setting)| (name.to_owned(), setting));
        assert_eq!(function.environment, BTreeMap::from(expected));
    }

    #[test]
    fn a_function_whose_code_lies_elsewhere_is_named() {
        let moved = TEMPLATE.replace("target/lambda", "build");
        let error = deployed(&moved).unwrap_err().to_string();
        assert_eq!(
            error,
            "PlaceOrder: its CodeUri is not target/lambda/<function>/"
        );
    }
}
