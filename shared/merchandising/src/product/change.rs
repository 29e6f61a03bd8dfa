//! Changing a product.

use std::collections::BTreeSet;

use database::{PgConnection, audit, outbox};
use domain::{
    CategoryId, Cause, Change, Combination, CombinationError, Currency, Description, Event,
    OptionWish, ProductId, ProductName, ProductStatus, PublicationTime, Rearrangement, Slug,
    Version,
};

use super::create::of_category;
use super::lock::lock_version;
use super::{Product, ProductError, read, store};
use crate::announce::{announce, at_publication};
use crate::variant::{self, Variant};

/// What is to be changed; what is not named stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ChangeProduct {
    /// Another name. The slug stays: addresses are for ever.
    pub name: Option<ProductName>,
    /// Another slug.
    pub slug: Option<Slug>,
    /// Another description.
    pub description: Option<Description>,
    /// Another place.
    pub category: Option<CategoryId>,
    /// Another status.
    pub status: Option<ProductStatus>,
    /// Another time from which on it is on sale.
    pub published_at: Change<PublicationTime>,
    /// Another currency, as long as there are no prices.
    pub currency: Option<Currency>,
    /// Whether customers are told how many pieces there are.
    pub show_quantity: Option<bool>,
    /// All its options, in their order.
    pub options: Option<Vec<OptionWish>>,
}

/// A product as it is to be.
struct Decided {
    after: Product,
    /// The variants that follow their options, as they are to be.
    carried: Vec<(Variant, Combination)>,
}

/// Changes a product, writes the change down and announces it, all in the caller's transaction; answers
/// the product as it is then. A change that changes nothing writes nothing and leaves the version.
///
/// Its variants follow its options: what was renamed is renamed in them, of a new option they have the
/// first value, and an option that is removed is gone from them.
///
/// # Errors
/// [`ProductError`]; the transaction must then be given up.
pub async fn change(
    connection: &mut PgConnection,
    cause: &Cause,
    product: ProductId,
    version: Version,
    change: ChangeProduct,
) -> Result<Product, ProductError> {
    let before = lock_version(connection, product, version).await?;
    let Decided { after, carried } = change.decide(&before, cause)?;
    let Some((was, is)) = audit::difference(&before.audited(), &after.audited()) else {
        return Ok(before);
    };
    store::update(connection, &after)
        .await
        .map_err(|error| of_category(error, after.category.id))?;
    if after.options != before.options {
        store::put_options(connection, product, &after.options).await?;
    }
    variant::store::rearrange(connection, cause, &carried).await?;

    let after = read::find(connection, product).await?;
    let changed = audit::Change {
        action: "product.updated",
        entity: "product",
        id: product.uuid(),
        before: Some(was),
        after: Some(is),
    };
    audit::record(connection, cause, &changed).await?;
    announce(
        connection,
        cause,
        event(&before, &after),
        at_new_publication(cause, &before, &after),
    )
    .await?;
    Ok(after)
}

impl ChangeProduct {
    /// What the product becomes, or why it cannot.
    fn decide(self, before: &Product, cause: &Cause) -> Result<Decided, ProductError> {
        let mut after = before.clone();
        after.updated_at = cause.at;
        if let Some(name) = self.name {
            after.name = name.to_string();
        }
        if let Some(slug) = self.slug {
            after.slug = slug.to_string();
        }
        if let Some(description) = self.description {
            description.as_str().clone_into(&mut after.description);
        }
        after.category.id = self.category.unwrap_or(before.category.id);
        after.show_quantity = self.show_quantity.unwrap_or(before.show_quantity);
        after.currency = currency(before, self.currency)?;
        let status = before
            .status
            .become_(self.status.unwrap_or(before.status))?;
        after.status = status;
        let given = self.published_at;
        after.published_at = match given {
            Change::Leave => before.published_at,
            Change::Clear => None,
            Change::Set(at) => Some(at.at()),
        };
        if status == ProductStatus::Published {
            publish(before, &mut after, &self.published_at, cause)?;
        }
        let carried = match self.options {
            None => Vec::new(),
            Some(wishes) => {
                let way = Rearrangement::new(&before.options, wishes)?;
                after.options = way.options().clone();
                carry(before, &way)?
            }
        };
        Ok(Decided { after, carried })
    }
}

/// What is published can be bought, and has a time: the one that is given, the one that it had, or now.
fn publish(
    before: &Product,
    after: &mut Product,
    given: &Change<PublicationTime>,
    cause: &Cause,
) -> Result<(), ProductError> {
    if before.live_variants().next().is_none() {
        return Err(ProductError::NothingToSell);
    }
    if *given == Change::Clear {
        return Err(ProductError::NoPublicationTime);
    }
    after.published_at = after.published_at.or(Some(cause.at));
    Ok(())
}

fn currency(before: &Product, wished: Option<Currency>) -> Result<Currency, ProductError> {
    match wished {
        Some(other) if other != before.currency && !before.variants.is_empty() => {
            Err(ProductError::CurrencyInUse(before.currency))
        }
        Some(other) => Ok(other),
        None => Ok(before.currency),
    }
}

/// The variants that become others. Those on sale must be ones of the new options and stay different;
/// what is archived is only kept in words that can be read.
fn carry(
    before: &Product,
    way: &Rearrangement,
) -> Result<Vec<(Variant, Combination)>, ProductError> {
    let mut different = BTreeSet::new();
    let mut carried = Vec::new();
    for variant in &before.variants {
        let now = way.carry(&variant.options);
        if variant.is_live() {
            way.options().allow(&now).map_err(in_use)?;
            if !different.insert(now.clone()) {
                return Err(ProductError::CombinationTaken);
            }
        }
        if now != variant.options {
            carried.push((variant.clone(), now));
        }
    }
    Ok(carried)
}

/// A variant that the new options do not allow is one that uses what they leave out.
fn in_use(error: CombinationError) -> ProductError {
    let (option, value) = match error {
        CombinationError::Value { option, value } => (option, value),
        CombinationError::Lacks(option) | CombinationError::Unknown(option) => {
            (option, String::new())
        }
    };
    ProductError::OptionInUse { option, value }
}

fn event(before: &Product, after: &Product) -> Event {
    let product_id = after.id;
    let archived = after.status == ProductStatus::Archived && before.status != after.status;
    if archived {
        Event::ProductArchived { product_id }
    } else {
        Event::ProductUpdated { product_id }
    }
}

/// Only where its time is another one, or it had none before: what was announced stays announced.
fn at_new_publication(
    cause: &Cause,
    before: &Product,
    after: &Product,
) -> Option<outbox::Announcement> {
    let told = (before.status, before.published_at) == (after.status, after.published_at);
    at_publication(cause, after).filter(|_| !told)
}
