//! Why a product cannot be made or changed so.

use database::DatabaseError;
use domain::{
    CatalogueWordError, CategoryId, CombinationError, Currency, ForbiddenMove, OptionsError,
    ShelfPriceError, Sku, StaleVersion,
};

use super::MOST_VARIANTS;

/// What is wrong with one variant, looked at with its product and the variants beside it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariantFault {
    /// Its options are not the product's.
    #[error(transparent)]
    Combination(CombinationError),
    /// Its price is none, or in another currency than the product's.
    #[error(transparent)]
    Price(ShelfPriceError),
    /// A variant before it has the same SKU.
    #[error("is the SKU of a variant before it")]
    RepeatedSku,
    /// A variant before it has the same options.
    #[error("are the options of a variant before it")]
    RepeatedCombination,
}

domain::fault! {
    VariantFault {
        RepeatedSku => Invalid "repeated_sku",
        RepeatedCombination => Invalid "repeated_combination",
    }
    from { Combination, Price }
}

/// Why a product is not made, found or changed, or nothing that hangs on it.
#[derive(Debug, thiserror::Error)]
pub enum ProductError {
    /// There is none of this id.
    #[error("there is no such product, or no such variant of one")]
    NotFound,
    /// It has changed since it was read.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// Another product has this slug.
    #[error("the slug is that of another product")]
    SlugTaken,
    /// Other variants have these SKUs; each with its place among the variants that were to be written.
    #[error("the SKU is that of another variant")]
    SkuTaken(Vec<(usize, Sku)>),
    /// Another variant of the product is this combination of its options.
    #[error("another variant of the product has these options")]
    CombinationTaken,
    /// There is no such category.
    #[error("there is no category {0}")]
    UnknownCategory(CategoryId),
    /// Nothing is published that nobody could buy.
    #[error("a published product has a variant, and this one would have none")]
    NothingToSell,
    /// What is published has a time from which on it is.
    #[error("is needed as long as the product is published")]
    NoPublicationTime,
    /// A status does not lead to another one.
    #[error(transparent)]
    Move(#[from] ForbiddenMove),
    /// Its variants have prices in this currency.
    #[error("it has variants with prices in {0}")]
    CurrencyInUse(Currency),
    /// A variant would be left without a value of one of its options.
    #[error("a variant has {value} for {option}; archive it or change it first")]
    OptionInUse {
        /// The option.
        option: String,
        /// The value.
        value: String,
    },
    /// Options that cannot be a product's.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// More variants than a product may have.
    #[error("a product has at most {MOST_VARIANTS} variants")]
    TooManyVariants,
    /// What is wrong with which of the variants that were to be written.
    #[error("variants are not as their product's must be")]
    Variants(Vec<(usize, VariantFault)>),
    /// The SKUs of a series would be none.
    #[error("SKUs that begin so are none")]
    Series(#[source] CatalogueWordError),
    /// The database.
    #[error("the product could not be read or written")]
    Database(#[source] DatabaseError),
}

domain::fault! {
    ProductError {
        NotFound => NotFound "not_found",
        SlugTaken => Conflict "slug_taken",
        SkuTaken => Conflict "sku_taken",
        CombinationTaken => Conflict "combination_taken",
        UnknownCategory => Invalid "unknown_category",
        NothingToSell => Conflict "nothing_to_sell",
        NoPublicationTime => Invalid "published_at_required",
        CurrencyInUse => Conflict "currency_in_use",
        OptionInUse => Conflict "option_in_use",
        TooManyVariants => Conflict "too_many_variants",
        Variants => Invalid "invalid_variants",
        Series => Invalid "invalid_sku",
    }
    from { Stale, Move, Options, Database }
}

impl From<DatabaseError> for ProductError {
    /// A constraint that was broken is what somebody else has done since it was looked for.
    fn from(error: DatabaseError) -> Self {
        match error.constraint() {
            Some("products_slug_key") => Self::SlugTaken,
            Some("variants_sku_key") => Self::SkuTaken(Vec::new()),
            Some("variants_live_combination_key" | "variants_combination_key") => {
                Self::CombinationTaken
            }
            Some(_) | None => Self::Database(error),
        }
    }
}

impl From<sqlx::Error> for ProductError {
    fn from(error: sqlx::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<domain::Unreadable> for ProductError {
    fn from(error: domain::Unreadable) -> Self {
        Self::Database(error.into())
    }
}
