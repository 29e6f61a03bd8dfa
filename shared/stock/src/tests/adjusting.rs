//! Adjusting stock by hand.

use database::testing::TestDatabase;
use domain::{AdjustmentId, AdjustmentKind, LocationId, Pieces, Reason, VariantId};
use serde_json::{Value, json};

use super::{an_order, count, pieces, staff};
use crate::testing::{a_location, a_product, counters};
use crate::{Adjust, AdjustError, AdjustLine, Reservation, adjust, reserve};

pub(super) fn line(
    kind: AdjustmentKind,
    variant: VariantId,
    location: LocationId,
    quantity: i64,
) -> AdjustLine {
    AdjustLine {
        variant,
        location,
        pieces: Pieces::of(kind, quantity).unwrap(),
    }
}

pub(super) fn wish(kind: AdjustmentKind, lines: Vec<AdjustLine>) -> Adjust {
    Adjust {
        id: AdjustmentId::new(),
        kind,
        reason: Reason::parse("Delivery note 4711").unwrap(),
        lines,
    }
}

#[tokio::test]
async fn what_staff_receive_correct_and_write_off_is_counted_moved_and_written_down() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let sandals = a_product(&mut tx, 1, 10).await;
    let shelf = a_location(&mut tx, "Main shelf", 0).await;
    let back_room = a_location(&mut tx, "Back room", 1).await;
    for (kind, location, quantity) in [
        (AdjustmentKind::Receive, back_room, 5),
        (AdjustmentKind::Correct, shelf, -3),
        (AdjustmentKind::WriteOff, shelf, 2),
    ] {
        let wish = wish(kind, vec![line(kind, sandals, location, quantity)]);
        adjust(&mut tx, &staff(), &wish).await.unwrap();
    }
    assert_eq!(counters(&mut tx, sandals).await, (10, 0));
    let moved: Vec<(String, i64, String, String)> = sqlx::query_as(
        "SELECT kind, on_hand, reason, actor FROM stock_movements
         WHERE adjustment_id IS NOT NULL ORDER BY id",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let expected = [("received", 5), ("adjusted", -3), ("adjusted", -2)];
    let expected = expected.map(|(kind, pieces)| {
        let (reason, actor) = ("Delivery note 4711".to_owned(), "ada".to_owned());
        (kind.to_owned(), pieces, reason, actor)
    });
    assert_eq!(moved, expected);
    let audited: Vec<(String, Value, Value)> =
        sqlx::query_as("SELECT action, before, after FROM audit_log ORDER BY id")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    let state =
        |on_hand: i64| json!([{ "variant_id": sandals, "location_id": shelf, "on_hand": on_hand }]);
    let (action, before, after) = &audited[2];
    assert_eq!((audited.len(), action.as_str()), (3, "stock.adjusted"));
    assert_eq!((&before["lines"], &after["lines"]), (&state(7), &state(5)));
    assert_eq!(after["kind"], "write_off");
    tx.commit().await.unwrap();
    assert_eq!(db.take_announcements().await, ["stock.changed"; 3]);
}

#[tokio::test]
async fn each_variant_of_an_adjustment_is_announced_once() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let (sandals, boots) = (
        a_product(&mut tx, 1, 1).await,
        a_product(&mut tx, 1, 1).await,
    );
    let shelf = a_location(&mut tx, "Main shelf", 0).await;
    let back_room = a_location(&mut tx, "Back room", 1).await;
    let kind = AdjustmentKind::Receive;
    let lines = [(boots, shelf), (sandals, back_room), (sandals, shelf)];
    let lines = lines.map(|(variant, location)| line(kind, variant, location, 4));
    let adjusted = adjust(&mut tx, &staff(), &wish(kind, lines.to_vec()))
        .await
        .unwrap();
    let shelves: Vec<_> = adjusted
        .lines
        .iter()
        .map(|l| (l.variant, l.location, l.on_hand))
        .collect();
    let expected = [
        (boots, shelf, 5),
        (sandals, back_room, 4),
        (sandals, shelf, 5),
    ];
    assert_eq!(shelves, expected, "in the order that was asked for");
    tx.commit().await.unwrap();
    assert_eq!(db.take_announcements().await, ["stock.changed"; 2]);
}

#[tokio::test]
async fn what_may_not_go_stays_with_all_other_lines_and_each_line_at_fault_is_named() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let (sandals, boots, belts) = (
        a_product(&mut tx, 1, 10).await,
        a_product(&mut tx, 1, 2).await,
        a_product(&mut tx, 1, 2).await,
    );
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
    let mut connection = db.connect().await;
    let before = count(&mut connection, "stock_movements").await;

    let shelf = a_location(&mut connection, "Main shelf", 0).await;
    let kind = AdjustmentKind::WriteOff;
    let lines = [(belts, 1), (sandals, 7), (boots, 3)];
    let lines = lines.map(|(variant, quantity)| line(kind, variant, shelf, quantity));
    let mut tx = db.database.begin().await.unwrap();
    let refused = adjust(&mut tx, &staff(), &wish(kind, lines.to_vec())).await;
    let Err(AdjustError::Short(short)) = refused else {
        panic!("{refused:?}")
    };
    let named: Vec<_> = short.iter().map(|s| (s.line, s.code())).collect();
    assert_eq!(named, [(1, "below_reserved"), (2, "below_zero")]);
    drop(tx);
    for (variant, expected) in [(sandals, (10, 4)), (boots, (2, 0)), (belts, (2, 0))] {
        assert_eq!(counters(&mut connection, variant).await, expected);
    }
    assert_eq!(count(&mut connection, "stock_movements").await, before);
    assert_eq!(count(&mut connection, "audit_log").await, 0);

    let lines = vec![line(kind, sandals, shelf, 6)];
    let mut tx = db.database.begin().await.unwrap();
    adjust(&mut tx, &staff(), &wish(kind, lines)).await.unwrap();
    assert_eq!(
        counters(&mut tx, sandals).await,
        (4, 4),
        "down to what is promised"
    );
}

#[tokio::test]
async fn what_nobody_knows_is_named_and_a_closed_location_takes_nothing_in() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let sandals = a_product(&mut tx, 1, 10).await;
    let shelf = a_location(&mut tx, "Main shelf", 0).await;
    let closed = a_location(&mut tx, "Closed", 1).await;
    sqlx::query("UPDATE locations SET active = false WHERE id = $1")
        .bind(closed.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
    let kind = AdjustmentKind::Receive;
    let known = line(kind, sandals, shelf, 1);
    let lines = vec![known, line(kind, VariantId::new(), shelf, 1)];
    let refused = adjust(&mut tx, &staff(), &wish(kind, lines)).await;
    assert!(matches!(refused, Err(AdjustError::UnknownVariants(places)) if places == [1]));
    let lines = vec![line(kind, sandals, LocationId::new(), 1), known];
    let refused = adjust(&mut tx, &staff(), &wish(kind, lines)).await;
    assert!(matches!(refused, Err(AdjustError::UnknownLocations(places)) if places == [0]));
    let lines = vec![line(kind, sandals, closed, 1)];
    let refused = adjust(&mut tx, &staff(), &wish(kind, lines)).await;
    assert!(matches!(refused, Err(AdjustError::Inactive(places)) if places == [0]));
    assert_eq!(counters(&mut tx, sandals).await, (10, 0));
}
