//! Variants that are made, one for each combination of a product's options.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CatalogueWordError, Combination, ProductOptions, ShelfPrice, Sku};

use crate::variant::NewVariant;

/// What the variants of a series have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// What their SKUs begin with.
    pub sku_prefix: Sku,
    /// What a piece of each costs.
    pub price: ShelfPrice,
    /// What a piece of each weighs, in grams.
    pub weight_grams: i32,
}

impl Series {
    /// A variant for each combination. Its SKU has the values behind the prefix, without accents and
    /// punctuation (`words`: each value as search sees it), or their number where nothing is left; two that
    /// come out alike are numbered.
    pub(crate) fn variants(
        &self,
        options: &ProductOptions,
        words: &BTreeMap<String, String>,
    ) -> Result<Vec<NewVariant>, CatalogueWordError> {
        let mut taken = BTreeSet::new();
        let made = |options_of_it: Combination| {
            let sku = self.sku(&words_of(options, &options_of_it, words), &mut taken)?;
            Ok(NewVariant {
                sku,
                options: options_of_it,
                price: self.price,
                weight_grams: self.weight_grams,
                position: None,
            })
        };
        options.combinations().into_iter().map(made).collect()
    }

    fn sku(
        &self,
        words: &[String],
        taken: &mut BTreeSet<String>,
    ) -> Result<Sku, CatalogueWordError> {
        let plain = self.sku_prefix.extended(words.iter().map(String::as_str))?;
        let mut sku = plain.clone();
        let mut number = 1_u32;
        while !taken.insert(sku.as_str().to_owned()) {
            number = number.saturating_add(1);
            sku = plain.extended([number.to_string().as_str()])?;
        }
        Ok(sku)
    }
}

/// The values of a combination as parts of an SKU, in the order of the options.
fn words_of(
    options: &ProductOptions,
    combination: &Combination,
    words: &BTreeMap<String, String>,
) -> Vec<String> {
    let of_value = |option: &domain::ProductOption| {
        let value = combination.values().get(&option.name)?;
        let place = option.values.iter().position(|known| known == value)?;
        let folded = words
            .get(value.as_str())
            .map(String::as_str)
            .unwrap_or_default();
        let plain: String = folded.chars().filter(char::is_ascii_alphanumeric).collect();
        Some(if plain.is_empty() {
            place.saturating_add(1).to_string()
        } else {
            plain
        })
    };
    options.all().iter().filter_map(of_value).collect()
}
