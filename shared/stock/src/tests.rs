mod adjusting;
mod agreeing;
mod listing;
mod marking;
mod places;
mod policies;
mod random;
mod waiting;

use database::testing::TestDatabase;
use database::{Database, DatabaseError, PgConnection, Transaction};
use domain::{Cause, Clock, OrderId, Quantity, VariantId};

use crate::testing::{a_location, a_product, counters, stock_at};
use crate::{Reservation, ReserveError, Wanted, commit, release, reserve};

fn pieces(variant: VariantId, quantity: i64) -> Wanted {
    Wanted {
        variant,
        quantity: Quantity::new(quantity).unwrap(),
    }
}

fn staff() -> Cause {
    Cause::new(Clock::system().now(), "ada", "req-1")
}

/// Many at one small pool: on a busy machine some wait longer than it lets them, and ask again.
async fn begin(database: &Database) -> Transaction {
    loop {
        match database.begin().await {
            Ok(tx) => return tx,
            Err(DatabaseError::Unavailable(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let query = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .fetch_one(connection)
        .await
        .unwrap()
}

/// The row of an order is the orders context's; here only its foreign key matters.
async fn an_order(connection: &mut PgConnection) -> OrderId {
    let order = OrderId::new();
    sqlx::query(
        "INSERT INTO orders (id, number, payment_status, channel, currency, subtotal, delivery, tax,
             vat_basis_points, total, customer, delivery_address, delivery_state, email_index,
             phone_index, placed_at, expires_at)
         VALUES ($1, $1::text, 'pending', 'card', 'NGN', 1, 0, 0, 750, 1, '', '', 'Lagos', '', '',
             now(), now())",
    )
    .bind(order.uuid())
    .execute(connection)
    .await
    .unwrap();
    order
}

#[tokio::test]
async fn reserving_and_releasing_moves_counters_and_writes_movements() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let sandals = a_product(&mut tx, 500_000, 10).await;
    let order = an_order(&mut tx).await;
    reserve(
        &mut tx,
        order,
        Reservation::UntilExpiry,
        &[pieces(sandals, 4)],
    )
    .await
    .unwrap();
    assert_eq!(counters(&mut tx, sandals).await, (10, 4));
    assert_eq!(release(&mut tx, order).await.unwrap(), 4);
    assert_eq!(
        release(&mut tx, order).await.unwrap(),
        0,
        "the second time there is nothing"
    );
    assert_eq!(counters(&mut tx, sandals).await, (10, 0));
    reserve(
        &mut tx,
        order,
        Reservation::Committed,
        &[pieces(sandals, 3)],
    )
    .await
    .unwrap();
    let kinds: Vec<(String, i64)> = sqlx::query_as(
        "SELECT kind, reserved FROM stock_movements WHERE reserved <> 0 ORDER BY id",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let expected = [("reserved", 4), ("released", -4), ("reserved", 3)];
    assert_eq!(
        kinds,
        expected.map(|(kind, pieces)| (kind.to_owned(), pieces))
    );
}

#[tokio::test]
async fn a_line_that_is_short_leaves_everything_as_it_was() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let (sandals, boots) = (
        a_product(&mut tx, 1, 10).await,
        a_product(&mut tx, 1, 2).await,
    );
    let order = an_order(&mut tx).await;
    let wanted = [pieces(sandals, 4), pieces(boots, 3)];
    let refused = reserve(&mut tx, order, Reservation::UntilExpiry, &wanted).await;
    let Err(ReserveError::OutOfStock(short)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(short.len(), 1);
    assert_eq!(
        (short[0].variant, short[0].requested, short[0].available),
        (boots, 3, 2)
    );
    assert_eq!(counters(&mut tx, sandals).await, (10, 0));
    assert_eq!(counters(&mut tx, boots).await, (2, 0));
}

#[tokio::test]
async fn a_line_is_filled_from_several_shelves_by_priority() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let sandals = a_product(&mut tx, 1, 3).await;
    let second = a_location(&mut tx, "Back room", 1).await;
    stock_at(&mut tx, sandals, second, 5).await;
    let order = an_order(&mut tx).await;
    reserve(
        &mut tx,
        order,
        Reservation::UntilExpiry,
        &[pieces(sandals, 7)],
    )
    .await
    .unwrap();
    let taken: Vec<(i64,)> = sqlx::query_as(
        "SELECT r.quantity FROM stock_reservations r JOIN locations l ON l.id = r.location_id
         ORDER BY l.priority",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    assert_eq!(taken, [(3,), (4,)]);
}

#[tokio::test]
async fn committing_moves_no_counter_and_can_be_repeated() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let sandals = a_product(&mut tx, 1, 3).await;
    let order = an_order(&mut tx).await;
    reserve(
        &mut tx,
        order,
        Reservation::UntilExpiry,
        &[pieces(sandals, 2)],
    )
    .await
    .unwrap();
    commit(&mut tx, order).await.unwrap();
    commit(&mut tx, order).await.unwrap();
    assert_eq!(counters(&mut tx, sandals).await, (3, 2));
}

#[tokio::test]
async fn of_many_buyers_at_once_each_piece_goes_to_one_and_nobody_waits_for_ever() {
    let db = TestDatabase::with_connections(24).await;
    let mut connection = db.connect().await;
    let (a, b) = (
        a_product(&mut connection, 1, 15).await,
        a_product(&mut connection, 1, 15).await,
    );
    let mut buyers = tokio::task::JoinSet::new();
    for buyer in 0..60 {
        let database = db.database.clone();
        buyers.spawn(async move {
            let mut tx = begin(&database).await;
            let order = an_order(&mut tx).await;
            // Half of the buyers name the two products the other way round.
            let mut wanted = vec![pieces(a, 1), pieces(b, 1)];
            if buyer % 2 == 0 {
                wanted.reverse();
            }
            match reserve(&mut tx, order, Reservation::UntilExpiry, &wanted).await {
                Ok(()) => tx.commit().await.map(|()| true).unwrap(),
                Err(ReserveError::OutOfStock(_)) => false,
                Err(error) => panic!("{error:?}"),
            }
        });
    }
    let served = buyers
        .join_all()
        .await
        .into_iter()
        .filter(|served| *served)
        .count();
    assert_eq!(served, 15);
    assert_eq!(counters(&mut connection, a).await, (15, 15));
    assert_eq!(counters(&mut connection, b).await, (15, 15));
}

#[tokio::test]
async fn the_database_itself_refuses_to_oversell() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 3).await;
    let oversold = sqlx::query("UPDATE stock_levels SET reserved = 4 WHERE variant_id = $1")
        .bind(sandals.uuid())
        .execute(&mut connection)
        .await
        .unwrap_err();
    assert!(oversold.to_string().contains("stock_levels_never_oversold"));
}

/// Postgres holds a CHECK against the row as the statement first saw it, before it looks for the present
/// one: 8 are promised there, and 3 more would be too many.
#[tokio::test]
async fn who_waits_while_stock_is_given_back_gets_of_it() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 8).await;
    let (before, after) = (
        an_order(&mut connection).await,
        an_order(&mut connection).await,
    );
    let wanted = [pieces(sandals, 8)];
    reserve(&mut connection, before, Reservation::UntilExpiry, &wanted)
        .await
        .unwrap();
    let mut giving = db.database.begin().await.unwrap();
    release(&mut giving, before).await.unwrap();
    let database = db.database.clone();
    let buyer = tokio::spawn(async move {
        let mut tx = database.begin().await.unwrap();
        let wanted = [pieces(sandals, 3)];
        let outcome = reserve(&mut tx, after, Reservation::UntilExpiry, &wanted).await;
        tx.commit().await.unwrap();
        outcome
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(&mut connection)
        .await
        .unwrap()
        == 0
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    giving.commit().await.unwrap();
    buyer.await.unwrap().unwrap();
    assert_eq!(counters(&mut connection, sandals).await, (8, 3));
}
