use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use database::PgConnection;
use database::testing::TestDatabase;
use domain::CategoryId;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{day, now};
use crate::testing::{a_category, a_product};
use crate::{FindCategoryError, category_tree, compact_category_counts, find_category};

async fn run(connection: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn categories_are_a_tree_whose_counts_include_what_is_below() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let clothes = a_category(&mut connection, "Clothes", None).await;
    let shirts = a_category(&mut connection, "Shirts", Some(clothes)).await;
    a_category(&mut connection, "Empty", None).await;
    for (name, category) in [("Belt", clothes), ("Blouse", shirts), ("Polo", shirts)] {
        a_product(name, category).insert(&mut connection).await;
    }
    let tree = category_tree(&mut connection).await.unwrap();
    let counts = |nodes: &[crate::CategoryNode]| -> Vec<(String, i64)> {
        let each = nodes
            .iter()
            .map(|node| (node.slug.clone(), node.product_count));
        each.collect()
    };
    let (clothes, shirts) = (("clothes".to_owned(), 3), ("shirts".to_owned(), 2));
    assert_eq!(counts(&tree), [clothes, ("empty".to_owned(), 0)]);
    assert_eq!(counts(&tree[0].children), [shirts]);
}

#[tokio::test]
async fn a_category_comes_with_the_way_there_and_what_is_below() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let clothes = a_category(&mut connection, "Clothes", None).await;
    let shirts = a_category(&mut connection, "Shirts", Some(clothes)).await;
    let polos = a_category(&mut connection, "Polos", Some(shirts)).await;
    a_category(&mut connection, "Blouses", Some(shirts)).await;
    a_product("Polo", polos).insert(&mut connection).await;
    let found = find_category(&mut connection, &"shirts".parse().unwrap()).await;
    let found = found.unwrap();
    assert_eq!((found.summary.id, found.summary.product_count), (shirts, 1));
    let crumbs: Vec<&str> = found.breadcrumbs.iter().map(|crumb| &*crumb.slug).collect();
    assert_eq!(crumbs, ["clothes", "shirts"]);
    let below = found
        .children
        .iter()
        .map(|child| (&*child.slug, child.product_count));
    assert_eq!(below.collect::<Vec<_>>(), [("polos", 1), ("blouses", 0)]);
    let missing = find_category(&mut connection, &"nowhere".parse().unwrap()).await;
    assert!(matches!(missing, Err(FindCategoryError::NotFound)));
}

/// What may happen to the products. Numbers choose a product, a category, an hour from now.
#[derive(Debug, Clone)]
enum Change {
    Insert {
        status: usize,
        category: usize,
        hours: i64,
    },
    Publish {
        product: usize,
        hours: i64,
    },
    Archive {
        product: usize,
    },
    Move {
        product: usize,
        category: usize,
    },
    LoseVariants {
        product: usize,
    },
    RegainVariants {
        product: usize,
    },
    Delete {
        product: usize,
    },
    MoveAll {
        category: usize,
    },
    Compact,
}

fn change() -> impl Strategy<Value = Change> {
    let (product, category, hours) = (0..6_usize, 0..3_usize, -3..4_i64);
    prop_oneof![
        3 => (0..3_usize, category.clone(), hours.clone())
            .prop_map(|(status, category, hours)| Change::Insert { status, category, hours }),
        2 => (product.clone(), hours).prop_map(|(product, hours)| Change::Publish { product, hours }),
        1 => product.clone().prop_map(|product| Change::Archive { product }),
        2 => (product.clone(), category.clone())
            .prop_map(|(product, category)| Change::Move { product, category }),
        1 => product.clone().prop_map(|product| Change::LoseVariants { product }),
        1 => product.clone().prop_map(|product| Change::RegainVariants { product }),
        1 => product.prop_map(|product| Change::Delete { product }),
        1 => category.prop_map(|category| Change::MoveAll { category }),
        2 => Just(Change::Compact),
    ]
}

struct Scene {
    categories: Vec<CategoryId>,
    products: Vec<Uuid>,
    made: usize,
}

impl Scene {
    fn product(&self, number: usize) -> Uuid {
        let nth = number % self.products.len().max(1);
        self.products.get(nth).copied().unwrap_or_default()
    }

