//! How far back a search looks.

use database::{DatabaseError, PgConnection};

use crate::{Filters, Scope, store_window};

/// A search that is sorted by relevance, and the facets of a search, look at about this many products
/// that match, the newest: to look at a million for one page would cost the shop more than the page is
/// worth. Of a word that fewer products have, all are looked at.
pub const RANKED: i64 = 600;

/// No more than this many times as many, whatever the estimate was.
pub(crate) const AT_MOST: i64 = 8;

/// Among so many of the newest products, or the rest of their last group, it is counted how frequent a
/// search is.
const SAMPLE: i64 = 4_096;
/// Of so few products the groups are of a thousand (migrations/0044).
const GROUP: i64 = 1_024;
/// Fewer than these in a sample say nothing.
const TELLING: i64 = 3;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) ranked: i64,
    pub(crate) sample: i64,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            ranked: RANKED,
            sample: SAMPLE,
        }
    }
}

/// What was counted among the newest products.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// The serial of the newest product.
    pub(crate) newest: i64,
    /// How many have what the index knows of: words, options, categories.
    pub(crate) found: i64,
    /// How many of those pass the other filters.
    pub(crate) matching: i64,
}

/// From which product on a search looks; `None` for all. One statement.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn since(
    connection: &mut PgConnection,
    filters: &Filters,
    scope: &Scope,
    reach: Reach,
) -> Result<Option<i64>, DatabaseError> {
    let sample = store_window::sample(connection, filters, scope, reach.sample).await?;
    Ok(reach.since(sample))
}

impl Reach {
    /// Far enough for the products that are wanted, at the frequency of the sample; but not so far that
    /// too many must be looked at which the other filters then refuse.
    fn since(self, sample: Sample) -> Option<i64> {
        let oldest = (sample.newest - self.sample).max(0) / GROUP * GROUP;
        let size = sample.newest - oldest;
        let products_for = |wanted: i64, found: i64| {
            let enough = wanted.saturating_mul(size) / found.max(1);
            (found >= TELLING).then_some(enough)
        };
        let wanted = products_for(self.ranked, sample.matching);
        let bearable = products_for(AT_MOST * self.ranked, sample.found);
        let products = wanted.into_iter().chain(bearable).min()?;
        (products < sample.newest).then(|| sample.newest - products)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(newest: i64, found: i64, matching: i64) -> Option<i64> {
        Reach::default().since(Sample {
            newest,
            found,
            matching,
        })
    }

    #[test]
    fn a_frequent_word_is_looked_for_among_as_many_products_as_have_enough_of_it() {
        assert_eq!(
            since(1_024_000, 205, 205),
            Some(1_024_000 - 600 * 4_096 / 205)
        );
        assert_eq!(since(10_240, 205, 205), None);
    }

    #[test]
    fn a_rare_word_is_looked_for_everywhere() {
        assert_eq!(since(1_000_000, 0, 0), None);
        assert_eq!(since(1_000_000, 2, 2), None);
    }

    #[test]
    fn a_filter_that_refuses_almost_all_does_not_make_a_search_endless() {
        let bounded = Some(10_240_000 - 8 * 600 * 4_096 / 205);
        assert_eq!(since(10_240_000, 205, 0), bounded);
        assert_eq!(since(10_240_000, 205, 4), bounded);
    }
}
