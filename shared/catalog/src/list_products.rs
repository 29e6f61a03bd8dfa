//! Listing products.

use std::ops::RangeInclusive;

use database::{DatabaseError, PgConnection};
use domain::{Availability, CursorError, Money, ProductId};

use crate::filters::fingerprint;
use crate::{Cursor, Filters, Sort, store_categories, store_list};

/// How many products a page may have.
pub const PAGE_SIZES: RangeInclusive<i64> = 1..=100;

/// A search sorted by relevance ranks this many products, the newest that match: ranking a million
/// for one page would cost the shop more than the page is worth.
pub const RANKED: i64 = 2_000;

/// One page of a list. Its cursor, if it has one, is of this list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductQuery {
    pub(crate) filters: Filters,
    pub(crate) sort: Sort,
    pub(crate) limit: i64,
    pub(crate) after: Option<Cursor>,
}

impl ProductQuery {
    /// The page of a list that comes after a cursor, or the first. The order is the one asked for, if
    /// it makes sense here ([`Sort::of`]); `limit` is brought within [`PAGE_SIZES`].
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another list.
    pub fn new(
        filters: Filters,
        sort: Option<Sort>,
        limit: i64,
        after: Option<Cursor>,
    ) -> Result<Self, CursorError> {
        let sort = Sort::of(sort, &filters);
        let limit = limit.clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end());
        if after
            .as_ref()
            .is_some_and(|cursor| !cursor.is_of(&filters, sort))
        {
            return Err(CursorError);
        }
        Ok(Self {
            filters,
            sort,
            limit,
            after,
        })
    }

    /// What the list is narrowed to.
    #[must_use]
    pub const fn filters(&self) -> &Filters {
        &self.filters
    }

    /// A short name of this page: equal for equal ones, and for no others.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self)
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPage {
    /// The products, in order.
    pub items: Vec<ListedProduct>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// A product as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProduct {
    /// Its identity.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The lowest price of its variants on sale.
    pub price: Money,
    /// What that variant cost before.
    pub compare_at_price: Option<Money>,
    /// The best that any of its variants offers.
    pub availability: Availability,
    /// Its first picture.
    pub image: Option<Image>,
    /// Where it stands in the catalogue.
    pub category: CategoryRef,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Image {
    /// Where it lies.
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

/// A category, by name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct CategoryRef {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A page of the products on sale. Pages that follow each other by their cursors neither repeat nor
/// skip a product that stays where it is, whatever is added meanwhile; page 10,000 costs what page 1
/// costs. Two statements, a third with a category.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list_products(
    connection: &mut PgConnection,
    query: &ProductQuery,
) -> Result<ProductPage, DatabaseError> {
    let categories =
        store_categories::with_descendants(connection, query.filters.category.as_ref()).await?;
    let one_more = query.limit + 1;
    let mut found = store_list::page(connection, query, categories.as_deref(), one_more).await?;
    let goes_on = i64::try_from(found.len()) == Ok(one_more);
    found.truncate(found.len() - usize::from(goes_on));
    let next = found
        .last()
        .filter(|_| goes_on)
        .map(|last| last.cursor(query));
    let items = store_list::dressed(connection, found).await?;
    Ok(ProductPage { items, next })
}
