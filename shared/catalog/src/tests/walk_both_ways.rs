//! Walks through a list, there and back, while others change the catalogue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use database::PgConnection;
use database::testing::TestDatabase;
use domain::{CategoryId, ProductId};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{day, read};
use crate::cursor::Cursor;
use crate::testing::{a_category, a_product};
use crate::window::Reach;
use crate::{Filters, ProductQuery, SearchText, Sort};

const SORTS: [Sort; 6] = [
    Sort::Relevance,
    Sort::Newest,
    Sort::Price,
    Sort::PriceDescending,
    Sort::Name,
    Sort::NameDescending,
];

const NAMES: [&str; 5] = ["rice", "Rice", "ẹwà rice", "rice rice", "a rice"];

/// What one of those does who change the catalogue meanwhile; never to a product that stays.
#[derive(Debug, Clone)]
enum Meddling {
    Insert { name: usize, day: i64, price: i64 },
    Archive,
    Restore,
    Reprice(i64),
    Rename(usize),
    Republish(i64),
}

fn meddling() -> impl Strategy<Value = Meddling> {
    prop_oneof![
        (0..NAMES.len(), 0..6_i64, 1..5_i64).prop_map(|(name, day, price)| Meddling::Insert {
            name,
            day,
            price
        }),
        Just(Meddling::Archive),
        Just(Meddling::Restore),
        (1..5_i64).prop_map(Meddling::Reprice),
        (0..NAMES.len()).prop_map(Meddling::Rename),
        (0..6_i64).prop_map(Meddling::Republish),
    ]
}

async fn product(
    connection: &mut PgConnection,
    category: CategoryId,
    name: usize,
    on: i64,
    price: i64,
) -> ProductId {
    let slug = Uuid::now_v7().to_string();
    let product = a_product(NAMES[name], category).slug(&slug);
    let product = product.published(day(on)).variant(&[], price);
    product.insert(connection).await.id
}

/// Changes products that do not stay, each time another, until it is told to stop.
async fn meddle(
    mut connection: PgConnection,
    category: CategoryId,
    restless: Vec<ProductId>,
    plan: Vec<Meddling>,
    over: Arc<AtomicBool>,
) {
    let mut victims = restless.into_iter().cycle();
    for meddling in plan.iter().cycle().take(100) {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let Some(victim) = victims.next() else { return };
        let connection = &mut connection;
        let (sql, value): (&'static str, i64) = match *meddling {
            Meddling::Insert { name, day, price } => {
                product(connection, category, name, day, price).await;
                continue;
            }
            Meddling::Archive => ("UPDATE products SET status = 'archived' WHERE id = $1 AND $2 = 0", 0),
            Meddling::Restore => ("UPDATE products SET status = 'published' WHERE id = $1 AND $2 = 0", 0),
            Meddling::Reprice(price) => ("UPDATE variants SET price = $2 WHERE product_id = $1", price),
            Meddling::Rename(name) => (
                "UPDATE products SET name = (ARRAY['rice', 'Rice', 'ẹwà rice', 'rice rice', 'a rice'])[$2 + 1]
                 WHERE id = $1",
                i64::try_from(name).unwrap(),
            ),
            Meddling::Republish(day) => (
                "UPDATE products SET published_at = timestamptz '2026-01-01' + $2 * interval '1 day'
                 WHERE id = $1",
                day,
            ),
        };
        sqlx::query(sql)
            .bind(victim.uuid())
            .bind(value)
            .execute(connection)
            .await
            .unwrap();
    }
}

fn query(sort: Sort, limit: i64, cursor: Option<Cursor>, reach: Reach) -> ProductQuery {
    let filters = Filters {
        text: SearchText::parse("rice").unwrap(),
        ..Filters::default()
    };
    let query = ProductQuery::new(filters, Some(sort), limit, cursor).unwrap();
    ProductQuery { reach, ..query }
}

fn through_its_text(cursor: &Cursor) -> Cursor {
    cursor.to_string().parse().unwrap()
}

/// Walks to the end, and from there back to the beginning; what was met on the way there, and what on
/// the way back.
async fn there_and_back(
    connection: &mut PgConnection,
    sort: Sort,
    limit: i64,
    reach: Reach,
) -> (Vec<ProductId>, Vec<ProductId>) {
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let mut page = read(connection, &query(sort, limit, None, reach)).await;
    assert_eq!(page.previous, None);
    let mut pages = 0;
    while let Some(next) = &page.next {
        there.extend(page.items.iter().map(|product| product.id));
        page = read(
            connection,
            &query(sort, limit, Some(through_its_text(next)), reach),
        )
        .await;
        pages += 1;
        assert!(pages < 1_000, "the end comes");
    }
    there.extend(page.items.iter().map(|product| product.id));
    loop {
        back.splice(0..0, page.items.iter().map(|product| product.id));
        let Some(previous) = &page.previous else {
            break;
        };
        page = read(
            connection,
            &query(sort, limit, Some(through_its_text(previous)), reach),
        )
        .await;
        pages += 1;
        assert!(pages < 2_000, "the beginning comes");
    }
    (there, back)
}

fn staying(walked: &[ProductId], stay: &[ProductId]) -> Vec<ProductId> {
    let met = walked.iter().filter(|product| stay.contains(product));
    met.copied().collect()
}