    async fn apply(&mut self, connection: &mut PgConnection, change: &Change) {
        match *change {
            Change::Insert {
                status,
                category,
                hours,
            } => {
                self.made += 1;
                let product =
                    a_product(&format!("Product {}", self.made), self.categories[category])
                        .status(["published", "published", "draft"][status])
                        .published(now() + Duration::hours(hours));
                self.products
                    .push(product.insert(connection).await.id.uuid());
            }
            Change::Publish { product, hours } => {
                sqlx::query(
                    "UPDATE products SET status = 'published', published_at = $2 WHERE id = $1",
                )
                .bind(self.product(product))
                .bind(now() + Duration::hours(hours))
                .execute(connection)
                .await
                .unwrap();
            }
            Change::Archive { product } => {
                self.change(
                    connection,
                    "UPDATE products SET status = 'archived' WHERE id = $1",
                    product,
                )
                .await;
            }
            Change::Move { product, category } => {
                sqlx::query("UPDATE products SET category_id = $2 WHERE id = $1")
                    .bind(self.product(product))
                    .bind(self.categories[category].uuid())
                    .execute(connection)
                    .await
                    .unwrap();
            }
            Change::LoseVariants { product } => {
                let sql = "UPDATE variants SET archived_at = now() WHERE product_id = $1";
                self.change(connection, sql, product).await;
            }
            Change::RegainVariants { product } => {
                let sql = "UPDATE variants SET archived_at = NULL WHERE product_id = $1";
                self.change(connection, sql, product).await;
            }
            Change::Delete { product } => {
                for sql in [
                    "DELETE FROM variants WHERE product_id = $1",
                    "DELETE FROM products WHERE id = $1",
                ] {
                    self.change(connection, sql, product).await;
                }
                let gone = self.product(product);
                self.products.retain(|product| *product != gone);
            }
            Change::MoveAll { category } => {
                sqlx::query("UPDATE products SET category_id = $1")
                    .bind(self.categories[category].uuid())
                    .execute(connection)
                    .await
                    .unwrap();
            }
            Change::Compact => {
                compact_category_counts(connection).await.unwrap();
            }
        }
    }

    async fn change(&self, connection: &mut PgConnection, sql: &'static str, product: usize) {
        sqlx::query(sql)
            .bind(self.product(product))
            .execute(connection)
            .await
            .unwrap();
    }
}

/// What the rollup says, and what is true, by category, at a time.
async fn counts(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
) -> (BTreeMap<Uuid, i64>, BTreeMap<Uuid, i64>) {
    let mut read = async |sql: &'static str| -> BTreeMap<Uuid, i64> {
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql)
            .bind(at)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        rows.into_iter().filter(|(_, count)| *count != 0).collect()
    };
    let written = read(
        "SELECT category_id, sum(delta)::bigint FROM category_counts
         WHERE effective_at <= $1 GROUP BY category_id",
    );
    let written = written.await;
    let counted = read(
        "SELECT category_id, count(*) FROM products
         WHERE status = 'published' AND lowest_price IS NOT NULL AND published_at <= $1
         GROUP BY category_id",
    );
    (written, counted.await)
}

#[test]
fn counts_are_what_counting_says_now_and_at_every_later_time() {
    let runtime = Runtime::new().unwrap();
    let db = runtime.block_on(TestDatabase::create());
    let mut connection = runtime.block_on(db.connect());
    let mut categories = Vec::new();
    for name in ["One", "Two", "Three"] {
        categories.push(runtime.block_on(a_category(&mut connection, name, None)));
    }
    let connection = std::cell::RefCell::new(connection);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let changes = prop::collection::vec(change(), 1..16);
    let outcome = runner.run(&changes, |changes| {
        let connection = &mut *connection.borrow_mut();
        runtime.block_on(async {
            for table in [
                "DELETE FROM variants",
                "DELETE FROM products",
                "DELETE FROM category_counts",
            ] {
                run(connection, table).await;
            }
            let mut scene = Scene {
                categories: categories.clone(),
                products: Vec::new(),
                made: 0,
            };
            for change in &changes {
                scene.apply(connection, change).await;
                for hours in [0, 1, 2, 3, 24] {
                    let at = now() + Duration::hours(hours) + Duration::minutes(1);
                    let (written, counted) = counts(connection, at).await;
                    prop_assert_eq!(written, counted, "{} h after {:?}", hours, change);
                }
            }
            Ok(())
        })
    });
    drop(connection);
    outcome.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn merging_counts_while_products_are_added_loses_none() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let category = a_category(&mut connection, "All", None).await;
    let mut at_work = Vec::new();
    for worker in 0..3 {
        let mut connection = db.connect().await;
        at_work.push(tokio::spawn(async move {
            for index in 0..20 {
                let product = a_product(&format!("Product {worker} {index}"), category);
                product.published(day(index)).insert(&mut connection).await;
                compact_category_counts(&mut connection).await.unwrap();
            }
        }));
    }
    let mut seen = 0;
    while at_work.iter().any(|worker| !worker.is_finished()) {
        let count = category_tree(&mut connection).await.unwrap()[0].product_count;
        assert!(count >= seen, "{count} after {seen}");
        seen = count;
    }
    for worker in at_work {
        worker.await.unwrap();
    }
    compact_category_counts(&mut connection).await.unwrap();
    let rows: Vec<(i64,)> = sqlx::query_as("SELECT delta FROM category_counts")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(rows, [(60,)]);
}
