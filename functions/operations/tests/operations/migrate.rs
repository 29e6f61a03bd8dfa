//! `migrate`, invoked at deploy.

use std::time::Duration;

use runtime_api::schedule_event;
use serde_json::json;
use stage::Stage;

use crate::MIGRATE;

/// As a new database is: the server's, and nobody's tables.
async fn emptied() -> (Stage, Vec<String>) {
    let stage = Stage::set().await;
    let tables = stage.fingerprints().await.into_keys().collect();
    stage
        .execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await;
    (stage, tables)
}

#[tokio::test]
async fn an_empty_database_gets_its_tables_and_a_second_run_changes_nothing() {
    let (stage, tables) = emptied().await;
    let migrate = stage.spawn(MIGRATE);

    let first = migrate.invoke(&schedule_event()).await.unwrap();
    assert_eq!(first, json!({ "version": database::migrations::latest() }));
    let after = stage.fingerprints().await;
    assert_eq!(after.keys().cloned().collect::<Vec<_>>(), tables);

    assert_eq!(migrate.invoke(&json!({})).await, Ok(first));
    assert_eq!(stage.fingerprints().await, after);
    let applied = stage.rows("SELECT success FROM _sqlx_migrations").await;
    assert!(
        applied.iter().all(|row| row["success"] == true),
        "{applied:?}"
    );
}

#[tokio::test]
async fn two_deployments_at_once_migrate_once() {
    let (stage, tables) = emptied().await;
    let (one, other) = (stage.spawn(MIGRATE), stage.spawn(MIGRATE));
    let event = schedule_event();

    let (one, other) = tokio::join!(one.invoke(&event), other.invoke(&event));

    assert_eq!((one.is_ok(), &one), (true, &other));
    let after: Vec<String> = stage.fingerprints().await.into_keys().collect();
    assert_eq!(after, tables);
}

#[tokio::test]
async fn a_lock_that_somebody_holds_for_longer_than_one_try_delays_a_deployment_and_fails_none() {
    let stage = Stage::set().await;
    let migrate = stage.spawn(MIGRATE);
    let mut reader = stage.db.connect().await;
    let lock = "BEGIN; LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut reader).await.unwrap();

    let event = schedule_event();
    let (migrated, ()) = tokio::join!(migrate.invoke(&event), async {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        sqlx::raw_sql("ROLLBACK")
            .execute(&mut reader)
            .await
            .unwrap();
    });

    assert!(migrated.is_ok(), "{migrated:?}");
    let told = migrate.logs().join("\n");
    assert!(told.contains("waits for a lock"), "{told}");
}

#[tokio::test]
async fn a_database_that_is_away_fails_the_deployment_and_not_the_function() {
    let (stage, _) = emptied().await;
    let gate = stage.gate();
    let migrate = stage.spawn_behind(&gate, MIGRATE);
    gate.refuse();
    assert!(migrate.invoke(&schedule_event()).await.is_err());
    gate.open();
    assert!(migrate.invoke(&schedule_event()).await.is_ok());
}

/// A deployment that is rolled back ends with the former version's `migrate`, on the newer schema.
#[tokio::test]
async fn the_former_version_leaves_what_was_applied_after_it_alone() {
    let stage = Stage::set().await;
    let latest = database::migrations::latest();
    stage
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT version + 1, 'of the next release', true, '', 0 FROM _sqlx_migrations
             ORDER BY version DESC LIMIT 1",
        )
        .await;
    let migrate = stage.spawn(MIGRATE);
    let answer = migrate.invoke(&schedule_event()).await.unwrap();
    assert_eq!(answer["version"], latest);
    let newest = stage
        .row("SELECT max(version) AS version FROM _sqlx_migrations")
        .await;
    assert_eq!(newest["version"], latest + 1);
}