/// Few to look at, so that the window of a search is smaller than what matches.
const NARROW: Reach = Reach {
    ranked: 200,
    sample: 16,
};

#[test]
fn whoever_stays_where_he_is_is_met_once_there_and_once_back_whatever_others_do() {
    let runtime = Runtime::new().unwrap();
    let db = runtime.block_on(TestDatabase::create());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 8,
        max_shrink_iters: 0,
        failure_persistence: None,
        rng_seed: RngSeed::Random,
        ..ProptestConfig::default()
    });
    let scenes = (
        prop::collection::vec((0..NAMES.len(), 0..6_i64, 1..5_i64), 8..24),
        prop::collection::vec(meddling(), 4..12),
        1..6_i64,
    );
    let outcome = runner.run(&scenes, |(places, plan, limit)| {
        runtime.block_on(async {
            let mut connection = db.connect().await;
            for table in ["DELETE FROM variants", "DELETE FROM products"] {
                sqlx::query(table).execute(&mut connection).await.unwrap();
            }
            let slug = Uuid::now_v7().to_string();
            let category = a_category(&mut connection, &slug, None).await;
            let (mut stay, mut restless) = (Vec::new(), Vec::new());
            for (index, (name, on, price)) in places.into_iter().enumerate() {
                let product = product(&mut connection, category, name, on, price).await;
                if index % 2 == 0 {
                    stay.push(product)
                } else {
                    restless.push(product)
                }
            }
            for sort in SORTS {
                let whole = there_and_back(&mut connection, sort, 100, Reach::default())
                    .await
                    .0;
                let expected = staying(&whole, &stay);
                prop_assert_eq!(expected.len(), stay.len());
                let over = Arc::new(AtomicBool::new(false));
                let others = tokio::spawn(meddle(
                    db.connect().await,
                    category,
                    restless.clone(),
                    plan.clone(),
                    Arc::clone(&over),
                ));
                let (there, back) =
                    there_and_back(&mut connection, sort, limit, Reach::default()).await;
                over.store(true, Ordering::Relaxed);
                others.await.unwrap();
                prop_assert_eq!(
                    staying(&there, &stay),
                    expected.clone(),
                    "{:?}, there",
                    sort
                );
                prop_assert_eq!(staying(&back, &stay), expected, "{:?}, back", sort);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_search_that_ranks_the_newest_goes_on_ranking_them_when_newer_ones_come() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let category = a_category(&mut connection, "All", None).await;
    bulk(&mut connection, category, 4_096, "2026-01-01").await;
    let first = read(&mut connection, &query(Sort::Relevance, 5, None, NARROW)).await;
    let next = through_its_text(first.next.as_ref().unwrap());
    let listed = async |connection: &mut PgConnection| {
        let (mut met, mut next) = (Vec::new(), Some(next.clone()));
        while let Some(cursor) = next {
            let page = read(
                connection,
                &query(Sort::Relevance, 100, Some(cursor), NARROW),
            )
            .await;
            met.extend(page.items.iter().map(|product| product.id));
            next = page.next;
        }
        met
    };
    let before = listed(&mut connection).await;
    bulk(&mut connection, category, 2_048, "2025-01-01").await;
    let after = listed(&mut connection).await;
    assert_eq!(staying(&after, &before), before);
    assert!(before.len() > 200 && after.len() > before.len());
    let ranked = query(Sort::Relevance, 100, None, NARROW);
    let scope = crate::scope(&mut connection, &ranked).await.unwrap();
    let since = scope.meaning.since.unwrap();
    assert!(since > 5_900, "a new search looks less far back: {since}");
}

/// So many products called rice.
async fn bulk(connection: &mut PgConnection, category: CategoryId, count: i32, published: &str) {
    sqlx::query(
        "INSERT INTO products (id, category_id, slug, name, status, published_at, lowest_price)
         SELECT gen_random_uuid(), $2, $3 || n, 'rice', 'published', $3::timestamptz, 1
         FROM generate_series(1, $1) AS n",
    )
    .bind(count)
    .bind(category.uuid())
    .bind(published)
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn an_empty_page_leads_back_to_where_it_was_come_from() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let category = a_category(&mut connection, "All", None).await;
    let mut products = Vec::new();
    for on in 0..4 {
        products.push(product(&mut connection, category, 0, on, 1).await);
    }
    products.reverse();
    let first = read(
        &mut connection,
        &query(Sort::Newest, 2, None, Reach::default()),
    )
    .await;
    for product in &products[2..] {
        sqlx::query("UPDATE products SET status = 'archived' WHERE id = $1")
            .bind(product.uuid())
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let at = |cursor: &Option<Cursor>| {
        let cursor = through_its_text(cursor.as_ref().unwrap());
        query(Sort::Newest, 2, Some(cursor), Reach::default())
    };
    let empty = read(&mut connection, &at(&first.next)).await;
    assert_eq!((empty.items.len(), &empty.next), (0, &None));
    let back = read(&mut connection, &at(&empty.previous)).await;
    let ids: Vec<_> = back.items.iter().map(|product| product.id).collect();
    assert_eq!(ids, products[..2]);
    assert_eq!(back.previous, None);
    assert!(back.next.is_some());
}
