//! Whether variants are as their product's must be.

use std::collections::HashSet;

use domain::{Currency, Fault, Kind, ProductOptions};

use super::NewVariant;
use crate::product::{ProductError, VariantFault};

/// Nothing that the shop sends weighs more, in grams.
const HEAVIEST: i64 = 1_000_000;

/// A weight that nothing has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to {HEAVIEST} grams")]
pub struct WeightError;

impl Fault for WeightError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_weight"
    }
}

/// A weight in grams.
///
/// # Errors
/// [`WeightError`].
pub fn weight(grams: i64) -> Result<i32, WeightError> {
    let sane = (0..=HEAVIEST).contains(&grams).then_some(grams);
    sane.and_then(|grams| i32::try_from(grams).ok())
        .ok_or(WeightError)
}

/// Looks at variants to be written together: each has a value of each option and a price in the product's
/// currency, and no two have the same SKU or the same options.
///
/// # Errors
/// [`ProductError::Variants`] with every fault.
pub fn check(
    options: &ProductOptions,
    currency: Currency,
    variants: &[NewVariant],
) -> Result<(), ProductError> {
    let (mut skus, mut combinations) = (HashSet::new(), HashSet::new());
    let mut faults = Vec::new();
    for (place, variant) in variants.iter().enumerate() {
        let mut note = |fault| faults.push((place, fault));
        if let Err(error) = options.allow(&variant.options) {
            note(VariantFault::Combination(error));
        } else if !combinations.insert(&variant.options) {
            note(VariantFault::RepeatedCombination);
        }
        if let Err(error) = variant.price.must_be_in(currency) {
            note(VariantFault::Price(error));
        }
        if !skus.insert(&variant.sku) {
            note(VariantFault::RepeatedSku);
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ProductError::Variants(faults))
    }
}
