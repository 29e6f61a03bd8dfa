//! Changing a variant.

use database::{PgConnection, audit};
use domain::{
    Cause, Change, Combination, Event, Money, ShelfPrice, ShelfPriceError, Sku, VariantId, Version,
};

use super::{Variant, store};
use crate::announce::announce;
use crate::product::{self, Product, ProductError, VariantFault};

/// What is to be changed; what is not named stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ChangeVariant {
    /// Another SKU.
    pub sku: Option<Sku>,
    /// Other values of the product's options.
    pub options: Option<Combination>,
    /// Another price.
    pub price: Option<Money>,
    /// Another former price.
    pub compare_at_price: Change<Money>,
    /// Another weight, in grams ([`weight`](super::weight)).
    pub weight_grams: Option<i32>,
    /// Another place.
    pub position: Option<i32>,
}

/// Changes a variant that is on sale, writes the change down and announces it, all in the caller's
/// transaction; answers the product as it is then, and the variant. A change that changes nothing writes
/// nothing and leaves the versions.
///
/// # Errors
/// [`ProductError`]: an archived variant is not found. The transaction must then be given up.
pub async fn change(
    connection: &mut PgConnection,
    cause: &Cause,
    variant: VariantId,
    version: Version,
    change: ChangeVariant,
) -> Result<(Product, Variant), ProductError> {
    let (product, before) = super::lock(connection, variant).await?;
    if !before.is_live() {
        return Err(ProductError::NotFound);
    }
    version.must_be(before.version)?;
    let renamed = change.sku.clone().filter(|sku| sku.as_str() != before.sku);
    let after = change.decide(&product, &before)?;
    let Some((was, is)) = audit::difference(&before.audited(), &after.audited()) else {
        return Ok((product, before));
    };
    store::refuse_known(connection, &renamed.iter().collect::<Vec<_>>()).await?;
    store::update(connection, cause, &after).await?;
    product::count_up(connection, cause, product.id).await?;
    let changed = audit::Change {
        action: "variant.updated",
        entity: "variant",
        id: variant.uuid(),
        before: Some(was),
        after: Some(is),
    };
    audit::record(connection, cause, &changed).await?;
    let product_id = product.id;
    announce(
        connection,
        cause,
        Event::ProductUpdated { product_id },
        None,
    )
    .await?;
    super::read(connection, product_id, variant).await
}

impl ChangeVariant {
    fn decide(self, product: &Product, before: &Variant) -> Result<Variant, ProductError> {
        let price = self.price.unwrap_or(before.price);
        let compare_at = self.compare_at_price.apply(before.compare_at_price);
        let price = priced(product, price, compare_at)
            .map_err(|error| ProductError::Variants(vec![(0, VariantFault::Price(error))]))?;
        let options = self.options.unwrap_or_else(|| before.options.clone());
        let taken = |other: &Variant| other.id != before.id && other.options == options;
        if options != before.options {
            product.options.allow(&options).map_err(|error| {
                ProductError::Variants(vec![(0, VariantFault::Combination(error))])
            })?;
            if product.live_variants().any(taken) {
                return Err(ProductError::CombinationTaken);
            }
        }
        Ok(Variant {
            sku: self
                .sku
                .map_or_else(|| before.sku.clone(), |sku| sku.as_str().to_owned()),
            options,
            price: price.price(),
            compare_at_price: price.compare_at(),
            weight_grams: self.weight_grams.unwrap_or(before.weight_grams),
            position: self.position.unwrap_or(before.position),
            ..before.clone()
        })
    }
}

fn priced(
    product: &Product,
    price: Money,
    compare_at: Option<Money>,
) -> Result<ShelfPrice, ShelfPriceError> {
    ShelfPrice::new(price, compare_at)?.must_be_in(product.currency)
}
