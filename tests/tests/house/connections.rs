//! How many connections the functions can take, counted from the template and the parameter sets, and
//! held against what Postgres, the cache, the broker and Lambda give (docs/connections.md, whose
//! table is written here).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use yaml_serde::Value;

use crate::read;
use crate::template::{Function, Setting, functions, template, text};

/// Sessions that Postgres keeps for superusers (`superuser_reserved_connections`), RDS for its own
/// (`rds.rds_superuser_reserved_connections`): 3 and 2 by default; and what is left for RDS' agents and
/// for two people.
const KEPT_BACK: u64 = 3 + 2 + 5;
/// ElastiCache's `maxclients` for every node.
const CACHE_TAKES: u64 = 65_000;
/// What Lambda's event source opens to the broker for each queue; not documented, so counted high.
const OF_A_POLLER: u64 = 5;
/// An account's default, of which Lambda lets 100 not be reserved.
const LAMBDA_RUNS: u64 = 1_000 - 100;

/// How many instances a function may have.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reserved {
    /// By a parameter: `BusyConcurrency`.
    Class(String),
    Number(u64),
}

type Parameters = BTreeMap<String, u64>;

/// The parameter sets of samconfig.toml over the template's defaults; numbers only.
fn parameter_sets() -> [(&'static str, Parameters); 2] {
    let config: toml::Table = read("samconfig.toml").parse().unwrap();
    ["default", "production"].map(|set| {
        let mut parameters = defaults();
        let overrides = &config[set]["deploy"]["parameters"]["parameter_overrides"];
        for pair in overrides.as_array().unwrap() {
            let (name, value) = pair.as_str().unwrap().split_once('=').unwrap();
            assert!(
                template("template.yaml")["Parameters"][name].is_mapping(),
                "{set}: {name}"
            );
            if let Ok(number) = value.parse() {
                parameters.insert(name.to_owned(), number);
            }
        }
        (set, parameters)
    })
}

fn defaults() -> Parameters {
    let template = template("template.yaml");
    let parameters = template["Parameters"].as_mapping().unwrap();
    let number = |value: &Value| text(&value["Default"]).parse().ok();
    let numbers = parameters
        .iter()
        .filter_map(|(name, value)| Some((text(name), number(value)?)));
    numbers.collect()
}

/// `!If [Reserves, <a number or a class>, !Ref AWS::NoValue]`, of every function.
fn reserved() -> BTreeMap<String, Reserved> {
    let template = template("template.yaml");
    let of = |properties: &Value| {
        let Value::Tagged(choice) = &properties["ReservedConcurrentExecutions"] else {
            return None;
        };
        let choice = choice.value.as_sequence()?;
        let (Some("Reserves"), Some(reserved)) = (choice[0].as_str(), choice.get(1)) else {
            return None;
        };
        Some(match text(reserved).parse() {
            Ok(number) => Reserved::Number(number),
            Err(_) => Reserved::Class(text(reserved)),
        })
    };
    let resources = crate::template::resources(&template, "AWS::Serverless::Function");
    resources
        .map(|resource| {
            let properties = &resource["Properties"];
            let name = text(&properties["FunctionName"]).replace("${AWS::StackName}-", "");
            let reserved = of(properties);
            let reserved =
                reserved.unwrap_or_else(|| panic!("{name} takes as many connections as it likes"));
            (name, reserved)
        })
        .collect()
}

/// What the functions take under a parameter set.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Taken {
    instances: u64,
    /// Sessions of Postgres, by class of function.
    database: BTreeMap<String, (u64, u64)>,
    cache: u64,
    broker: u64,
}

impl Taken {
    fn sessions(&self) -> u64 {
        self.database.values().map(|(_, sessions)| sessions).sum()
    }
}

fn taken(
    functions: &BTreeMap<String, Function>,
    reserved: &BTreeMap<String, Reserved>,
    parameters: &Parameters,
) -> Taken {
    let mut taken = Taken::default();
    for (name, function) in functions {
        let (class, instances) = match &reserved[name] {
            Reserved::Class(class) => (class.clone(), parameters[class]),
            Reserved::Number(number) => ("others".to_owned(), *number),
        };
        taken.instances += instances;
        let wears = |group: &str| u64::from(function.groups.contains(group));
        if wears("DatabaseClient") == 1 {
            let (functions, sessions) = taken.database.entry(class).or_default();
            *functions += 1;
            *sessions += instances * sessions_of_one(function);
        }
        taken.cache += instances * wears("CacheClient");
        taken.broker += instances * wears("BrokerClient");
        taken.broker += OF_A_POLLER * u64::try_from(function.queues.len()).unwrap();
    }
    taken
}

fn sessions_of_one(function: &Function) -> u64 {
    match function.environment.get("DATABASE_CONNECTIONS") {
        Some(Setting::Literal(number)) => number.parse().unwrap(),
        Some(Setting::Secret(_) | Setting::Reference(_)) => panic!("a number, to be counted with"),
        None => u64::from(database::CONNECTIONS),
    }
}

