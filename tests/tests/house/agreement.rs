//! Code, template, local routes and API document say the same.

use std::collections::{BTreeMap, BTreeSet};

use messaging::topology::QUEUES;

use crate::functions::sources;
use crate::routes;
use crate::template::{Setting, functions};

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

#[test]
fn secrets_are_taken_out_of_secrets_manager_and_stand_nowhere() {
    let marks = [
        "PASSWORD",
        "SECRET",
        "TOKEN",
        "ENCRYPTION_KEY",
        "DATABASE_URL",
    ];
    for (name, function) in functions() {
        for (variable, setting) in &function.environment {
            let is_secret = marks.iter().any(|mark| variable.contains(mark));
            assert!(
                !is_secret || *setting == Setting::Secret,
                "{name}: {variable}"
            );
        }
    }
}

#[test]
fn names_and_logs_follow_the_functions_name() {
    for (name, function) in functions() {
        assert_eq!(function.deployed_name, name);
        assert!(function.has_log_group, "{name} keeps its log for ever");
    }
}
