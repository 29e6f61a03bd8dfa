//! Everything at once, at random: the counters are the movements, nothing is oversold, and what is refused
//! leaves no trace.

use std::sync::Arc;

use database::Database;
use database::testing::TestDatabase;
use domain::{AdjustmentKind, LocationId, StockLimit, VariantId, Version};

use super::adjusting::{line, wish};
use super::{an_order, begin, pieces, staff};
use crate::testing::{a_location, a_product, stock_at};
use crate::{
    AdjustError, PolicyError, Reservation, ReserveError, SetPolicy, adjust, release, reserve,
    set_policy,
};

struct Shelves {
    variants: Vec<VariantId>,
    locations: Vec<LocationId>,
}

#[derive(Default)]
struct Seen {
    done: u32,
    refused: u32,
}

/// One buyer or one member of staff, who does so many things one after another.
async fn somebody(database: Database, shelves: Arc<Shelves>, seed: u64) -> Seen {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut seen = Seen::default();
    let mut orders = Vec::new();
    for _ in 0..40 {
        let done = match dice.u8(..10) {
            0..=3 => buy(&database, &shelves, &mut dice, &mut orders).await,
            4..=5 => give_back(&database, &mut dice, &mut orders).await,
            6..=8 => count_again(&database, &shelves, &mut dice).await,
            _ => allow(&database, &shelves, &mut dice).await,
        };
        if done {
            seen.done += 1;
        } else {
            seen.refused += 1;
        }
    }
    seen
}

async fn buy(
    database: &Database,
    shelves: &Shelves,
    dice: &mut fastrand::Rng,
    orders: &mut Vec<domain::OrderId>,
) -> bool {
    let mut variants = shelves.variants.clone();
    dice.shuffle(&mut variants);
    let wanted: Vec<_> = variants
        .into_iter()
        .take(dice.usize(1..=3))
        .map(|variant| pieces(variant, dice.i64(1..=6)))
        .collect();
    let mut tx = begin(database).await;
    let order = an_order(&mut tx).await;
    match reserve(&mut tx, order, Reservation::UntilExpiry, &wanted).await {
        Ok(()) => {
            tx.commit().await.unwrap();
            orders.push(order);
            true
        }
        Err(ReserveError::OutOfStock(_)) => {
            tx.rollback().await.unwrap();
            false
        }
        Err(error) => panic!("{error:?}"),
    }
}

async fn give_back(
    database: &Database,
    dice: &mut fastrand::Rng,
    orders: &mut Vec<domain::OrderId>,
) -> bool {
    if orders.is_empty() {
        return false;
    }
    let order = orders.swap_remove(dice.usize(..orders.len()));
    let mut tx = begin(database).await;
    let given = release(&mut tx, order).await.unwrap();
    tx.commit().await.unwrap();
    given > 0
}

async fn count_again(database: &Database, shelves: &Shelves, dice: &mut fastrand::Rng) -> bool {
    let kind = dice.choice(AdjustmentKind::ALL).copied().unwrap();
    let mut all: Vec<(VariantId, LocationId)> = Vec::new();
    for variant in &shelves.variants {
        all.extend(
            shelves
                .locations
                .iter()
                .map(|location| (*variant, *location)),
        );
    }
    dice.shuffle(&mut all);
    let lines = all
        .into_iter()
        .take(dice.usize(1..=4))
        .map(|(variant, location)| {
            let quantity = match kind {
                AdjustmentKind::Correct if dice.bool() => -dice.i64(1..=6),
                AdjustmentKind::Correct | AdjustmentKind::Receive | AdjustmentKind::WriteOff => {
                    dice.i64(1..=6)
                }
            };
            line(kind, variant, location, quantity)
        });
    let wish = wish(kind, lines.collect());
    let mut tx = begin(database).await;
    match adjust(&mut tx, &staff(), &wish).await {
        Ok(_) => {
            tx.commit().await.unwrap();
            true
        }
        Err(AdjustError::Short(short)) => {
            assert!(!short.is_empty());
            tx.rollback().await.unwrap();
            false
        }
        Err(error) => panic!("{error:?}"),
    }
}

async fn allow(database: &Database, shelves: &Shelves, dice: &mut fastrand::Rng) -> bool {
    let variant = dice.choice(&shelves.variants).copied().unwrap();
    let mut tx = begin(database).await;
    let version: Option<i64> =
        sqlx::query_scalar("SELECT version FROM variant_stock WHERE variant_id = $1")
            .bind(variant.uuid())
            .fetch_optional(&mut *tx)
            .await
            .unwrap();
    let wish = SetPolicy {
        variant,
        version: Version(version.unwrap_or(1)),
        location: dice
            .choice(&shelves.locations)
            .copied()
            .filter(|_| dice.bool()),
        low_stock_threshold: None,
        backorder_limit: Some(StockLimit::new(dice.i64(0..=4)).unwrap()),
    };
    match set_policy(&mut tx, &staff(), &wish).await {
        Ok(_) => {
            tx.commit().await.unwrap();
            true
        }
        Err(PolicyError::BelowReserved | PolicyError::Stale(_)) => {
            tx.rollback().await.unwrap();
            false
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn whatever_staff_and_buyers_do_at_once_the_counters_are_the_movements() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let db = TestDatabase::with_connections(12).await;
    let mut connection = db.connect().await;
    let back_room = a_location(&mut connection, "Back room", 1).await;
    let mut variants = Vec::new();
    for _ in 0..4 {
        let variant = a_product(&mut connection, 1, 8).await;
        stock_at(&mut connection, variant, back_room, 3).await;
        variants.push(variant);
    }
    let shelf = a_location(&mut connection, "Main shelf", 0).await;
    let locations = vec![shelf, back_room];
    let shelves = Arc::new(Shelves {
        variants,
        locations,
    });
    let mut people = tokio::task::JoinSet::new();
    for person in 0..12 {
        let (database, shelves) = (db.database.clone(), shelves.clone());
        people.spawn(somebody(database, shelves, seed.wrapping_add(person)));
    }
    let seen = people.join_all().await;
    let (done, refused) = seen
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.done, sum.1 + one.refused));
    assert!(
        done > 50 && refused > 5,
        "seed {seed}: {done} done, {refused} refused"
    );
    let broken: Vec<(String,)> = sqlx::query_as(
        "SELECT format('%s: %s', l.variant_id, l.location_id)
         FROM stock_levels l
         LEFT JOIN (SELECT variant_id, location_id, sum(on_hand) AS h, sum(reserved) AS r
                    FROM stock_movements GROUP BY 1, 2) m USING (variant_id, location_id)
         LEFT JOIN (SELECT variant_id, location_id, sum(quantity) AS q FROM stock_reservations
                    WHERE status IN ('held', 'committed') GROUP BY 1, 2) p USING (variant_id, location_id)
         WHERE l.on_hand <> coalesce(h, 0) OR l.reserved <> coalesce(r, 0)
            OR l.reserved <> coalesce(q, 0) OR l.reserved > l.on_hand + l.backorder_limit",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(broken, [], "seed {seed}");
    let half: Vec<(i64,)> = sqlx::query_as(
        "SELECT a.id FROM audit_log a
         WHERE a.action = 'stock.adjusted'
           AND jsonb_array_length(a.after->'lines')
               <> (SELECT count(*) FROM stock_movements m WHERE m.adjustment_id = a.entity_id)",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(half, [], "seed {seed}: an adjustment was made in part");
    db.take_announcements().await;
}
