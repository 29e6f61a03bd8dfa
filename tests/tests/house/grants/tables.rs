//! Tables by role: what each area's statements need against what its role is granted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use database::roles::ROLES;
use database::testing::TestDatabase;

use super::privileges::{Probe, Right, Verb, disagreements, granted};
use super::statements::{self, Linked, prepared};
use crate::functions::sources;

/// It comes as the owner: it makes the tables.
const OWNERS: &str = "migrate";

/// What the statements of every area need, by area.
async fn needed(db: &TestDatabase) -> BTreeMap<String, BTreeSet<Right>> {
    let statements = prepared();
    let mut probe = Probe::new(db.connect().await).await;
    let linked = linked(&statements, &probe.names());
    let mut needs = Vec::new();
    for statement in &statements {
        needs.push(probe.needs(statement).await);
    }
    let mut needed: BTreeMap<String, BTreeSet<Right>> = BTreeMap::new();
    for (function, source) in sources().iter().filter(|(name, _)| *name != OWNERS) {
        let Linked {
            prepared,
            read,
            called,
            ..
        } = &linked[function];
        let area = needed.entry(source.area.clone()).or_default();
        area.extend(prepared.iter().flat_map(|index| needs[*index].clone()));
        area.extend(read.iter().map(|table| Right::new(table, Verb::Select)));
        let execute = || Verb::Other("EXECUTE".to_owned());
        area.extend(called.iter().map(|name| Right::new(name, execute())));
    }
    needed
}

/// The SQL of every function, looked for once.
fn linked(statements: &[String], tables: &[String]) -> &'static BTreeMap<String, Linked> {
    static LINKED: OnceLock<BTreeMap<String, Linked>> = OnceLock::new();
    LINKED.get_or_init(|| {
        let functions = sources().into_keys().filter(|name| name != OWNERS);
        functions
            .map(|name| (name.clone(), statements::linked(&name, statements, tables)))
            .collect()
    })
}

