//! Thresholds and backorder limits.

use database::testing::TestDatabase;
use database::{Database, DatabaseError};
use domain::{Availability, LocationId, StockLimit, VariantId, Version};

use super::{an_order, count, pieces, staff};
use crate::testing::{a_location, a_product, stock_at};
use crate::{PolicyError, Reservation, SetPolicy, VariantStock, reserve, set_policy};

fn wish(variant: VariantId, version: i64, location: Option<LocationId>) -> SetPolicy {
    SetPolicy {
        variant,
        version: Version(version),
        location,
        low_stock_threshold: None,
        backorder_limit: None,
    }
}

fn limit(pieces: i64) -> Option<StockLimit> {
    Some(StockLimit::new(pieces).unwrap())
}

async fn set(database: &Database, wish: &SetPolicy) -> Result<VariantStock, PolicyError> {
    let mut tx = database.begin().await?;
    let stock = set_policy(&mut tx, &staff(), wish).await?;
    tx.commit().await?;
    Ok(stock)
}

fn thresholds(stock: &VariantStock) -> Vec<(&str, i64, i64)> {
    let levels = stock.levels.iter();
    levels
        .map(|l| {
            (
                l.location_name.as_str(),
                l.low_stock_threshold,
                l.backorder_limit,
            )
        })
        .collect()
}

#[tokio::test]
async fn a_policy_is_set_at_one_location_or_at_all_and_counts_the_version() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 10).await;
    let back_room = a_location(&mut connection, "Back room", 1).await;
    stock_at(&mut connection, sandals, back_room, 3).await;

    let one = SetPolicy {
        backorder_limit: limit(7),
        ..wish(sandals, 1, Some(back_room))
    };
    let stock = set(&db.database, &one).await.unwrap();
    assert_eq!(stock.version, 2);
    assert_eq!(
        thresholds(&stock),
        [("Main shelf", 5, 0), ("Back room", 5, 7)]
    );

    let all = SetPolicy {
        low_stock_threshold: limit(20),
        ..wish(sandals, 2, None)
    };
    let stock = set(&db.database, &all).await.unwrap();
    assert_eq!(
        thresholds(&stock),
        [("Main shelf", 20, 0), ("Back room", 20, 7)]
    );
    let words: Vec<_> = stock.levels.iter().map(|l| l.availability).collect();
    assert_eq!(words, [Availability::LowStock; 2]);

    let again = SetPolicy {
        version: Version(3),
        ..all
    };
    assert_eq!(
        set(&db.database, &again).await.unwrap().version,
        3,
        "nothing has changed"
    );
    let stale = set(&db.database, &all).await.unwrap_err();
    assert!(matches!(stale, PolicyError::Stale(stale) if stale.present == 3));
    assert_eq!(count(&mut connection, "audit_log").await, 2);
    assert_eq!(db.take_announcements().await, ["stock.changed"; 2]);
}

#[tokio::test]
async fn a_limit_below_what_is_promised_is_refused_at_every_location() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let sandals = a_product(&mut tx, 1, 2).await;
    let back_room = a_location(&mut tx, "Back room", 1).await;
    stock_at(&mut tx, sandals, back_room, 0).await;
    tx.commit().await.unwrap();
    let owed = SetPolicy {
        backorder_limit: limit(3),
        ..wish(sandals, 1, None)
    };
    set(&db.database, &owed).await.unwrap();
    let mut tx = db.database.begin().await.unwrap();
    let order = an_order(&mut tx).await;
    reserve(
        &mut tx,
        order,
        Reservation::UntilExpiry,
        &[pieces(sandals, 4)],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let less = SetPolicy {
        backorder_limit: limit(1),
        ..wish(sandals, 2, None)
    };
    let refused = set(&db.database, &less).await;
    assert!(
        matches!(refused, Err(PolicyError::BelowReserved)),
        "{refused:?}"
    );
    let just = SetPolicy {
        backorder_limit: limit(2),
        ..less
    };
    set(&db.database, &just).await.unwrap();
    assert_eq!(db.take_announcements().await, ["stock.changed"; 2]);
}

#[tokio::test]
async fn of_many_who_set_a_policy_of_one_version_one_wins() {
    let db = TestDatabase::create().await;
    let sandals = a_product(&mut db.connect().await, 1, 2).await;
    let mut members = tokio::task::JoinSet::new();
    for threshold in 10..20 {
        let database = db.database.clone();
        let wish = SetPolicy {
            low_stock_threshold: limit(threshold),
            ..wish(sandals, 1, None)
        };
        members.spawn(async move { set(&database, &wish).await });
    }
    let outcomes = members.join_all().await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1);
    let lost = |outcome: &&Result<_, _>| matches!(outcome, Err(PolicyError::Stale(_)));
    assert_eq!(outcomes.iter().filter(lost).count(), 9);
    assert_eq!(db.take_announcements().await, ["stock.changed"]);
}

#[tokio::test]
async fn what_nobody_knows_and_what_is_closed_gets_no_policy() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 2).await;
    let closed = a_location(&mut connection, "Closed", 1).await;
    sqlx::query("UPDATE locations SET active = false WHERE id = $1")
        .bind(closed.uuid())
        .execute(&mut connection)
        .await
        .unwrap();
    let refused = set(&db.database, &wish(VariantId::new(), 1, None)).await;
    assert!(matches!(refused, Err(PolicyError::NotFound)));
    let refused = set(&db.database, &wish(sandals, 1, Some(LocationId::new()))).await;
    assert!(matches!(refused, Err(PolicyError::UnknownLocation)));
    let owed = SetPolicy {
        backorder_limit: limit(1),
        ..wish(sandals, 1, Some(closed))
    };
    let refused = set(&db.database, &owed).await;
    assert!(matches!(refused, Err(PolicyError::Inactive)));
    assert!(!matches!(
        refused,
        Err(PolicyError::Database(DatabaseError::Missing(_)))
    ));
}
