use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use database::testing::TestDatabase;
use sqlx::PgConnection;

use super::catalogue::Catalogue;
use super::growth::Growth;
use super::product::Product;
use super::rates::RATES;
use super::{DEFAULT_PRODUCTS, fill_at};

/// Enough to have some of everything.
const GROWN: u32 = 3_000;

struct Silent;

impl services::Reporter for Silent {
    fn say(&self, _line: &str) {}
}

fn growth() -> Growth {
    Growth::load(&Catalogue::load().unwrap()).unwrap()
}

fn grown() -> Vec<Product> {
    let growth = growth();
    (0..GROWN).map(|number| growth.product(number)).collect()
}

fn all() -> Vec<Product> {
    let mut all = Catalogue::load().unwrap().products();
    all.extend(grown());
    all
}

#[test]
fn the_hand_made_catalogue_is_as_large_as_it_says() {
    let products = Catalogue::load().unwrap().products();
    assert_eq!(products.len(), usize::try_from(DEFAULT_PRODUCTS).unwrap());
}

#[test]
fn nothing_in_the_catalogue_collides() {
    let products = all();
    let variants: Vec<_> = products.iter().flat_map(|p| &p.variants).collect();
    let slugs: BTreeSet<_> = products.iter().map(|p| &p.slug).collect();
    let ids: BTreeSet<_> = products.iter().map(|p| p.id).collect();
    assert_eq!((slugs.len(), ids.len()), (products.len(), products.len()));
    let skus: BTreeSet<_> = variants.iter().map(|v| &v.sku).collect();
    let ids: BTreeSet<_> = variants.iter().map(|v| v.id).collect();
    assert_eq!((skus.len(), ids.len()), (variants.len(), variants.len()));
    for product in &products {
        let choices: BTreeSet<String> = product
            .variants
            .iter()
            .map(|v| v.options.to_string())
            .collect();
        assert_eq!(choices.len(), product.variants.len(), "{}", product.slug);
    }
}

#[test]
fn every_option_of_the_hand_made_catalogue_is_known_and_used() {
    let catalogue = Catalogue::load().unwrap();
    let used: BTreeSet<_> = catalogue.used_options().into_iter().collect();
    let known: BTreeSet<_> = catalogue.known_options().into_iter().collect();
    assert_eq!(used, known);
}

#[test]
fn products_are_believable() {
    let products = all();
    let variants: Vec<_> = products.iter().flat_map(|p| &p.variants).collect();
    assert!(
        products
            .iter()
            .all(|p| p.variants.len() <= 8 && p.name.len() <= 200)
    );
    assert!(
        products
            .iter()
            .all(|p| !p.variants.is_empty() || p.status == "draft")
    );
    assert!(
        products
            .iter()
            .all(|p| p.description.matches('.').count() >= 2)
    );
    assert!(
        variants
            .iter()
            .all(|v| v.price >= 1_000 && v.price % 1_000 == 0 && v.weight_grams > 0)
    );
    assert!(
        variants
            .iter()
            .all(|v| v.compare_at_price.is_none_or(|before| before > v.price))
    );
    let sold_out = variants.iter().filter(|v| v.on_hand == [0, 0]).count();
    let low = variants
        .iter()
        .filter(|v| (1..=5).contains(&v.on_hand[0]))
        .count();
    assert!(
        (variants.len() / 30..variants.len() / 8).contains(&sold_out),
        "{sold_out} sold out"
    );
    assert!(
        (variants.len() / 20..variants.len() / 4).contains(&low),
        "{low} low"
    );
}

#[test]
fn a_grown_catalogue_has_products_in_every_state() {
    let products = grown();
    let now = chrono::DateTime::from_timestamp(1_782_000_000, 0);
    let share = |of: &dyn Fn(&Product) -> bool| {
        products.iter().filter(|p| of(p)).count() * 100 / products.len()
    };
    assert!((88..94).contains(&share(&|p| p.status == "published" && p.published_at < now)));
    assert!((1..4).contains(&share(&|p| p.status == "published" && p.published_at > now)));
    assert!((2..6).contains(&share(&|p| p.status == "draft" && p.published_at.is_none())));
    assert!((1..5).contains(&share(&|p| p.status == "archived")));
    assert!((12..28).contains(&share(&|p| {
        p.lowest_price().is_some_and(|(_, before)| before.is_some())
    })));
    assert!(
        products
            .iter()
            .any(|p| p.lowest_price().is_none() && p.status == "published")
    );
}

#[test]
fn some_words_are_everywhere_and_most_are_rare() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for product in grown() {
        let words: BTreeSet<String> = product.name.split(' ').map(str::to_lowercase).collect();
        for word in words {
            *seen.entry(word).or_default() += 1;
        }
    }
    let most = seen.values().max().copied().unwrap_or_default();
    let once = seen.values().filter(|times| **times == 1).count();
    assert!(most > usize::try_from(GROWN).unwrap() / 20, "{most}");
    assert!(once > seen.len() / 3, "{once} of {}", seen.len());
}

#[test]
fn a_product_is_the_same_whatever_the_size_of_the_catalogue() {
    let (one, other) = (growth(), growth());
    for number in [0, 1, 9_999, 999_999, 3_000_000] {
        assert_eq!(one.product(number), other.product(number));
    }
    let known = one.product(1_000);
    assert_eq!((known.slug.as_str(), known.id.to_string().as_str()), KNOWN);
}

/// Written down once: databases that are grown already have this one.
const KNOWN: (&str, &str) = (
    "gurara-home-9-oxford-shoes-22235c",
    "019729fa-ed00-7853-8e51-66f3147333d9",
);

