mod categories;
mod facets;
mod facets_model;
mod list;
mod plans;
mod product;
mod search;
mod walk;
mod walk_both_ways;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use database::PgConnection;
use domain::{Clock, LocationId, VariantId};

use crate::{
    Facets, Filters, ListedProduct, OptionName, OptionValue, ProductPage, ProductQuery, Sort,
    list_products, scope,
};

/// The server decides by its own clock what is on sale.
fn now() -> DateTime<Utc> {
    Clock::system().now()
}

/// So many days into 2026.
fn day(days: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + days * 86_400, 0).unwrap()
}

/// One page, as a function reads it.
async fn read(connection: &mut PgConnection, query: &ProductQuery) -> ProductPage {
    let scope = scope(connection, query).await.unwrap();
    list_products(connection, query, &scope).await.unwrap()
}

async fn page(connection: &mut PgConnection, filters: &Filters, sort: Option<Sort>) -> ProductPage {
    let query = ProductQuery::new(filters.clone(), sort, 100, None).unwrap();
    read(connection, &query).await
}

async fn counted(connection: &mut PgConnection, filters: &Filters) -> Facets {
    let query = ProductQuery::new(filters.clone(), None, 1, None).unwrap();
    let scope = scope(connection, &query).await.unwrap();
    crate::facets(connection, filters, &scope).await.unwrap()
}

/// Everything that a list has, by pages of 100.
async fn all(connection: &mut PgConnection, filters: &Filters) -> Vec<ListedProduct> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let query = ProductQuery::new(filters.clone(), Some(Sort::Newest), 100, after).unwrap();
        let page = read(connection, &query).await;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// A choice of values of one option.
fn chosen(name: &str, values: &[&str]) -> (OptionName, BTreeSet<OptionValue>) {
    let values = values
        .iter()
        .map(|value| OptionValue::parse(value).unwrap());
    (OptionName::parse(name).unwrap(), values.collect())
}

fn names(products: &[ListedProduct]) -> Vec<&str> {
    products
        .iter()
        .map(|product| product.name.as_str())
        .collect()
}

/// The one shelf of a test's shop.
async fn shelf(connection: &mut PgConnection) -> LocationId {
    stock::testing::a_location(connection, "Main shelf", 0).await
}

async fn put(connection: &mut PgConnection, variant: VariantId, pieces: i64) {
    let shelf = shelf(connection).await;
    stock::testing::stock_at(connection, variant, shelf, pieces).await;
}
