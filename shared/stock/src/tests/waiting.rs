//! Who waits for a variant.

use std::collections::BTreeSet;

use database::testing::TestDatabase;
use domain::{Email, VariantId};
use sealing::{Keys, Sealer};

use super::staff;
use crate::testing::{a_product, counters};
use crate::{AlertError, BATCH, subscribe, take_waiting};

fn sealer(keys: &str) -> Sealer {
    Sealer::new(&Keys::parse(keys).unwrap()).unwrap()
}

const OLD: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const BOTH: &str = "k2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

async fn asks(
    db: &TestDatabase,
    keys: &str,
    variant: VariantId,
    email: &str,
) -> Result<(), AlertError> {
    let mut tx = db.database.begin().await?;
    let email = Email::parse(email).unwrap();
    subscribe(&mut tx, staff().at, &sealer(keys), variant, &email).await?;
    Ok(tx.commit().await?)
}

async fn taken(db: &TestDatabase, keys: &str, variant: VariantId) -> Vec<String> {
    let mut tx = db.database.begin().await.unwrap();
    let waiting = take_waiting(&mut tx, &staff(), &sealer(keys), variant)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let emails = waiting
        .iter()
        .map(|waiting| waiting.email.as_str().to_owned());
    emails.collect()
}

#[tokio::test]
async fn who_waits_is_noted_once_even_while_keys_are_rotated_and_taken_once() {
    let db = TestDatabase::create().await;
    let boots = a_product(&mut db.connect().await, 1, 0).await;
    asks(&db, OLD, boots, "ada@example.com").await.unwrap();
    asks(&db, BOTH, boots, "Ada@Example.com").await.unwrap();
    asks(&db, BOTH, boots, "chidi@example.com").await.unwrap();
    assert_eq!(
        taken(&db, BOTH, boots).await,
        ["ada@example.com", "chidi@example.com"]
    );
    assert!(taken(&db, BOTH, boots).await.is_empty());
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM stock_alerts WHERE email IS NOT NULL OR email_index IS NOT NULL",
    )
    .fetch_one(&mut db.connect().await)
    .await
    .unwrap();
    assert_eq!(kept, 0, "addresses are forgotten once they are told");
    asks(&db, BOTH, boots, "ada@example.com").await.unwrap();
    assert_eq!(
        taken(&db, BOTH, boots).await,
        ["ada@example.com"],
        "who asks again waits again"
    );
}

#[tokio::test]
async fn nobody_waits_for_what_there_is_or_never_was() {
    let db = TestDatabase::create().await;
    let sandals = a_product(&mut db.connect().await, 1, 1).await;
    let refused = asks(&db, OLD, sandals, "ada@example.com").await;
    assert!(matches!(refused, Err(AlertError::InStock)));
    let refused = asks(&db, OLD, VariantId::new(), "ada@example.com").await;
    assert!(matches!(refused, Err(AlertError::NotFound)));
    assert_eq!(counters(&mut db.connect().await, sandals).await, (1, 0));
}

#[tokio::test]
async fn twenty_copies_of_one_request_note_one_and_many_are_taken_in_batches() {
    let db = TestDatabase::with_connections(20).await;
    let boots = a_product(&mut db.connect().await, 1, 0).await;
    let copies = (0..20).map(|_| asks(&db, OLD, boots, "ada@example.com"));
    let mut done = Vec::new();
    for copy in copies {
        done.push(copy.await.is_ok());
    }
    let (a, b, c) = tokio::join!(
        asks(&db, OLD, boots, "chidi@example.com"),
        asks(&db, OLD, boots, "chidi@example.com"),
        asks(&db, OLD, boots, "chidi@example.com"),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && done.iter().all(|ok| *ok));
    for person in 0..BATCH {
        asks(&db, OLD, boots, &format!("person{person}@example.com"))
            .await
            .unwrap();
    }
    let first = taken(&db, OLD, boots).await;
    let rest = taken(&db, OLD, boots).await;
    assert_eq!((first.len(), rest.len()), (200, 2));
    let all: BTreeSet<String> = first.into_iter().chain(rest).collect();
    assert_eq!(all.len(), 202, "nobody twice");
}
