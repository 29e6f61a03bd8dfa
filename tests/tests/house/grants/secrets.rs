//! IAM: the secrets that a role may read against those that its functions name, and who may read
//! queues.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::Value;

use super::settings::capitalised;
use crate::functions::sources;
use crate::template::{Function, Setting, functions, list, template, text};

/// What roles may read and what else they carry, by the name of their resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Allowed {
    secrets: BTreeSet<String>,
    policies: BTreeSet<String>,
}

fn allowed() -> BTreeMap<String, Allowed> {
    let template = template("template.yaml");
    let resources = template["Resources"].as_mapping().unwrap();
    let roles = resources
        .iter()
        .filter(|(_, resource)| is_functions_role(resource));
    roles
        .map(|(name, role)| (text(name), allowed_to(&role["Properties"])))
        .collect()
}

fn is_functions_role(resource: &Value) -> bool {
    let trusted = &resource["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"];
    text(&resource["Type"]) == "AWS::IAM::Role"
        && text(&trusted["Service"]) == "lambda.amazonaws.com"
}

fn allowed_to(role: &Value) -> Allowed {
    let policies = role["Policies"].as_sequence().into_iter().flatten();
    let statements =
        policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence());
    let mut secrets = BTreeSet::new();
    for statement in statements.flatten() {
        assert_eq!(text(&statement["Effect"]), "Allow");
        assert_eq!(
            list(&statement["Action"]),
            ["secretsmanager:GetSecretValue"],
            "and nothing else"
        );
        assert!(statement["NotResource"].is_null() && statement["NotAction"].is_null());
        secrets.extend(list(&statement["Resource"]));
    }
    Allowed {
        secrets,
        policies: list(&role["ManagedPolicyArns"]).into_iter().collect(),
    }
}

/// What the functions of each role need.
fn needed(functions: &BTreeMap<String, Function>) -> BTreeMap<String, Allowed> {
    let mut needed: BTreeMap<String, Allowed> = BTreeMap::new();
    for function in functions.values() {
        let role = needed.entry(function.role.clone()).or_default();
        role.policies.insert("FunctionBasics".to_owned());
        if !function.queues.is_empty() {
            role.policies.insert("ReadQueues".to_owned());
        }
        role.secrets
            .extend(function.environment.values().filter_map(secret));
    }
    needed
}

/// `${PaystackSecretArn}#secret_key` lies in `PaystackSecretArn`.
fn secret(setting: &Setting) -> Option<String> {
    match setting {
        Setting::Secret(place) => {
            let secret = place.strip_prefix("${")?.split('}').next()?;
            Some(secret.to_owned())
        }
        Setting::Literal(_) | Setting::Reference(_) => None,
    }
}

#[test]
fn every_role_may_read_the_secrets_that_its_functions_name_and_no_other() {
    assert_eq!(allowed(), needed(&functions()));
}

#[test]
fn every_function_has_its_areas_role_and_deploy_hooks_have_theirs() {
    let functions = functions();
    for (name, source) in sources() {
        let expected = match source.is_deploy_hook() {
            true => "DeploymentRole".to_owned(),
            false => format!("{}Role", capitalised(&source.area)),
        };
        assert_eq!(functions[&name].role, expected, "{name}");
    }
}

/// The comparison can fail: a secret that only one function names, and one that nobody does.
#[test]
fn a_secret_too_few_and_a_secret_too_many_are_told() {
    let allowed = allowed();
    let mut more = functions();
    let webhook = more.get_mut("paystack-webhook").unwrap();
    let planted = Setting::Secret("${SmtpSecretArn}#password".to_owned());
    webhook.environment.insert("PLANTED".to_owned(), planted);
    assert_ne!(allowed, needed(&more));

    let mut fewer = functions();
    for function in fewer.values_mut() {
        function.environment.remove("PAYSTACK_SECRET_KEY");
        function.environment.remove("PAYSTACK_PREVIOUS_SECRET_KEY");
    }
    assert_ne!(allowed, needed(&fewer));

    let mut elsewhere = functions();
    elsewhere.get_mut("list-products").unwrap().role = "OrdersRole".to_owned();
    assert_ne!(allowed, needed(&elsewhere));
}
