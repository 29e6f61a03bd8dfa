//! `migrate` and the roles that functions log in as. Roles and their passwords are a whole server's, so
//! these tests have servers of their own.

use database::roles::{ROLES, Role};
use runtime_api::{Function, schedule_event};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use stage::Servers;

use crate::MIGRATE;

/// The owner on AWS: may make roles, and is no superuser.
const OWNER: &str =
    "CREATE ROLE shop LOGIN CREATEROLE PASSWORD 'ownersword'; CREATE DATABASE shop OWNER shop";

fn server(servers: &Servers) -> PgConnectOptions {
    servers.setting("DATABASE_URL").parse().unwrap()
}

async fn run(options: &PgConnectOptions, statements: &[&str]) {
    let mut connection = options.connect().await.unwrap();
    for statement in statements.iter().flat_map(|text| text.split("; ")) {
        let run = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
        run.execute(&mut connection).await.unwrap();
    }
}

fn migrate_as(options: &PgConnectOptions, passwords: &[(&str, &str)]) -> Function {
    // The password is a setting of its own, as on AWS.
    let mut url = url::Url::parse(options.to_url_lossy().as_str()).unwrap();
    let password = url.password().unwrap_or_default().to_owned();
    url.set_password(None).unwrap();
    let own = [
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_PASSWORD", &password),
    ];
    let settings = own.iter().chain(passwords);
    let settings: Vec<(String, String)> = settings
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Function::spawn(MIGRATE, &settings)
}

fn as_role(shop: &PgConnectOptions, role: Role, password: &str) -> PgConnectOptions {
    shop.clone().username(role.name).password(password)
}

async fn lets_in(options: &PgConnectOptions) -> bool {
    match options.connect().await {
        Ok(_) => true,
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code());
            assert_eq!(code.as_deref(), Some("28P01"), "{error}");
            false
        }
    }
}

async fn applied(shop: &PgConnectOptions) -> Vec<i64> {
    let mut connection: PgConnection = shop.connect().await.unwrap();
    let versions = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    sqlx::query_scalar(versions)
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

fn passwords<'a>(values: &[&'a str; 5]) -> Vec<(&'static str, &'a str)> {
    let names = ROLES.iter().map(|role| role.password_setting);
    names.zip(values.iter().copied()).collect()
}

#[tokio::test]
async fn roles_get_the_passwords_that_the_secrets_hold_and_get_them_again_when_they_change() {
    let servers = Servers::postgres().await;
    let server = server(&servers);
    run(
        &server,
        &[
            OWNER,
            "ALTER SYSTEM SET log_statement = 'all'; SELECT pg_reload_conf()",
        ],
    )
    .await;
    let shop = server
        .username("shop")
        .password("ownersword")
        .database("shop");
    let first = [
        "catalog's first",
        "it's; \"$1\" \\",
        "ọ̀rọ̀ aṣínà",
        "p4",
        "p5",
    ];

    let fresh = migrate_as(&shop, &passwords(&first));
    for _ in 0..2 {
        let answer = fresh.invoke(&schedule_event()).await.unwrap();
        assert_eq!(answer["version"], database::migrations::latest());
        for (role, password) in ROLES.into_iter().zip(first) {
            assert!(
                lets_in(&as_role(&shop, role, password)).await,
                "{}",
                role.name
            );
            assert!(
                !lets_in(&as_role(&shop, role, "another")).await,
                "{}",
                role.name
            );
        }
    }

    // A session that is open when its password changes goes on.
    let mut open = as_role(&shop, ROLES[1], first[1]).connect().await.unwrap();
    let rotated = migrate_as(&shop, &[("ORDERS_DATABASE_PASSWORD", "orders' second")]);
    rotated.invoke(&schedule_event()).await.unwrap();
    assert!(lets_in(&as_role(&shop, ROLES[1], "orders' second")).await);
    assert!(
        !lets_in(&as_role(&shop, ROLES[1], first[1])).await,
        "the old one is refused"
    );
    assert!(
        lets_in(&as_role(&shop, ROLES[0], first[0])).await,
        "whose is not given keeps it"
    );
    sqlx::raw_sql("SELECT number FROM orders")
        .execute(&mut open)
        .await
        .unwrap();

    let told = [fresh.logs(), rotated.logs()].concat().join("\n");
    assert!(!told.contains("ownersword"));
    let told = told + &servers.logs();
    assert!(told.contains("ALTER ROLE madrush_orders PASSWORD 'SCRAM-SHA-256$"));
    for secret in [first[0], first[1], first[2], "orders' second"] {
        assert!(!told.contains(secret), "{secret} stands in a log");
    }
}

#[tokio::test]
async fn a_migration_that_fails_changes_no_version_and_no_password() {
    let servers = Servers::postgres().await;
    let server = server(&servers);
    run(&server, &[OWNER]).await;
    let shop = server
        .clone()
        .username("shop")
        .password("ownersword")
        .database("shop");
    let first = migrate_as(&shop, &passwords(&["p1", "p2", "p3", "p4", "p5"]));
    first.invoke(&schedule_event()).await.unwrap();

    // A migration that the server refuses: the one that needs CREATEROLE even where the roles are there.
    run(&server, &["ALTER ROLE shop NOCREATEROLE"]).await;
    run(&shop, &["DELETE FROM _sqlx_migrations WHERE version = 11"]).await;
    let before = applied(&shop).await;
    let next = migrate_as(&shop, &passwords(&["q1", "q2", "q3", "q4", "q5"]));
    let refused = next.invoke(&schedule_event()).await.unwrap_err();
    assert!(refused.message.contains("a migration failed"), "{refused}");
    assert_eq!(applied(&shop).await, before);
    for (role, password) in ROLES.into_iter().zip(["p1", "p2", "p3", "p4", "p5"]) {
        assert!(
            lets_in(&as_role(&shop, role, password)).await,
            "{}",
            role.name
        );
    }

    // Mended, the same instance carries on.
    run(&server, &["ALTER ROLE shop CREATEROLE"]).await;
    next.invoke(&schedule_event()).await.unwrap();
    assert!(applied(&shop).await.contains(&11));
    assert!(lets_in(&as_role(&shop, ROLES[4], "q5")).await);
}

#[tokio::test]
async fn the_roles_of_a_server_are_made_once_by_whoever_may_make_them() {
    let servers = Servers::postgres().await;
    let server = server(&servers);
    run(
        &server,
        &["CREATE ROLE poor LOGIN PASSWORD 'poor'; CREATE DATABASE poor OWNER poor"],
    )
    .await;
    let poor = server
        .clone()
        .username("poor")
        .password("poor")
        .database("poor");
    let refused = migrate_as(&poor, &[])
        .invoke(&schedule_event())
        .await
        .unwrap_err();
    let telling = "the role madrush_catalog is missing, and poor may not make roles";
    assert!(refused.message.contains(telling), "{refused}");

    // Several shops of one server, deployed for the first time at the same moment.
    let shops = ["one", "two", "three", "four"];
    for shop in shops {
        run(&server, &[&format!("CREATE DATABASE {shop}")]).await;
    }
    let functions = shops.map(|shop| migrate_as(&server.clone().database(shop), &[]));
    let event = schedule_event();
    let (one, two, three, four) = tokio::join!(
        functions[0].invoke(&event),
        functions[1].invoke(&event),
        functions[2].invoke(&event),
        functions[3].invoke(&event),
    );
    let version = Value::from(database::migrations::latest());
    for answer in [one, two, three, four] {
        assert_eq!(answer.unwrap()["version"], version);
    }
}
