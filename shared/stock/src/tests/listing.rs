//! What staff list.

use database::PgConnection;
use database::testing::TestDatabase;
use domain::{AdjustmentKind, MovementKind};
use sqlx::{Executor, Postgres, QueryBuilder};

use super::adjusting::{line, wish};
use super::{an_order, pieces, staff};
use crate::store_lists::{push_levels, push_movements, push_reservations};
use crate::testing::{a_location, a_product, stock_at};
use crate::{
    LevelsFilter, MovementPlace, MovementsFilter, Place, Reservation, ReservationsFilter, Short,
    adjust, levels, movements, release, reservations, reserve,
};

async fn named(connection: &mut PgConnection, sku: &str, on_hand: i64) -> domain::VariantId {
    let variant = a_product(connection, 1, on_hand).await;
    sqlx::query("UPDATE variants SET sku = $2 WHERE id = $1")
        .bind(variant.uuid())
        .bind(sku)
        .execute(connection)
        .await
        .unwrap();
    variant
}

async fn skus(connection: &mut PgConnection, filter: &LevelsFilter, limit: i64) -> Vec<String> {
    let (mut skus, mut after) = (Vec::new(), None);
    loop {
        let page = levels(connection, filter, after.as_ref(), limit)
            .await
            .unwrap();
        skus.extend(page.items.iter().map(|item| item.sku.clone()));
        let Some(last) = page.items.last().filter(|_| page.more) else {
            return skus;
        };
        after = Some(Place {
            sku: last.sku.parse().unwrap(),
            location: last.level.location,
        });
    }
}

#[tokio::test]
async fn levels_are_listed_by_sku_and_filtered_by_what_a_shopper_would_see() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let boots = named(&mut connection, "B-1", 0).await;
    named(&mut connection, "A-2", 3).await;
    named(&mut connection, "A-1", 40).await;
    named(&mut connection, "A.10", 0).await;
    let back_room = a_location(&mut connection, "Back room", 1).await;
    stock_at(&mut connection, boots, back_room, 9).await;

    let all = LevelsFilter::default();
    for limit in [1, 2, 100] {
        let expected = ["A-1", "A-2", "A.10", "B-1", "B-1"];
        assert_eq!(
            skus(&mut connection, &all, limit).await,
            expected,
            "{limit}"
        );
    }
    let of = |short| LevelsFilter {
        short: Some(short),
        ..LevelsFilter::default()
    };
    assert_eq!(
        skus(&mut connection, &of(Short::Low), 2).await,
        ["A-2", "A.10", "B-1"]
    );
    assert_eq!(
        skus(&mut connection, &of(Short::Out), 2).await,
        ["A.10", "B-1"]
    );
    let there = LevelsFilter {
        location: Some(back_room),
        ..LevelsFilter::default()
    };
    assert_eq!(skus(&mut connection, &there, 2).await, ["B-1"]);
    for (prefix, expected) in [
        ("A-", vec!["A-1", "A-2"]),
        ("A", vec!["A-1", "A-2", "A.10"]),
        ("C", vec![]),
    ] {
        let begins = LevelsFilter {
            sku: Some(prefix.parse().unwrap()),
            ..LevelsFilter::default()
        };
        assert_eq!(skus(&mut connection, &begins, 2).await, expected);
    }
}

