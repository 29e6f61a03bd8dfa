//! Where in a request a refusal has its reason.

use domain::{Fault, ShelfPriceError};
use edge::{FieldError, Problem};
use merchandising::product::{ProductError, VariantFault};

/// Where the variants of a request stand.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// The request is the variant.
    Whole,
    /// In a list of that name.
    List(&'static str),
}

impl Place {
    fn pointer(self, index: usize, field: &str) -> String {
        match self {
            Self::Whole => format!("/{field}"),
            Self::List(name) => format!("/{name}/{index}/{field}"),
        }
    }
}

fn at(pointer: impl Into<String>, fault: &dyn Fault) -> FieldError {
    FieldError {
        pointer: pointer.into(),
        code: fault.code().into(),
        detail: fault.to_string(),
    }
}

/// The refusal with its places.
#[must_use]
pub fn refused(error: ProductError, variants: Place) -> Problem {
    let one = |pointer: &str| Problem::invalid(vec![at(pointer, &error)]);
    match &error {
        ProductError::Variants(faults) => Problem::invalid(
            faults
                .iter()
                .map(|(index, fault)| at(variants.pointer(*index, field_of(fault)), fault))
                .collect(),
        ),
        ProductError::UnknownCategory(_) => one("/category_id"),
        ProductError::NoPublicationTime => one("/published_at"),
        ProductError::Options(_) => one("/options"),
        ProductError::Series(_) => one("/generate_variants/sku_prefix"),
        ProductError::SlugTaken => {
            let errors = vec![at("/slug", &error)];
            Problem::from(error).with_errors(errors)
        }
        ProductError::SkuTaken(taken) => {
            let place = |(index, _): &(usize, _)| at(variants.pointer(*index, "sku"), &error);
            let errors = taken.iter().map(place).collect();
            Problem::from(error).with_errors(errors)
        }
        ProductError::NotFound
        | ProductError::Stale(_)
        | ProductError::CombinationTaken
        | ProductError::NothingToSell
        | ProductError::Move(_)
        | ProductError::CurrencyInUse(_)
        | ProductError::OptionInUse { .. }
        | ProductError::TooManyVariants
        | ProductError::Database(_) => Problem::from(error),
    }
}

fn field_of(fault: &VariantFault) -> &'static str {
    match fault {
        VariantFault::Combination(_) | VariantFault::RepeatedCombination => "options",
        VariantFault::Price(ShelfPriceError::NotReduced) => "compare_at_price",
        VariantFault::Price(
            ShelfPriceError::NotPositive | ShelfPriceError::TooHigh | ShelfPriceError::Currency(_),
        ) => "price",
        VariantFault::RepeatedSku => "sku",
    }
}
