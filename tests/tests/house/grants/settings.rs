//! Settings: what a function asks for against what the template gives it.

use std::collections::BTreeMap;

use database::roles::ROLES;

use crate::built::{Asked, asked};
use crate::environment::{OF_LAMBDA, environment};
use crate::functions::sources;
use crate::template::{Function, Setting, functions};

/// What a function asks for in the environment that the template gives it, but for what Lambda gives.
pub(crate) fn asked_as_deployed(name: &str, function: &Function) -> Vec<Asked> {
    let mut asked = asked(name, &environment(function));
    asked.retain(|setting| OF_LAMBDA.iter().all(|(given, _)| *given != setting.name));
    asked
}

/// What is missing or not asked for, a sentence each.
fn disagreements(name: &str, asked: &[Asked], given: &BTreeMap<String, Setting>) -> Vec<String> {
    let required = asked.iter().filter(|setting| setting.required);
    let missing = required.filter(|setting| !given.contains_key(&setting.name));
    let missing = missing.map(|setting| format!("{name} is not given {}", setting.name));
    let is_asked = |setting: &str| asked.iter().any(|asked| asked.name == setting);
    let unused = given.keys().filter(|setting| !is_asked(setting));
    let unused = unused.map(|setting| format!("{name} is given {setting}, which it does not read"));
    missing.chain(unused).collect()
}

#[test]
fn every_function_is_given_the_settings_that_it_asks_for_and_no_other() {
    let mut problems = Vec::new();
    for (name, function) in functions() {
        let asked = asked_as_deployed(&name, &function);
        problems.extend(disagreements(&name, &asked, &function.environment));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Whose password it is says which role a function comes as: its area's, and `migrate` as the owner.
#[test]
fn every_function_comes_to_the_database_as_its_areas_role() {
    let sources = sources();
    for (name, function) in functions() {
        let Some(Setting::Reference(url)) = function.environment.get("DATABASE_URL") else {
            continue;
        };
        let role = ROLES.iter().find(|role| role.area == sources[&name].area);
        let (user, secret, address) = match (name.as_str(), role) {
            ("migrate", _) => ("madrush", "Owner".to_owned(), "OwnerDatabaseAddress"),
            (_, Some(role)) => (role.name, capitalised(role.area), "DatabaseAddress"),
            (_, None) => panic!("{name}: its area has no role"),
        };
        assert_eq!(
            url,
            &format!("postgres://{user}@${{Data.Outputs.{address}}}"),
            "{name}"
        );
        let password = format!("${{Data.Outputs.{secret}DatabaseSecret}}#password");
        assert_eq!(
            function.environment["DATABASE_PASSWORD"],
            Setting::Secret(password),
            "{name}"
        );
    }
}

#[test]
fn migrate_gives_each_role_the_password_that_its_areas_functions_come_with() {
    let functions = functions();
    for role in ROLES {
        let secret = capitalised(role.area);
        let password = format!("${{Data.Outputs.{secret}DatabaseSecret}}#password");
        let given = functions["migrate"].environment.get(role.password_setting);
        assert_eq!(given, Some(&Setting::Secret(password)), "{}", role.name);
    }
}

pub(crate) fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// The test above can fail: each required setting taken away and each other one added is told.
#[test]
fn a_setting_too_few_and_a_setting_too_many_are_told() {
    for (name, function) in functions() {
        let asked = asked_as_deployed(&name, &function);
        for setting in asked.iter().filter(|setting| setting.required) {
            let mut given = function.environment.clone();
            given.remove(&setting.name);
            let told = disagreements(&name, &asked, &given);
            assert_eq!(told, [format!("{name} is not given {}", setting.name)]);
        }
        let mut given = function.environment.clone();
        given.insert(
            "PLANTED".to_owned(),
            Setting::Secret("${PlantedSecret}#key".to_owned()),
        );
        let told = disagreements(&name, &asked, &given);
        assert_eq!(
            told,
            [format!("{name} is given PLANTED, which it does not read")]
        );
    }
}
