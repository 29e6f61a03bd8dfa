//! Prices as staff send them.

use domain::{Change, Currency, Fault as _, Money, ShelfPrice, ShelfPriceError};
use edge::{Field, FieldErrors, Patch, Unknown};
use serde::Deserialize;

/// An amount that must be above zero. Documented as `edge::MoneyBody`, which it is.
#[derive(Debug, Deserialize)]
pub struct PriceBody {
    amount: Field<i64>,
    currency: Field<String>,
    #[serde(flatten)]
    unknown: Unknown,
}

impl PriceBody {
    /// The amount, or none where it is at fault.
    pub fn check(self, errors: &mut FieldErrors) -> Option<Money> {
        errors.refuse_unknown(&self.unknown);
        let amount = errors.required("amount", self.amount, ShelfPrice::amount);
        let currency = errors.word("currency", self.currency, Currency::ALL);
        Money::new(amount?, currency?).ok()
    }
}

/// A price that must be there, and the former one that may be.
pub fn shelf_price(
    errors: &mut FieldErrors,
    price: Field<PriceBody>,
    compare_at: Field<PriceBody>,
) -> Option<ShelfPrice> {
    let price = errors.object("price", price, PriceBody::check);
    let before = match compare_at {
        Field::Absent => Some(None),
        Field::Present(_) | Field::Wrong(_) => errors
            .object("compare_at_price", compare_at, PriceBody::check)
            .map(Some),
    };
    let note = |error: ShelfPriceError| {
        errors.push("compare_at_price", error.code(), error.to_string());
    };
    ShelfPrice::new(price?, before?).map_err(note).ok()
}

/// A price in a change that may also be taken away.
pub fn price_or_null(
    errors: &mut FieldErrors,
    name: &str,
    patch: Patch<PriceBody>,
) -> Change<Money> {
    let field = match patch {
        Patch::Absent => return Change::Leave,
        Patch::Null => return Change::Clear,
        Patch::Present(body) => Field::Present(body),
        Patch::Wrong(reason) => Field::Wrong(reason),
    };
    errors
        .object(name, field, PriceBody::check)
        .map_or(Change::Leave, Change::Set)
}
