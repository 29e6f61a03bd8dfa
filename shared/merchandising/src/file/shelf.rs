//! The products that a chunk is about, as they are and as they are to be.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    CategoryId, Currency, OptionName, OptionValue, ProductId, ProductOption, ProductOptions,
    ProductStatus, VariantId,
};
use serde_json::{Value, json};

/// What is said about a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: CategoryId,
    pub(crate) status: ProductStatus,
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) show_quantity: bool,
    pub(crate) currency: Currency,
    pub(crate) options: Vec<Choice>,
}

/// An option with its values.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// What is said about a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariantFacts {
    /// By the names of the options.
    pub(crate) options: BTreeMap<String, String>,
    /// Minor units, as the next.
    pub(crate) price: i64,
    pub(crate) compare_at_price: Option<i64>,
    pub(crate) weight_grams: i32,
    pub(crate) archived_at: Option<DateTime<Utc>>,
}

/// A variant, as it was and as it is to be.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) id: VariantId,
    pub(crate) sku: String,
    pub(crate) position: i32,
    pub(crate) was: Option<VariantFacts>,
    pub(crate) is: VariantFacts,
}

/// A product, as it was and as it is to be.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) id: ProductId,
    pub(crate) slug: String,
    pub(crate) was: Option<Facts>,
    pub(crate) is: Facts,
    pub(crate) variants: Vec<Variant>,
}

/// What a chunk needs to know of the shop, and what it makes of it.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// By slug.
    pub(crate) products: BTreeMap<String, Product>,
    /// Whose the SKUs are: the slug of the product by SKU.
    pub(crate) owners: HashMap<String, String>,
    /// Categories by slug and by path.
    pub(crate) categories: HashMap<String, CategoryId>,
}

impl Variant {
    pub(crate) fn is_changed(&self) -> bool {
        self.was.as_ref() != Some(&self.is)
    }

    /// Whether it changes its place among the combinations that are sold.
    pub(crate) fn is_moved(&self) -> bool {
        let place = |facts: &VariantFacts| (facts.archived_at.is_none(), facts.options.clone());
        self.was
            .as_ref()
            .is_some_and(|was| place(was) != place(&self.is))
    }
}

impl Product {
    pub(crate) fn is_new(&self) -> bool {
        self.was.is_none()
    }

    /// Whether what is said about the product itself differs.
    pub(crate) fn says_otherwise(&self) -> bool {
        self.was.as_ref() != Some(&self.is)
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.says_otherwise() || self.variants.iter().any(Variant::is_changed)
    }

    pub(crate) fn live_variants(&self) -> usize {
        self.variants
            .iter()
            .filter(|variant| variant.is.archived_at.is_none())
            .count()
    }

    /// What is written down of its change: the fields that differ, as they were and as they are.
    pub(crate) fn audited(&self) -> (Option<Value>, Option<Value>) {
        let changed = || self.variants.iter().filter(|variant| variant.is_changed());
        let variants = |of: fn(&Variant) -> Option<Value>| -> Value {
            changed()
                .filter_map(|variant| Some((variant.sku.clone(), of(variant)?)))
                .collect()
        };
        let was = variants(|variant| variant.was.as_ref().map(VariantFacts::audited));
        let is = variants(|variant| Some(variant.is.audited()));
        let after = self.is.audited(&self.slug, is);
        let Some(before) = &self.was else {
            return (None, Some(after));
        };
        let before = before.audited(&self.slug, was);
        match database::audit::difference(&before, &after) {
            Some((before, after)) => (Some(before), Some(after)),
            None => (None, None),
        }
    }
}

impl Facts {
    fn audited(&self, slug: &str, variants: Value) -> Value {
        json!({
            "slug": slug, "name": self.name, "description": self.description,
            "category_id": self.category, "status": self.status,
            "published_at": self.published_at, "currency": self.currency,
            "show_quantity": self.show_quantity, "options": self.options, "variants": variants,
        })
    }

    /// The options by the shop's rules, if they keep them.
    pub(crate) fn checked_options(options: &[Choice]) -> Result<ProductOptions, OptionsFault> {
        let option = |choice: &Choice| -> Result<ProductOption, OptionsFault> {
            let values = choice.values.iter().map(|value| OptionValue::parse(value));
            Ok(ProductOption {
                name: OptionName::parse(&choice.name)?,
                values: values.collect::<Result<_, _>>()?,
            })
        };
        let options: Result<Vec<ProductOption>, OptionsFault> =
            options.iter().map(option).collect();
        Ok(ProductOptions::new(options?)?)
    }
}

impl VariantFacts {
    fn audited(&self) -> Value {
        json!({
            "options": self.options, "price": self.price, "compare_at_price": self.compare_at_price,
            "weight_grams": self.weight_grams, "archived_at": self.archived_at,
        })
    }
}

/// Why options cannot be a product's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsFault {
    #[error(transparent)]
    Word(#[from] domain::ProductWordError),
    #[error(transparent)]
    Options(#[from] domain::OptionsError),
}

domain::fault! { OptionsFault {} from { Word, Options } }
