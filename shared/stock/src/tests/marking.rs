//! Crossings, told once.

use database::testing::TestDatabase;
use domain::{Availability, Crossing, VariantId};

use super::begin;
use crate::mark;
use crate::testing::{a_location, a_product, stock_at};

async fn sell_down_to(db: &TestDatabase, variant: VariantId, left: i64) {
    sqlx::query("UPDATE stock_levels SET on_hand = $2 WHERE variant_id = $1")
        .bind(variant.uuid())
        .bind(left)
        .execute(&mut db.connect().await)
        .await
        .unwrap();
}

async fn told(db: &TestDatabase, variant: VariantId) -> Option<Crossing> {
    let mut tx = db.database.begin().await.unwrap();
    let marked = mark(&mut tx, variant).await.unwrap();
    tx.commit().await.unwrap();
    marked.and_then(|marked| marked.crossing())
}

#[tokio::test]
async fn each_crossing_is_told_once_and_again_when_it_happens_again() {
    let db = TestDatabase::create().await;
    let sandals = a_product(&mut db.connect().await, 1, 10).await;
    assert_eq!(told(&db, sandals).await, None, "plenty is no news");
    for (left, expected) in [
        (5, Some(Crossing::Low)),
        (4, None),
        (0, Some(Crossing::Out)),
        (3, Some(Crossing::Back)),
        (9, None),
        (5, Some(Crossing::Low)),
        (9, None),
        (0, Some(Crossing::Out)),
    ] {
        sell_down_to(&db, sandals, left).await;
        assert_eq!(told(&db, sandals).await, expected, "{left}");
        assert_eq!(told(&db, sandals).await, None, "{left} again");
    }
}

#[tokio::test]
async fn what_never_lay_anywhere_is_no_news_and_what_is_short_at_first_sight_is() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let new = a_product(&mut connection, 1, 0).await;
    let short = a_product(&mut connection, 1, 3).await;
    assert_eq!(told(&db, new).await, None);
    assert_eq!(told(&db, short).await, Some(Crossing::Low));
    assert_eq!(told(&db, VariantId::new()).await, None, "nobody knows it");
}

#[tokio::test]
async fn the_best_active_location_decides_as_the_catalogue_shows_it() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 0).await;
    let back_room = a_location(&mut connection, "Back room", 1).await;
    stock_at(&mut connection, sandals, back_room, 40).await;
    let mut tx = db.database.begin().await.unwrap();
    let marked = mark(&mut tx, sandals).await.unwrap().unwrap();
    assert_eq!(marked.now, Availability::InStock);
}

#[tokio::test]
async fn of_twenty_who_look_at_once_one_tells() {
    let db = TestDatabase::with_connections(20).await;
    let sandals = a_product(&mut db.connect().await, 1, 3).await;
    let mut looks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let database = db.database.clone();
        looks.spawn(async move {
            let mut tx = begin(&database).await;
            let marked = mark(&mut tx, sandals).await.unwrap();
            tx.commit().await.unwrap();
            marked.and_then(|marked| marked.crossing())
        });
    }
    let told: Vec<Crossing> = looks.join_all().await.into_iter().flatten().collect();
    assert_eq!(told, [Crossing::Low]);
}