#[tokio::test]
async fn every_role_may_do_what_its_areas_statements_do_and_nothing_else() {
    let db = TestDatabase::create().await;
    let needed = needed(&db).await;
    let mut owner = db.connect().await;
    let mut problems = Vec::new();
    for role in ROLES {
        let granted = granted(&mut owner, role.name).await;
        let nothing = BTreeSet::new();
        let needed = needed.get(role.area).unwrap_or(&nothing);
        problems.extend(disagreements(role.name, needed, &granted));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_area_has_a_role() {
    let areas: BTreeSet<String> = sources().into_values().map(|source| source.area).collect();
    let roles: BTreeSet<String> = ROLES.iter().map(|role| role.area.to_owned()).collect();
    assert_eq!(areas, roles);
}

/// A statement that is in no function is dead, or the search is blind; a piece that writes cannot be
/// judged.
#[tokio::test]
async fn every_statement_is_found_in_some_function_and_no_piece_of_one_writes() {
    let db = TestDatabase::create().await;
    let statements = prepared();
    let names = Probe::new(db.connect().await).await.names();
    let linked = linked(&statements, &names);
    let found: BTreeSet<usize> = linked
        .values()
        .flat_map(|linked| linked.prepared.clone())
        .collect();
    let lost: Vec<&String> = (0..statements.len())
        .filter(|index| !found.contains(index))
        .map(|i| &statements[i])
        .collect();
    assert!(lost.is_empty(), "in no function: {lost:?}");
    for (function, Linked { writing, .. }) in linked {
        assert!(
            writing.is_empty(),
            "{function} writes outside query!: {writing:?}"
        );
    }
}

/// Known cases, so that a search that finds everything everywhere is noticed as well.
#[tokio::test]
async fn a_function_holds_its_own_statements_and_not_its_neighbours() {
    let db = TestDatabase::create().await;
    let statements = prepared();
    let names = Probe::new(db.connect().await).await.names();
    let linked = linked(&statements, &names);
    let has = |function: &str, part: &str| {
        let mut texts = linked[function]
            .prepared
            .iter()
            .map(|index| &statements[*index]);
        texts.any(|text| text.contains(part))
    };
    assert!(has("place-order", "INSERT INTO orders") && !has("get-order", "INSERT INTO orders"));
    assert!(
        has("paystack-webhook", "INSERT INTO webhook_inbox")
            && !has("start-payment", "webhook_inbox")
    );
    assert!(has("relay-outbox", "DELETE FROM outbox") && !has("health", "DELETE FROM outbox"));
    assert!(linked["declare-queues"] == Linked::default());
    let list = &linked["list-products"].read;
    assert!(
        list.contains("products") && list.contains("product_images"),
        "{list:?}"
    );
}

#[tokio::test]
async fn what_a_statement_needs_is_what_postgres_says() {
    let db = TestDatabase::create().await;
    let mut probe = Probe::new(db.connect().await).await;
    let cases: [(&str, &[&str]); 9] = [
        ("SELECT id FROM orders WHERE id = $1", &["SELECT ON orders"]),
        ("SELECT FROM orders", &["SELECT ON orders"]),
        (
            "SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id FOR UPDATE OF o",
            &[
                "SELECT ON order_lines",
                "SELECT ON orders",
                "UPDATE (of some column, to lock) ON orders",
            ],
        ),
        (
            "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &["INSERT ON inbox"],
        ),
        (
            "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2)
             ON CONFLICT (consumer, message_id) DO UPDATE SET worked_at = now()",
            &[
                "INSERT ON inbox",
                "SELECT ON inbox",
                "UPDATE (worked_at) ON inbox",
            ],
        ),
        (
            "INSERT INTO activity (kind, at) VALUES ($1, now())",
            &["INSERT ON activity"],
        ),
        (
            "INSERT INTO activity (kind, at) VALUES ($1, now()) RETURNING id",
            &["INSERT ON activity", "SELECT ON activity"],
        ),
        (
            "UPDATE outbox SET attempt = 2",
            &["UPDATE (attempt) ON outbox"],
        ),
        (
            "WITH gone AS (DELETE FROM outbox WHERE message_id = $1 RETURNING type)
             INSERT INTO activity (kind, at) SELECT type, now() FROM gone",
            &["DELETE ON outbox", "INSERT ON activity", "SELECT ON outbox"],
        ),
    ];
    for (statement, expected) in cases {
        let needed = probe.needs(statement).await;
        let mut told: Vec<String> = needed.iter().map(Right::to_string).collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{statement}");
    }
}

#[test]
fn a_grant_too_few_and_a_grant_too_many_are_told() {
    let right = |verb| Right::new("orders", verb);
    let needed = BTreeSet::from([
        right(Verb::Select),
        right(Verb::Update("status".to_owned())),
        right(Verb::Lock),
    ]);
    let fitting = BTreeSet::from([
        right(Verb::Select),
        right(Verb::Update("status".to_owned())),
    ]);
    assert!(disagreements("r", &needed, &fitting).is_empty());

    for left_out in &fitting {
        let mut fewer = fitting.clone();
        fewer.remove(left_out);
        let told = disagreements("r", &needed, &fewer).join("\n");
        assert!(
            told.contains(&format!("r needs GRANT {left_out}")),
            "{told}"
        );
    }
    for more in [
        right(Verb::Delete),
        right(Verb::Update("total".to_owned())),
        right(Verb::Other("UPDATE".to_owned())),
        right(Verb::Other("TRUNCATE".to_owned())),
        Right::new("refunds", Verb::Select),
    ] {
        let mut granted = fitting.clone();
        granted.insert(more.clone());
        assert_eq!(
            disagreements("r", &needed, &granted),
            [format!("r has {more}, which no statement needs")]
        );
    }
    let only_locks = BTreeSet::from([right(Verb::Select), right(Verb::Lock)]);
    let told = disagreements("r", &only_locks, &BTreeSet::from([right(Verb::Select)]));
    assert_eq!(
        told,
        ["r needs GRANT UPDATE (of some column, to lock) ON orders"]
    );
    let one = |column: &str| right(Verb::Update(column.to_owned()));
    let mut granted = BTreeSet::from([right(Verb::Select), one("version")]);
    assert!(disagreements("r", &only_locks, &granted).is_empty());
    granted.insert(one("total"));
    assert_eq!(
        disagreements("r", &only_locks, &granted).len(),
        2,
        "one is enough to lock"
    );
}

/// EXPLAIN does not run triggers: what theirs touch must be nobody's business but the owner's.
#[tokio::test]
async fn a_triggers_function_that_looks_at_tables_runs_as_the_owner() {
    let db = TestDatabase::create().await;
    let mut owner = db.connect().await;
    let as_caller: Vec<(String, String)> = sqlx::query_as(
        "SELECT DISTINCT proname::text, prosrc FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid
         WHERE NOT tgisinternal AND pronamespace = 'public'::regnamespace
           AND NOT (prosecdef AND proconfig::text LIKE '%search_path=public, pg_temp%')",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let tables = Probe::new(owner).await.tables();
    for (function, source) in as_caller {
        let table = tables.iter().find(|table| source.contains(*table));
        assert_eq!(
            table, None,
            "{function} is not SECURITY DEFINER SET search_path = public, pg_temp"
        );
    }
}
