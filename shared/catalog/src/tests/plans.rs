use database::PgConnection;
use database::testing::TestDatabase;
use sqlx::{Postgres, QueryBuilder};

use super::{chosen, counted, day};
use crate::cursor::{Cursor, Key, Meaning, Turn};
use crate::store_facets::push_facets;
use crate::store_list::push_page;
use crate::testing::a_category;
use crate::{FACETS_OVER, Filters, ProductQuery, SearchText, Sort, find_product, scope};

/// So many products on sale, written in bulk and past the triggers.
async fn many_products(connection: &mut PgConnection) {
    let top = a_category(connection, "All", None).await;
    for name in ["One", "Two", "Three", "Four", "Five"] {
        a_category(connection, name, Some(top)).await;
    }
    for statement in [
        "SET session_replication_role = replica",
        "SET statement_timeout = 0",
        "INSERT INTO products (id, category_id, slug, name, status, published_at, lowest_price, serial,
             search_document)
         SELECT gen_random_uuid(), c.id, 'product-' || n, 'Product ' || n, 'published',
                timestamptz '2026-01-01' - n * interval '1 minute', 1 + (n * 7919) % 100000, 100001 - n,
                to_tsvector('simple', 'product w' || n % 20 || ' r' || n % 5000)
                || array_to_tsvector(recency_groups(100001 - n)
                   || ARRAY['#' || c.id, '=Size=1', '=Size=2', '=Colour=' || n % 20000])
         FROM generate_series(1, 100000) n
         JOIN (SELECT id, row_number() OVER (ORDER BY position) - 1 AS nth
               FROM categories WHERE parent_id IS NOT NULL) c ON c.nth = n % 5",
        "SELECT setval('products_serial_seq', 100000)",
        "INSERT INTO variants (id, product_id, sku, price, options)
         SELECT gen_random_uuid(), id, slug || '-' || size, 1,
                jsonb_build_object('Size', size::text, 'Colour', (substr(slug, 9)::integer % 20000)::text)
         FROM products, generate_series(1, 2) size",
        "INSERT INTO locations (id, name) VALUES (gen_random_uuid(), 'Main shelf')",
        "INSERT INTO stock_levels (variant_id, location_id, on_hand)
         SELECT v.id, l.id, 1 FROM variants v, locations l",
        "INSERT INTO product_images (id, product_id, url)
         SELECT gen_random_uuid(), id, 'https://images.test/' || slug FROM products",
        "INSERT INTO category_counts (category_id, effective_at, delta)
         SELECT category_id, '-infinity', count(*) FROM products GROUP BY 1",
        "VACUUM ANALYZE",
    ] {
        sqlx::query(statement)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

async fn plan(connection: &mut PgConnection, mut sql: QueryBuilder<Postgres>) -> String {
    let lines: Vec<(String,)> = sql.build_query_as().fetch_all(connection).await.unwrap();
    lines.into_iter().map(|(line,)| line + "\n").collect()
}

/// What an `EXPLAIN` says: nothing that grows is read whole.
fn assert_looked_up(plan: &str) {
    for table in ["products", "variants", "stock_levels", "product_images"] {
        assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
    }
}

fn filters(text: &str) -> Filters {
    Filters {
        text: SearchText::parse(text).unwrap(),
        ..Filters::default()
    }
}

async fn page_plan(connection: &mut PgConnection, query: &ProductQuery) -> String {
    let scope = scope(connection, query).await.unwrap();
    let mut sql = QueryBuilder::new("EXPLAIN ");
    push_page(&mut sql, query, &scope, 21);
    plan(connection, sql).await
}

async fn first_page_plan(connection: &mut PgConnection, filters: &Filters, sort: Sort) -> String {
    let query = ProductQuery::new(filters.clone(), Some(sort), 20, None).unwrap();
    page_plan(connection, &query).await
}

/// One shop of 100,000 products for all of them: it takes longest to fill.
#[tokio::test]
async fn at_a_hundred_thousand_products_nothing_is_read_whole() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    many_products(&mut connection).await;
    pages_are_read_from_the_index_of_their_order(&mut connection).await;
    searches_are_answered_by_the_index_of_the_documents(&mut connection).await;
    filters_walk_or_look_up(&mut connection).await;
    facets_look_up_what_belongs_to_their_products(&mut connection).await;
    what_is_near_a_product_is_read_from_the_order_of_its_category(&mut connection).await;
}