/// What does not fit, a sentence each.
fn overdrawn(set: &str, taken: &Taken, parameters: &Parameters) -> Vec<String> {
    let limits = [
        (
            "Postgres",
            taken.sessions(),
            parameters["DatabaseMaxConnections"] - KEPT_BACK,
        ),
        ("the cache", taken.cache, CACHE_TAKES),
        (
            "the broker",
            taken.broker,
            parameters["BrokerMaxConnections"],
        ),
        ("Lambda", taken.instances, LAMBDA_RUNS),
    ];
    let too_much = limits
        .into_iter()
        .filter(|(_, wanted, given)| wanted > given);
    too_much
        .map(|(whose, wanted, given)| {
            format!("{set}: {wanted} are wanted of {whose}, which gives {given}")
        })
        .collect()
}

#[test]
fn the_functions_take_no_more_connections_than_there_are() {
    let (functions, reserved) = (functions(), reserved());
    let problems: Vec<String> = parameter_sets()
        .iter()
        .flat_map(|(set, parameters)| {
            overdrawn(set, &taken(&functions, &reserved, parameters), parameters)
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The count can be overdrawn: by one more busy function with the small set, by more connections for
/// each instance, by a smaller broker.
#[test]
fn what_would_break_the_budget_is_told() {
    let (mut functions, mut reserved) = (functions(), reserved());
    let [(_, small), _] = parameter_sets();
    let fits = taken(&functions, &reserved, &small);
    assert_eq!(overdrawn("small", &fits, &small), Vec::<String>::new());

    let mut broker = small.clone();
    broker.insert("BrokerMaxConnections".to_owned(), fits.broker - 1);
    let told = overdrawn("small", &fits, &broker);
    assert!(
        told.len() == 1 && told[0].contains("the broker"),
        "{told:?}"
    );

    let left = small["DatabaseMaxConnections"] - KEPT_BACK - fits.sessions();
    reserved.insert(
        "get-order".to_owned(),
        Reserved::Number(small["UsualConcurrency"] + left),
    );
    let full = taken(&functions, &reserved, &small);
    assert!(
        overdrawn("small", &full, &small).is_empty(),
        "the last one fits"
    );
    reserved.insert(
        "get-order".to_owned(),
        Reserved::Number(small["UsualConcurrency"] + left + 1),
    );
    let told = overdrawn("small", &taken(&functions, &reserved, &small), &small);
    assert!(told.len() == 1 && told[0].contains("Postgres"), "{told:?}");

    let place_order = functions.get_mut("place-order").unwrap();
    let five = Setting::Literal("5".to_owned());
    place_order
        .environment
        .insert("DATABASE_CONNECTIONS".to_owned(), five);
    let told = overdrawn(
        "small",
        &taken(&functions, &self::reserved(), &small),
        &small,
    );
    assert!(told.len() == 1 && told[0].contains("Postgres"), "{told:?}");
}

#[test]
fn the_document_has_the_figures() {
    let (functions, reserved) = (functions(), reserved());
    let [small, production] = parameter_sets()
        .map(|(_, parameters)| (taken(&functions, &reserved, &parameters), parameters));
    let mut table = String::from("| | small | production |\n| --- | ---: | ---: |\n");
    let mut row = |what: &str, value: &dyn Fn(&Taken, &Parameters) -> u64| {
        let (one, other) = (
            value(&small.0, &small.1),
            value(&production.0, &production.1),
        );
        let _ = writeln!(table, "| {what} | {one} | {other} |");
    };
    let class = |name: &'static str| move |taken: &Taken, _: &Parameters| taken.database[name].1;
    let functions_of = |name: &str| small.0.database[name].0;
    row(
        &format!(
            "{} busy functions × `BusyConcurrency`",
            functions_of("BusyConcurrency")
        ),
        &class("BusyConcurrency"),
    );
    row(
        &format!(
            "{} usual functions × `UsualConcurrency`",
            functions_of("UsualConcurrency")
        ),
        &class("UsualConcurrency"),
    );
    row(
        &format!(
            "{} functions of staff × `StaffConcurrency`",
            functions_of("StaffConcurrency")
        ),
        &class("StaffConcurrency"),
    );
    row(
        &format!("{} others, by their own numbers", functions_of("others")),
        &class("others"),
    );
    row("**sessions of functions, at most**", &|taken, _| {
        taken.sessions()
    });
    row(
        "Postgres takes (`DatabaseMaxConnections`)",
        &|_, parameters| parameters["DatabaseMaxConnections"],
    );
    row(
        "kept back: superusers 3, RDS 2, its agents and people 5",
        &|_, _| KEPT_BACK,
    );
    row("**left over**", &|taken, parameters| {
        parameters["DatabaseMaxConnections"] - KEPT_BACK - taken.sessions()
    });
    row("connections to the cache, at most", &|taken, _| taken.cache);
    row("a cache node takes (`maxclients`)", &|_, _| CACHE_TAKES);
    row("connections to the broker, at most", &|taken, _| {
        taken.broker
    });
    row(
        "the broker takes (`BrokerMaxConnections`)",
        &|_, parameters| parameters["BrokerMaxConnections"],
    );
    row("instances of functions, at most", &|taken, _| {
        taken.instances
    });
    row("Lambda lets an account reserve", &|_, _| LAMBDA_RUNS);
    assert!(
        read("docs/connections.md").contains(&table),
        "docs/connections.md is to have this table:\n\n{table}"
    );
}
