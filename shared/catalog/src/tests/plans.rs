use database::PgConnection;
use database::testing::TestDatabase;
use sqlx::{Postgres, QueryBuilder};

use super::day;
use crate::cursor::{Cursor, Key};
use crate::store_facets::push_facets;
use crate::store_list::push_page;
use crate::testing::a_category;
use crate::{FACETS_OVER, Filters, ProductQuery, Sort, facets};

/// 5,000 products on sale, written in bulk: at this size a bad plan is dearer than a good one.
async fn many_products(connection: &mut PgConnection) {
    let category = a_category(connection, "All", None).await;
    sqlx::query(
        "INSERT INTO products (id, category_id, slug, name, status, published_at, lowest_price)
         SELECT gen_random_uuid(), $1, 'product-' || n, 'Product ' || md5(n::text), 'published',
                timestamptz '2026-01-01' - n * interval '1 hour', 1 + (n * 7919) % 1000
         FROM generate_series(1, 5000) n",
    )
    .bind(category.uuid())
    .execute(&mut *connection)
    .await
    .unwrap();
    for statement in [
        "INSERT INTO variants (id, product_id, sku, price, options)
         SELECT gen_random_uuid(), id, slug || size, 1, jsonb_build_object('Size', size)
         FROM products, generate_series(1, 4) size",
        "INSERT INTO locations (id, name) VALUES (gen_random_uuid(), 'Main shelf')",
        "INSERT INTO stock_levels (variant_id, location_id, on_hand)
         SELECT v.id, l.id, 1 FROM variants v, locations l",
    ] {
        sqlx::query(statement)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    sqlx::query("ANALYZE").execute(connection).await.unwrap();
}

async fn plan(connection: &mut PgConnection, mut sql: QueryBuilder<Postgres>) -> String {
    let lines: Vec<(String,)> = sql.build_query_as().fetch_all(connection).await.unwrap();
    lines.into_iter().map(|(line,)| line + "\n").collect()
}

#[tokio::test]
async fn the_first_page_and_a_late_one_are_read_from_the_index_of_their_order() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    many_products(&mut connection).await;
    for (sort, index, key) in [
        (
            Sort::Newest,
            "products_newest_idx",
            Key::PublishedAt(day(-150)),
        ),
        (Sort::Price, "products_price_idx", Key::Price(900)),
        (Sort::PriceDescending, "products_price_idx", Key::Price(100)),
        (
            Sort::Name,
            "products_name_idx",
            Key::Name("Product e".to_owned()),
        ),
    ] {
        let filters = Filters::default();
        let late = Cursor::new(&filters, sort, key, domain::ProductId::new());
        for after in [None, Some(late)] {
            let is_late = after.is_some();
            let query = ProductQuery::new(filters.clone(), Some(sort), 20, after).unwrap();
            let mut sql = QueryBuilder::new("EXPLAIN ");
            push_page(&mut sql, &query, None, 21);
            let plan = plan(&mut connection, sql).await;
            assert!(
                plan.contains(index) && !plan.contains("Seq Scan on products"),
                "{plan}"
            );
            // The comparison with the cursor is where the index begins, not what it filters by.
            let filter = plan
                .lines()
                .find(|line| line.contains("Filter:"))
                .unwrap_or_default();
            assert!(!filter.contains("ROW("), "{plan}");
            assert_eq!(plan.contains("ROW("), is_late, "{plan}");
        }
    }
}

#[tokio::test]
async fn facets_look_up_what_belongs_to_their_products_and_read_no_table_whole() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    many_products(&mut connection).await;
    for in_stock in [false, true] {
        let mut sql = QueryBuilder::new("EXPLAIN ");
        let filters = Filters {
            in_stock,
            ..Filters::default()
        };
        push_facets(&mut sql, &filters, None);
        let plan = plan(&mut connection, sql).await;
        for table in ["products", "variants", "stock_levels"] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
        }
    }
    let found = facets(&mut connection, &Filters::default()).await.unwrap();
    assert_eq!((found.total, found.exact), (FACETS_OVER, false));
}