#[tokio::test]
async fn the_ledger_is_read_from_its_end_and_by_what_it_is_about() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let (sandals, boots) = (
        a_product(&mut tx, 1, 9).await,
        a_product(&mut tx, 1, 9).await,
    );
    let shelf = a_location(&mut tx, "Main shelf", 0).await;
    let order = an_order(&mut tx).await;
    reserve(
        &mut tx,
        order,
        Reservation::UntilExpiry,
        &[pieces(sandals, 4)],
    )
    .await
    .unwrap();
    release(&mut tx, order).await.unwrap();
    let kind = AdjustmentKind::Correct;
    let adjustment = wish(kind, vec![line(kind, boots, shelf, -1)]);
    adjust(&mut tx, &staff(), &adjustment).await.unwrap();
    let read = async |tx: &mut PgConnection, filter: &MovementsFilter| {
        let (mut kinds, mut after) = (Vec::new(), None);
        loop {
            let page = movements(tx, filter, after, 2).await.unwrap();
            kinds.extend(page.items.iter().map(|m| (m.kind, m.on_hand + m.reserved)));
            let Some(last) = page.items.last().filter(|_| page.more) else {
                return kinds;
            };
            after = Some(MovementPlace {
                at: last.at,
                id: last.id,
            });
        }
    };
    use MovementKind::{Adjusted, Received, Released, Reserved};
    let all = MovementsFilter::default();
    let of_variant = MovementsFilter {
        variant: Some(sandals),
        ..all.clone()
    };
    let of_kind = MovementsFilter {
        kind: Some(Received),
        location: Some(shelf),
        ..all.clone()
    };
    let of_adjustment = MovementsFilter {
        adjustment: Some(adjustment.id),
        ..all.clone()
    };
    let later = MovementsFilter {
        from: Some(staff().at + chrono::TimeDelta::hours(1)),
        ..all.clone()
    };
    let before = MovementsFilter {
        to: later.from,
        ..all.clone()
    };
    let everything = vec![
        (Adjusted, -1),
        (Released, -4),
        (Reserved, 4),
        (Received, 9),
        (Received, 9),
    ];
    for (filter, expected) in [
        (all, everything.clone()),
        (
            of_variant,
            vec![(Released, -4), (Reserved, 4), (Received, 9)],
        ),
        (of_kind, vec![(Received, 9), (Received, 9)]),
        (of_adjustment, vec![(Adjusted, -1)]),
        (later, vec![]),
        (before, everything),
    ] {
        assert_eq!(read(&mut tx, &filter).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn promises_are_listed_while_they_are_in_force() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let (sandals, boots) = (
        a_product(&mut tx, 1, 9).await,
        a_product(&mut tx, 1, 9).await,
    );
    let (first, second) = (an_order(&mut tx).await, an_order(&mut tx).await);
    let both = [pieces(sandals, 2), pieces(boots, 3)];
    reserve(&mut tx, first, Reservation::UntilExpiry, &both)
        .await
        .unwrap();
    reserve(&mut tx, second, Reservation::Committed, &[pieces(boots, 1)])
        .await
        .unwrap();
    let all = ReservationsFilter::default();
    let page = reservations(&mut tx, &all, None, 10).await.unwrap();
    let listed: Vec<_> = page
        .items
        .iter()
        .map(|r| (r.order, r.variant, r.quantity))
        .collect();
    assert_eq!(
        listed,
        [(second, boots, 1), (first, boots, 3), (first, sandals, 2)]
    );
    let of_variant = ReservationsFilter {
        variant: Some(sandals),
        ..all
    };
    assert_eq!(
        reservations(&mut tx, &of_variant, None, 10)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    release(&mut tx, first).await.unwrap();
    assert_eq!(
        reservations(&mut tx, &all, None, 10)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

async fn assert_looked_up(
    connection: &mut PgConnection,
    push: impl FnOnce(&mut QueryBuilder<Postgres>),
) {
    let mut sql = QueryBuilder::new("EXPLAIN ");
    push(&mut sql);
    let lines: Vec<(String,)> = sql.build_query_as().fetch_all(connection).await.unwrap();
    let plan: Vec<String> = lines.into_iter().map(|(line,)| line).collect();
    for table in [
        "stock_levels",
        "variants",
        "stock_movements",
        "stock_reservations",
    ] {
        let scan = format!("Seq Scan on {table} ");
        assert!(!plan.iter().any(|line| line.contains(&scan)), "{plan:#?}");
    }
}

#[tokio::test]
async fn no_list_scans_a_table_that_grows() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 9).await;
    let shelf = a_location(&mut connection, "Main shelf", 0).await;
    let order = an_order(&mut connection).await;
    connection
        .execute(sqlx::raw_sql(
            "INSERT INTO variants (id, product_id, sku, options, price)
             SELECT gen_random_uuid(), p.id, 'S-' || n, jsonb_build_object('Size', n::text), 1
             FROM products p, generate_series(100, 20100) n;
             INSERT INTO stock_levels (variant_id, location_id, on_hand)
             SELECT v.id, l.id, CASE WHEN right(v.sku, 3) = '777' THEN 0 ELSE 50 END
             FROM variants v, locations l WHERE v.sku LIKE 'S-%' ON CONFLICT DO NOTHING;
             INSERT INTO stock_movements (variant_id, location_id, kind, on_hand, actor)
             SELECT variant_id, location_id, 'received', 50, 'test' FROM stock_levels;
             INSERT INTO stock_movements (variant_id, location_id, kind, reserved, order_id, actor, at)
             SELECT variant_id, location_id, 'reserved', 1, gen_random_uuid(), 'test', now() + n * interval '1 s'
             FROM stock_levels, generate_series(1, 5) n;
             INSERT INTO orders (id, number, payment_status, channel, currency, subtotal, delivery, tax,
                 vat_basis_points, total, customer, delivery_address, delivery_state, email_index,
                 phone_index, placed_at, expires_at)
             SELECT gen_random_uuid(), 'N' || n, 'pending', 'card', 'NGN', 1, 0, 0, 750, 1, '', '', 'Lagos',
                 '', '', now(), now() FROM generate_series(1, 20000) n;
             INSERT INTO stock_reservations (order_id, variant_id, location_id, quantity, status)
             SELECT o.id, s.variant_id, s.location_id, 1, 'shipped'
             FROM (SELECT id, row_number() OVER () AS n FROM orders) o
             JOIN (SELECT variant_id, location_id, row_number() OVER () AS n FROM stock_levels) s USING (n);
             ANALYZE;",
        ))
        .await
        .unwrap();
    let sku: domain::Sku = "S-100".parse().unwrap();
    let place = Place {
        sku: sku.clone(),
        location: shelf,
    };
    let moved = MovementPlace {
        at: staff().at,
        id: 7,
    };
    let (all, every, each) = (
        LevelsFilter::default(),
        MovementsFilter::default(),
        ReservationsFilter::default(),
    );
    let of = |short, location| LevelsFilter {
        short,
        location,
        ..all.clone()
    };
    for (filter, after) in [
        (all.clone(), None),
        (all.clone(), Some(&place)),
        (of(Some(Short::Low), None), Some(&place)),
        (of(Some(Short::Out), Some(shelf)), None),
        (
            LevelsFilter {
                sku: Some(sku),
                ..all.clone()
            },
            None,
        ),
    ] {
        assert_looked_up(&mut connection, |sql| push_levels(sql, &filter, after, 21)).await;
    }
    let movements = [
        every.clone(),
        MovementsFilter {
            variant: Some(sandals),
            ..every.clone()
        },
        MovementsFilter {
            location: Some(shelf),
            ..every.clone()
        },
        MovementsFilter {
            kind: Some(MovementKind::Adjusted),
            ..every.clone()
        },
        MovementsFilter {
            from: Some(moved.at),
            to: Some(moved.at),
            ..every.clone()
        },
    ];
    for filter in &movements {
        let after = Some(moved);
        assert_looked_up(&mut connection, |sql| {
            push_movements(sql, filter, after, 21)
        })
        .await;
    }
    let reservations = [
        each,
        ReservationsFilter {
            variant: Some(sandals),
            ..each
        },
        ReservationsFilter {
            order: Some(order),
            ..each
        },
    ];
    for filter in &reservations {
        assert_looked_up(&mut connection, |sql| {
            push_reservations(sql, filter, None, 21);
        })
        .await;
    }
}