async fn pages_are_read_from_the_index_of_their_order(connection: &mut PgConnection) {
    for (sort, index, key) in [
        (Sort::Newest, "newest_idx", Key::PublishedAt(day(-50))),
        (Sort::Price, "price_idx", Key::Price(90_000)),
        (Sort::PriceDescending, "price_idx", Key::Price(10_000)),
        (Sort::Name, "name_idx", Key::Name("Product 7".to_owned())),
        (
            Sort::NameDescending,
            "name_idx",
            Key::Name("Product 2".to_owned()),
        ),
    ] {
        for category in [None, "one".parse().ok(), "all".parse().ok()] {
            let filters = Filters {
                category,
                ..Filters::default()
            };
            let of_category = filters.category.is_some();
            let index = match (of_category, sort) {
                (false, _) => format!("products_{index}"),
                (true, Sort::Newest) => "products_category_idx".to_owned(),
                (true, _) => format!("products_category_{index}"),
            };
            let place = (key.clone(), domain::ProductId::new());
            let late = |turn| Cursor::new(&filters, sort, turn, place.clone(), Meaning::default());
            for cursor in [None, Some(late(Turn::After)), Some(late(Turn::Until))] {
                let is_late = cursor.is_some();
                let query = ProductQuery::new(filters.clone(), Some(sort), 20, cursor).unwrap();
                let plan = page_plan(connection, &query).await;
                assert_looked_up(&plan);
                assert!(plan.contains(&index), "{index}: {plan}");
                // The comparison with the cursor is where the index begins, not what it filters by.
                let filtered = plan
                    .lines()
                    .any(|line| line.contains("Filter:") && line.contains("ROW("));
                assert!(!filtered, "{plan}");
                assert_eq!(plan.contains("ROW("), is_late, "{plan}");
            }
        }
    }
}

async fn searches_are_answered_by_the_index_of_the_documents(connection: &mut PgConnection) {
    // In one of twenty, in one of five thousand, and in both.
    for text in ["w7", "r1234", "w7 r1227"] {
        let plan = first_page_plan(connection, &filters(text), Sort::Relevance).await;
        assert_looked_up(&plan);
        assert!(plan.contains("products_search_document_idx"), "{plan}");
    }
    let query = ProductQuery::new(filters("w7"), None, 20, None).unwrap();
    let frequent = scope(connection, &query).await.unwrap();
    let since = frequent.meaning.since.unwrap();
    assert!((80_000..95_000).contains(&since), "{since}");
    let query = ProductQuery::new(filters("r1234"), None, 20, None).unwrap();
    let rare = scope(connection, &query).await.unwrap();
    assert_eq!(rare.meaning.since, None);
    // A frequent word in another order is met on the way.
    let plan = first_page_plan(connection, &filters("w7"), Sort::Price).await;
    assert!(plan.contains("products_price_idx"), "{plan}");
}

async fn filters_walk_or_look_up(connection: &mut PgConnection) {
    let having = |name, value| Filters {
        options: [chosen(name, &[value])].into(),
        ..Filters::default()
    };
    let frequent = first_page_plan(connection, &having("Size", "1"), Sort::Newest).await;
    assert_looked_up(&frequent);
    assert!(frequent.contains("products_newest_idx"), "{frequent}");
    for rare in [having("Colour", "77"), having("Colour", "none")] {
        let rare = first_page_plan(connection, &rare, Sort::Newest).await;
        assert_looked_up(&rare);
        assert!(rare.contains("products_search_document_idx"), "{rare}");
    }
    let narrow = Filters {
        min_price: Some(500),
        max_price: Some(510),
        ..Filters::default()
    };
    let narrow = first_page_plan(connection, &narrow, Sort::Newest).await;
    assert_looked_up(&narrow);
    assert!(narrow.contains("products_price_idx"), "{narrow}");
}

async fn facets_look_up_what_belongs_to_their_products(connection: &mut PgConnection) {
    for filters in [
        Filters::default(),
        Filters {
            in_stock: true,
            category: "one".parse().ok(),
            options: [chosen("Size", &["1"])].into(),
            ..Filters::default()
        },
        filters("w7"),
        filters("r1234"),
    ] {
        let query = ProductQuery::new(filters.clone(), None, 20, None).unwrap();
        let scope = scope(connection, &query).await.unwrap();
        let mut sql = QueryBuilder::new("EXPLAIN ");
        push_facets(&mut sql, &filters, &scope, scope.meaning.since);
        assert_looked_up(&plan(connection, sql).await);
    }
    let found = counted(connection, &Filters::default()).await;
    assert_eq!((found.total, found.exact), (FACETS_OVER, false));
    let found = counted(connection, &filters("w7")).await;
    assert!(
        (500..FACETS_OVER).contains(&found.total) && !found.exact,
        "{}",
        found.total
    );
    let found = counted(connection, &filters("r1234")).await;
    assert_eq!((found.total, found.exact), (20, true));
}

async fn what_is_near_a_product_is_read_from_the_order_of_its_category(
    connection: &mut PgConnection,
) {
    // The rows that Postgres looked at, as it says itself.
    let before = rows_read(connection).await;
    let found = find_product(connection, &"product-50000".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(found.related.len(), 8);
    let read = rows_read(connection).await - before;
    assert!(read < 500, "{read} rows of products were read");
}

async fn rows_read(connection: &mut PgConnection) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()")
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::query_scalar(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'products'",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}