#[test]
fn every_state_has_a_rate() {
    let states: BTreeSet<_> = RATES.iter().flat_map(|(_, _, states)| *states).collect();
    assert_eq!(states.len(), 37, "36 states and the FCT");
}

async fn count(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

/// What foreign keys would have refused: they rest while the catalogue grows.
const ORPHANS: &str = "
    SELECT (SELECT count(*) FROM products p WHERE NOT EXISTS (SELECT FROM categories c WHERE c.id = p.category_id))
         + (SELECT count(*) FROM categories k WHERE k.parent_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM categories c WHERE c.id = k.parent_id AND k.path = c.path || k.slug || '/'))
         + (SELECT count(*) FROM variants v WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = v.product_id))
         + (SELECT count(*) FROM product_options o WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = o.product_id))
         + (SELECT count(*) FROM product_images i WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = i.product_id))
         + (SELECT count(*) FROM stock_levels s WHERE NOT EXISTS (SELECT FROM variants v WHERE v.id = s.variant_id))
         + (SELECT count(*) FROM stock_movements m WHERE NOT EXISTS (SELECT FROM stock_levels s
              WHERE (s.variant_id, s.location_id) = (m.variant_id, m.location_id)))";

/// What the triggers would have made otherwise.
const NOT_KEPT: &str = "
    SELECT count(*)
    FROM products p
    LEFT JOIN LATERAL (SELECT v.price, v.compare_at_price FROM variants v
                       WHERE v.product_id = p.id AND v.archived_at IS NULL
                       ORDER BY v.price, v.position, v.id LIMIT 1) v ON true
    WHERE (p.lowest_price, p.compare_at_price, p.search_document)
          IS DISTINCT FROM (v.price, v.compare_at_price, search_document_of(p)) OR p.serial IS NULL";

/// Categories whose count is not how many products they have.
const MISCOUNTED: &str = "
    SELECT count(*)
    FROM (SELECT category_id, sum(delta) AS counted FROM category_counts WHERE effective_at <= now() GROUP BY 1) c
    FULL JOIN (SELECT category_id, count(*) AS present FROM products
               WHERE status = 'published' AND lowest_price IS NOT NULL AND published_at <= now() GROUP BY 1) p
        USING (category_id)
    WHERE coalesce(counted, 0) <> coalesce(present, 0)";

/// Words of names that nobody could be corrected to.
const NOT_LEARNT: &str = "
    SELECT count(*)
    FROM products p, string_to_table(folded(p.name), ' ') AS w (word)
    WHERE p.status = 'published' AND w.word ~ '^[[:alpha:]]{3,40}$'
      AND NOT EXISTS (SELECT FROM search_words k WHERE k.word = w.word COLLATE \"C\")";

#[tokio::test]
async fn a_grown_catalogue_is_what_triggers_and_keys_would_have_made_it() {
    let db = TestDatabase::create().await;
    let wanted = DEFAULT_PRODUCTS + GROWN;
    let indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'";
    let mut connection = db.connect().await;
    let before = count(&mut connection, indexes).await;
    let added = fill_at(db.url(), "http://localhost/images", wanted, &Silent).await;
    assert_eq!(added.unwrap(), u64::from(wanted));
    for sql in [ORPHANS, NOT_KEPT, MISCOUNTED, NOT_LEARNT] {
        assert_eq!(count(&mut connection, sql).await, 0, "{sql}");
    }
    assert_eq!(count(&mut connection, indexes).await, before);
    let report = invariants::check(&mut connection, None).await.unwrap();
    report.assert_holds();
    assert_eq!(
        count(&mut connection, "SELECT count(*) FROM products").await,
        i64::from(wanted)
    );
}

#[tokio::test]
async fn growing_again_adds_what_is_missing_and_nothing_else() {
    let db = TestDatabase::create().await;
    let small = DEFAULT_PRODUCTS + 500;
    let fill = async |products| {
        fill_at(db.url(), "http://localhost/images", products, &Silent)
            .await
            .unwrap()
    };
    assert_eq!(fill(small).await, u64::from(small));
    let mut connection = db.connect().await;
    sqlx::query("UPDATE products SET name = 'Renamed' WHERE created_at = (SELECT max(created_at) FROM products)")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(fill(small).await, 0);
    assert_eq!(fill(small + 100).await, 100);
    assert_eq!(fill(DEFAULT_PRODUCTS).await, 0);
    assert_eq!(
        count(
            &mut connection,
            "SELECT count(*) FROM products WHERE name = 'Renamed'"
        )
        .await,
        1
    );
    invariants::check(&mut connection, None)
        .await
        .unwrap()
        .assert_holds();
}

#[tokio::test]
async fn indexes_that_were_dropped_for_many_products_are_made_again() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let definitions =
        "SELECT array_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'public'";
    let before: Vec<String> = sqlx::query_scalar(definitions)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let growth = Arc::new(growth());
    fill_at(
        db.url(),
        "http://localhost/images",
        DEFAULT_PRODUCTS + 1,
        &Silent,
    )
    .await
    .unwrap();
    let wanted = super::bulk::Size {
        products: 2_000,
        many: 1_000,
    };
    let added = super::bulk::grow(
        &mut connection,
        &growth,
        wanted,
        "http://localhost/images",
        &Silent,
    )
    .await;
    assert_eq!(added.unwrap(), 1_999);
    let after: Vec<String> = sqlx::query_scalar(definitions)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(before, after);
    assert_eq!(count(&mut connection, ORPHANS).await, 0);
}
