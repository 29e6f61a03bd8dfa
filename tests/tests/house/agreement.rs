//! Code, template, local routes and API document say the same.

use std::collections::{BTreeMap, BTreeSet};

use messaging::topology::QUEUES;

use crate::functions::sources;
use crate::read;
use crate::routes;
use crate::template::{Setting, functions, resources, template, text};

fn deployed_routes() -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for (name, function) in functions() {
        for route in function.routes {
            let former = routes.insert(route.clone(), name.clone());
            assert!(former.is_none(), "{route} has two functions");
        }
    }
    routes
}

#[test]
fn every_function_is_in_the_template_and_no_other() {
    let code: BTreeSet<String> = sources().into_keys().collect();
    let deployed: BTreeSet<String> = functions().into_keys().collect();
    assert_eq!(code, deployed);
}

#[test]
fn local_routes_are_the_deployed_routes() {
    assert_eq!(routes::local(), deployed_routes());
}

#[test]
fn the_api_document_describes_exactly_the_deployed_routes() {
    let deployed: BTreeSet<String> = deployed_routes().into_keys().collect();
    assert_eq!(routes::documented(), deployed);
}

#[test]
fn a_function_is_started_by_what_it_is_written_for() {
    let deployed = functions();
    for (name, source) in sources() {
        let Some(function) = deployed.get(&name) else {
            panic!("{name} is not in the template")
        };
        assert_eq!(
            source.is_consumer(),
            !function.queues.is_empty(),
            "{name}: queue"
        );
        assert_eq!(
            source.speaks_http(),
            !function.routes.is_empty(),
            "{name}: route"
        );
        let scheduled = !function.schedules.is_empty();
        assert!(
            !scheduled || source.is_scheduled_or_invoked(),
            "{name}: schedule"
        );
    }
}

#[test]
fn a_functions_first_line_names_its_route() {
    let deployed = functions();
    for (name, source) in sources().iter().filter(|(_, source)| source.speaks_http()) {
        let line = source.first_line();
        let routes = deployed
            .get(name)
            .map_or(&[] as &[String], |function| &function.routes);
        let named = routes
            .iter()
            .any(|route| line.contains(&format!("`{route}`")));
        assert!(
            line.starts_with("//! ") && named,
            "{name} ({}): {line}",
            source.area
        );
    }
}

#[test]
fn queues_start_the_consumers_that_the_topology_names() {
    let code = sources();
    let written = QUEUES
        .iter()
        .filter(|queue| code.contains_key(queue.consumer));
    let expected: BTreeMap<&str, &str> =
        written.map(|queue| (queue.name, queue.consumer)).collect();
    let deployed = functions();
    let queues: BTreeMap<&str, &str> = deployed
        .iter()
        .flat_map(|(name, function)| {
            function
                .queues
                .iter()
                .map(move |queue| (queue.as_str(), name.as_str()))
        })
        .collect();
    assert_eq!(queues, expected);
}

/// Whoever may read a function's configuration reads no secret in it.
#[test]
fn no_secret_stands_in_an_environment() {
    let marks = ["PASSWORD", "SECRET", "TOKEN", "ENCRYPTION_KEY", "JWT"];
    for (name, function) in functions() {
        for (variable, setting) in &function.environment {
            let is_secret = marks.iter().any(|mark| variable.contains(mark));
            let is_named = matches!(setting, Setting::Secret(place) if place.contains('#'));
            assert!(!is_secret || is_named, "{name}: {variable}");
        }
        if let Some(url) = function.environment.get("DATABASE_URL") {
            let Setting::Reference(url) = url else {
                panic!("{name}: {url:?}")
            };
            let user = url.strip_prefix("postgres://").unwrap().split('@').next();
            assert!(!user.unwrap().contains(':'), "{name}: {url}");
        }
    }
    let resolved = read("template.yaml").matches("{{resolve:").count();
    assert_eq!(resolved, 0, "CloudFormation would write the secret out");
}

/// A migration that fails ends a deployment before any other function has changed.
#[test]
fn everything_waits_for_the_migration_and_what_uses_queues_for_the_queues() {
    for (name, function) in functions() {
        let is_hook = function.role == "DeploymentRole";
        assert_eq!(
            function.after.contains("Migration"),
            !is_hook,
            "{name}: Migration"
        );
        let uses_queues = !function.queues.is_empty() || function.groups.contains("BrokerClient");
        assert_eq!(
            function.after.contains("QueueTopology"),
            uses_queues && !is_hook,
            "{name}: QueueTopology"
        );
    }
}

/// Whoever is woken by an alarm finds what to do.
#[test]
fn every_alarm_has_its_heading_in_the_runbook_and_no_other_does() {
    let template = template("infrastructure/observability.yaml");
    let mut alarms = BTreeSet::new();
    for alarm in resources(&template, "AWS::CloudWatch::Alarm") {
        let name = text(&alarm["Properties"]["AlarmName"]).replace("${Shop}-", "");
        let told = text(&alarm["Properties"]["AlarmDescription"]);
        assert!(
            told.ends_with(&format!(" See docs/runbook.md#{name}")),
            "{name}: {told}"
        );
        alarms.insert(name);
    }
    let runbook = read("docs/runbook.md");
    let headings = runbook.lines().filter_map(|line| line.strip_prefix("## "));
    // A heading with a space is a chapter, not an alarm.
    let headings = headings.filter(|heading| !heading.contains(' '));
    assert_eq!(alarms, headings.map(str::to_owned).collect::<BTreeSet<_>>());
}

#[test]
fn names_and_logs_follow_the_functions_name() {
    for (name, function) in functions() {
        assert_eq!(function.deployed_name, name);
        assert!(function.has_log_group, "{name} keeps its log for ever");
    }
}
