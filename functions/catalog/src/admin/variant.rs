//! A variant as staff send it.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use domain::{Combination, OptionName, OptionValue, ProductWordError, Sku};
use edge::{Field, FieldErrors, MoneyBody, Unknown};
use merchandising::variant::{self, NewVariant};
use serde::Deserialize;
use utoipa::ToSchema;

use super::price::{PriceBody, shelf_price};

/// The last place of a variant among others.
pub(super) const LAST_POSITION: i64 = 1_000_000;

/// A variant to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = VariantInput)]
pub struct VariantBody {
    /// The merchant's name of it; no two variants of the shop have the same.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "ANK-SHIRT-42", required)]
    sku: Field<String>,
    /// A value for each of the product's options; left out where it has none.
    #[schema(value_type = Option<BTreeMap<String, String>>, nullable = false)]
    options: Field<BTreeMap<String, String>>,
    /// What a piece costs: above zero, in the product's currency.
    #[schema(value_type = MoneyBody, required)]
    price: Field<PriceBody>,
    /// What it is said to have cost: above the price.
    #[schema(value_type = Option<MoneyBody>)]
    compare_at_price: Field<PriceBody>,
    /// What a piece weighs.
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000, default = 0)]
    weight_grams: Field<i64>,
    /// Its place among the product's variants, the lowest first; by default behind the last.
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    position: Field<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl VariantBody {
    /// The variant, or none where a field is at fault.
    pub fn check(self, errors: &mut FieldErrors) -> Option<NewVariant> {
        errors.refuse_unknown(&self.unknown);
        let sku = errors.required("sku", self.sku, |text| Sku::from_str(&text));
        let options = match self.options {
            Field::Absent => Some(Combination::default()),
            given @ (Field::Present(_) | Field::Wrong(_)) => {
                errors.required("options", given, combination)
            }
        };
        let price = shelf_price(errors, self.price, self.compare_at_price);
        let weight = errors.optional("weight_grams", self.weight_grams, variant::weight);
        let position = errors.optional("position", self.position, position);
        Some(NewVariant {
            sku: sku?,
            options: options?,
            price: price?,
            weight_grams: weight.unwrap_or(0),
            position,
        })
    }
}

/// A value for each option.
///
/// # Errors
/// [`ProductWordError`].
pub fn combination(given: BTreeMap<String, String>) -> Result<Combination, ProductWordError> {
    let pair = |(name, value): (String, String)| {
        Ok((OptionName::parse(&name)?, OptionValue::parse(&value)?))
    };
    let values: Result<_, ProductWordError> = given.into_iter().map(pair).collect();
    values.map(Combination::new)
}

/// A place that there is not.
#[derive(Debug, thiserror::Error)]
#[error("must be 0 to {LAST_POSITION}")]
pub struct PositionError;

impl domain::Fault for PositionError {
    fn kind(&self) -> domain::Kind {
        domain::Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_position"
    }
}

/// A place in the shop's order.
///
/// # Errors
/// [`PositionError`].
pub fn position(place: i64) -> Result<i32, PositionError> {
    let sane = (0..=LAST_POSITION).contains(&place).then_some(place);
    sane.and_then(|place| i32::try_from(place).ok())
        .ok_or(PositionError)
}
