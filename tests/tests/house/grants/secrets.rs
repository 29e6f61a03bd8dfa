//! IAM: the secrets that a role may read against those that its functions name, who may read queues,
//! and who may use the bucket.

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
    /// What may be done to the bucket, and to what begins with which key: `s3:GetObject imports/*`.
    bucket: BTreeSet<String>,
}

/// What signed addresses and the consumer of product updates do to the bucket; without
/// `s3:ListBucket` S3 says of what is not there that it is forbidden.
const IN_THE_BUCKET: [&str; 9] = [
    "s3:ListBucket",
    "s3:GetObject products/*",
    "s3:PutObject products/*",
    "s3:DeleteObject products/*",
    "s3:GetObject imports/*",
    "s3:PutObject imports/*",
    "s3:GetObject exports/*",
    "s3:PutObject exports/*",
    "s3:AbortMultipartUpload exports/*",
];

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
    let (mut secrets, mut bucket) = (BTreeSet::new(), BTreeSet::new());
    for statement in statements.flatten() {
        assert_eq!(text(&statement["Effect"]), "Allow");
        assert!(statement["NotResource"].is_null() && statement["NotAction"].is_null());
        let (actions, resources) = (list(&statement["Action"]), list(&statement["Resource"]));
        if actions == ["secretsmanager:GetSecretValue"] {
            secrets.extend(resources);
        } else {
            bucket.extend(in_the_bucket(&actions, &resources));
        }
    }
    Allowed {
        secrets,
        bucket,
        policies: list(&role["ManagedPolicyArns"]).into_iter().collect(),
    }
}

/// Each action with the keys that it is allowed for.
///
/// # Panics
/// Where it is allowed for anything else than the shop's bucket, or is no action of S3.
fn in_the_bucket(actions: &[String], resources: &[String]) -> Vec<String> {
    let [resource] = resources else {
        panic!("one place in the bucket, not {resources:?}")
    };
    let keys = match resource.as_str() {
        "Data.Outputs.BucketArn" => "",
        other => other
            .strip_prefix("${Data.Outputs.BucketArn}/")
            .unwrap_or_else(|| panic!("{other} is not in the bucket")),
    };
    let allowed = actions.iter().inspect(|action| {
        assert!(action.starts_with("s3:"), "{action}: and nothing else");
    });
    allowed
        .map(|action| format!("{action} {keys}").trim_end().to_owned())
        .collect()
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
        if function.environment.contains_key("STORAGE_BUCKET") {
            role.bucket = IN_THE_BUCKET.map(str::to_owned).into();
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

    let mut bucket = functions();
    let list = bucket.get_mut("admin-list-stock").unwrap();
    let planted = Setting::Reference("Data.Outputs.Bucket".to_owned());
    list.environment
        .insert("STORAGE_BUCKET".to_owned(), planted);
    assert_ne!(allowed, needed(&bucket));

    let mut elsewhere = functions();
    elsewhere.get_mut("list-products").unwrap().role = "OrdersRole".to_owned();
    assert_ne!(allowed, needed(&elsewhere));
}
