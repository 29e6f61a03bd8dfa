//! Listing products.

use std::ops::RangeInclusive;

use database::{DatabaseError, PgConnection};
use domain::{Availability, CursorError, Money, ProductId};

use crate::cursor::Turn;
use crate::filters::fingerprint;
use crate::store_list::{self, Placed};
use crate::window::Reach;
use crate::{Cursor, Filters, Scope, Sort, store_dressed};

/// How many products a page may have.
pub const PAGE_SIZES: RangeInclusive<i64> = 1..=100;

/// One page of a list. Its cursor, if it has one, is of this list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductQuery {
    pub(crate) filters: Filters,
    pub(crate) sort: Sort,
    pub(crate) limit: i64,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) reach: Reach,
}

impl ProductQuery {
    /// The page of a list that a cursor leads to, or the first. The order is the one asked for, if
    /// it makes sense here ([`Sort::of`]); `limit` is brought within [`PAGE_SIZES`].
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another list.
    pub fn new(
        filters: Filters,
        sort: Option<Sort>,
        limit: i64,
        cursor: Option<Cursor>,
    ) -> Result<Self, CursorError> {
        let sort = Sort::of(sort, &filters);
        let limit = limit.clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end());
        if cursor
            .as_ref()
            .is_some_and(|cursor| !cursor.is_of(&filters, sort))
        {
            return Err(CursorError);
        }
        Ok(Self {
            filters,
            sort,
            limit,
            cursor,
            reach: Reach::default(),
        })
    }

    /// What the list is narrowed to.
    #[must_use]
    pub const fn filters(&self) -> &Filters {
        &self.filters
    }

    /// Which way the page is read.
    pub(crate) fn turn(&self) -> Turn {
        self.cursor
            .as_ref()
            .map_or(Turn::After, |cursor| cursor.turn)
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
    /// Where the page before this one ends, if there is one.
    pub previous: Option<Cursor>,
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

/// A page of the products on sale. Pages that follow each other by their cursors, forwards or back,
/// neither repeat nor skip a product that stays where it is, whatever else is changed meanwhile; page
/// 10,000 costs what page 1 costs. Two statements.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list_products(
    connection: &mut PgConnection,
    query: &ProductQuery,
    scope: &Scope,
) -> Result<ProductPage, DatabaseError> {
    let one_more = query.limit + 1;
    let mut placed = store_list::page(connection, query, scope, one_more).await?;
    let goes_on = i64::try_from(placed.len()) == Ok(one_more);
    placed.truncate(placed.len() - usize::from(goes_on));
    if query.turn().is_back() {
        placed.reverse();
    }
    let (previous, next) = around(query, scope, &placed, goes_on);
    let found = placed.into_iter().map(|placed| placed.found).collect();
    let items = store_dressed::dressed(connection, found).await?;
    Ok(ProductPage {
        items,
        previous,
        next,
    })
}

/// Where the pages around this one begin. There is one on the side that it was come from; on the other
/// if there was more than fits. An empty page leads back to where it was come from.
fn around(
    query: &ProductQuery,
    scope: &Scope,
    placed: &[Placed],
    goes_on: bool,
) -> (Option<Cursor>, Option<Cursor>) {
    let back = query.turn().is_back();
    let (Some(first), Some(last)) = (placed.first(), placed.last()) else {
        let turned = |turn| query.cursor.as_ref().map(|cursor| cursor.turned(turn));
        return if back {
            (None, turned(Turn::From))
        } else {
            (turned(Turn::Until), None)
        };
    };
    let come_from = query.cursor.is_some();
    let (before, after) = if back {
        (goes_on, come_from)
    } else {
        (come_from, goes_on)
    };
    (
        before.then(|| first.cursor(query, scope, Turn::Before)),
        after.then(|| last.cursor(query, scope, Turn::After)),
    )
}
