use database::PgConnection;
use domain::{CategoryId, ProductStatus, SearchWords};
use sqlx::{Postgres, QueryBuilder};

use super::shop::{Shop, a_product, a_shirt};
use crate::product::{self, Cursor, ProductFilter, push_page};

async fn names(shop: &Shop, filter: &ProductFilter) -> Vec<String> {
    let mut connection = shop.db.connect().await;
    let page = product::list(&mut connection, filter, None, 100)
        .await
        .unwrap();
    page.items.into_iter().map(|item| item.name).collect()
}

fn looking_for(text: &str) -> ProductFilter {
    ProductFilter {
        text: Some(SearchWords::parse(text).unwrap()),
        ..ProductFilter::default()
    }
}

#[tokio::test]
async fn products_are_found_by_words_slugs_and_skus_also_of_archived_variants() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    shop.make(a_product("Leather sandals", category))
        .await
        .unwrap();
    shop.archive_variant(&shirt.variants[2]).await.unwrap();
    for (text, found) in [
        ("ankara", true),
        ("ANK", true),
        ("shirt ankar", true),
        ("àńkárá", true),
        ("ankara-sh", true),
        ("shirt-2", true),
        ("shirt-3", true),
        ("indigo", true),
        ("leather", false),
        ("ankara sandals", false),
        ("%", false),
        ("' | 'x", false),
        ("!:*&", false),
    ] {
        let names = names(&shop, &looking_for(text)).await;
        assert_eq!(
            names.iter().any(|name| name == "Ankara shirt"),
            found,
            "{text}: {names:?}"
        );
    }
    shop.announced().await;
}

#[tokio::test]
async fn a_walk_meets_each_product_once_in_each_category_and_status() {
    let shop = Shop::open().await;
    let top = shop.category("Clothes").await;
    let shirts = shop.make_category("Shirts", Some(top)).await.unwrap().id;
    let other = shop.category("Other").await;
    many(&mut shop.db.connect().await, &[top, shirts, other], 60).await;
    let in_clothes = ProductFilter {
        category: Some("clothes".parse().unwrap()),
        ..ProductFilter::default()
    };
    let drafts = |filter: &ProductFilter| ProductFilter {
        status: Some(ProductStatus::Draft),
        ..filter.clone()
    };
    for (filter, expected) in [
        (ProductFilter::default(), 60),
        (in_clothes.clone(), 40),
        (drafts(&ProductFilter::default()), 21),
        (drafts(&in_clothes), 14),
        (looking_for("product"), 60),
    ] {
        let (mut after, mut met) = (None::<Cursor>, Vec::new());
        loop {
            let mut connection = shop.db.connect().await;
            let page = product::list(&mut connection, &filter, after, 7)
                .await
                .unwrap();
            met.extend(
                page.items
                    .into_iter()
                    .map(|item| (item.updated_at, item.id)),
            );
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(met.is_sorted_by(|a, b| a.0 >= b.0), "{filter:?}");
        met.sort_by_key(|(_, id)| id.uuid());
        met.dedup();
        assert_eq!(met.len(), expected, "{filter:?}");
    }
    shop.announced().await;
}

/// Products over the categories and statuses in turn, a minute apart, two at each minute.
async fn many(connection: &mut PgConnection, categories: &[CategoryId], count: i32) {
    let categories: Vec<_> = categories.iter().map(|category| category.uuid()).collect();
    sqlx::query(
        "INSERT INTO products (id, category_id, slug, name, status, published_at, updated_at)
         SELECT gen_random_uuid(), ($1::uuid[])[1 + n % cardinality($1)], 'product-' || n, 'Product ' || n,
                (ARRAY['draft', 'published', 'archived'])[1 + n / 3 % 3], now(),
                timestamptz '2026-01-01' + n / 2 * interval '1 minute'
         FROM generate_series(0, $2 - 1) n",
    )
    .bind(categories)
    .bind(count)
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn no_page_reads_the_table_of_products_whole() {
    let shop = Shop::open().await;
    let mut categories = vec![shop.category("Clothes").await];
    for number in 0..40 {
        categories.push(shop.category(&format!("Other {number}")).await);
    }
    let mut connection = shop.db.connect().await;
    many(&mut connection, &categories, 20_000).await;
    // As in a shop: nearly everything is on sale.
    let most = "UPDATE products SET status = 'published' WHERE right(slug, 2) <> '50'";
    sqlx::query(most).execute(&mut connection).await.unwrap();
    sqlx::query("ANALYZE")
        .execute(&mut connection)
        .await
        .unwrap();
    let in_clothes = ProductFilter {
        category: Some("clothes".parse().unwrap()),
        ..ProductFilter::default()
    };
    let page = product::list(&mut connection, &ProductFilter::default(), None, 10).await;
    let late = page.unwrap().next;
    for (filter, index) in [
        (ProductFilter::default(), "products_changed_idx"),
        (
            ProductFilter {
                status: Some(ProductStatus::Draft),
                ..ProductFilter::default()
            },
            "products_status_changed_idx",
        ),
        (in_clothes, "products_category_changed_idx"),
        (looking_for("1234"), "products_search_document_idx"),
    ] {
        // For an unfinished word the planner counts with a hundred entries of the index, whatever there are:
        // at this size a scan seems cheaper. Where no index serves, one is made all the same.
        let dear = if filter.text.is_some() { "off" } else { "on" };
        set(&mut connection, "enable_seqscan", dear).await;
        for after in [None, late] {
            let mut sql = QueryBuilder::new("EXPLAIN ");
            push_page(&mut sql, &filter, after, 21);
            let plan = plan(&mut connection, sql).await;
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("Seq Scan on products"), "{plan}");
        }
    }
}

async fn set(connection: &mut PgConnection, name: &str, value: &str) {
    sqlx::query("SELECT set_config($1, $2, false)")
        .bind(name)
        .bind(value)
        .execute(connection)
        .await
        .unwrap();
}

async fn plan(connection: &mut PgConnection, mut sql: QueryBuilder<Postgres>) -> String {
    let lines: Vec<(String,)> = sql
        .build_query_as()
        .persistent(false)
        .fetch_all(connection)
        .await
        .unwrap();
    lines.into_iter().map(|(line,)| line + "\n").collect()
}
