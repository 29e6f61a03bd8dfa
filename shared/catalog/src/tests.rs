mod facets;
mod list;
mod plans;
mod product;
mod search;
mod walk;

use chrono::{DateTime, Utc};
use database::PgConnection;
use domain::{LocationId, VariantId};

use crate::{Filters, ListedProduct, ProductPage, ProductQuery, Sort, list_products};

/// So many days into 2026.
fn day(days: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + days * 86_400, 0).unwrap()
}

async fn page(connection: &mut PgConnection, filters: &Filters, sort: Option<Sort>) -> ProductPage {
    let query = ProductQuery::new(filters.clone(), sort, 100, None).unwrap();
    list_products(connection, &query).await.unwrap()
}

/// Everything that a list has, by pages of 100.
async fn all(connection: &mut PgConnection, filters: &Filters) -> Vec<ListedProduct> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let query = ProductQuery::new(filters.clone(), Some(Sort::Newest), 100, after).unwrap();
        let page = list_products(connection, &query).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn names(products: &[ListedProduct]) -> Vec<&str> {
    products
        .iter()
        .map(|product| product.name.as_str())
        .collect()
}

async fn shelf(connection: &mut PgConnection) -> LocationId {
    stock::testing::a_location(connection, "Main shelf", 0).await
}

async fn put(connection: &mut PgConnection, variant: VariantId, pieces: i64) {
    let shelf = shelf(connection).await;
    stock::testing::stock_at(connection, variant, shelf, pieces).await;
}
