//! Stock and catalogue.

use database::testing::TestDatabase;
use sqlx::Executor;

use super::{count, staff};
use crate::testing::{a_location, a_product, counters};
use crate::{Difference, mark, sync};

#[tokio::test]
async fn a_variant_gets_a_level_at_every_active_location_and_none_twice() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 0).await;
    a_location(&mut connection, "Back room", 1).await;
    a_location(&mut connection, "Closed", 2).await;
    connection
        .execute("UPDATE locations SET active = false WHERE name = 'Closed'")
        .await
        .unwrap();
    for _ in 0..2 {
        let found = sync(&mut connection, &staff(), &[sandals]).await.unwrap();
        assert_eq!(found, []);
        assert_eq!(count(&mut connection, "stock_levels").await, 2);
    }
    assert!(db.take_announcements().await.is_empty());
}

#[tokio::test]
async fn a_counter_that_is_not_the_sum_of_its_movements_is_told_once_and_never_mended_in_silence() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 10).await;
    let shelf = a_location(&mut connection, "Main shelf", 0).await;
    mark(&mut connection, sandals).await.unwrap();
    connection
        .execute("UPDATE stock_levels SET on_hand = 12")
        .await
        .unwrap();
    let expected = Difference {
        variant: sandals,
        location: shelf,
        counters: (12, 0),
        movements: (10, 0),
    };
    let found = sync(&mut connection, &staff(), &[sandals]).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&expected));
    assert_eq!(
        sync(&mut connection, &staff(), &[sandals]).await.unwrap(),
        []
    );
    assert_eq!(counters(&mut connection, sandals).await, (12, 0));
    assert_eq!(count(&mut connection, "stock_movements").await, 1);

    connection
        .execute("UPDATE stock_levels SET on_hand = 10")
        .await
        .unwrap();
    assert_eq!(
        sync(&mut connection, &staff(), &[sandals]).await.unwrap(),
        []
    );
    connection
        .execute("UPDATE stock_levels SET on_hand = 12")
        .await
        .unwrap();
    let found = sync(&mut connection, &staff(), &[sandals]).await.unwrap();
    assert_eq!(found, [expected], "it is news when it happens again");
}

#[tokio::test]
async fn what_was_told_otherwise_is_announced() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 10).await;
    sync(&mut connection, &staff(), &[sandals]).await.unwrap();
    assert_eq!(
        db.take_announcements().await,
        ["stock.changed"],
        "nothing was told yet"
    );
    mark(&mut connection, sandals).await.unwrap();
    sync(&mut connection, &staff(), &[sandals]).await.unwrap();
    assert!(db.take_announcements().await.is_empty());
    connection
        .execute(
            "INSERT INTO stock_alerts (id, variant_id, email, email_index, created_at)
             SELECT gen_random_uuid(), variant_id, 'x', 'x', now() FROM stock_levels",
        )
        .await
        .unwrap();
    sync(&mut connection, &staff(), &[sandals]).await.unwrap();
    assert_eq!(
        db.take_announcements().await,
        ["stock.changed"],
        "somebody waits for it"
    );
}
