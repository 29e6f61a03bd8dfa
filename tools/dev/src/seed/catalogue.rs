//! The hand-made products: `catalogue.toml`, read and spread out into variants.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use super::product::{Model, OptionLine, Product, combinations};
use super::sown::{FIRST_DAY, Sown, id, slug};

const TEXT: &str = include_str!("catalogue.toml");

/// What codes are made of: nothing that is read as something else.
pub(super) const LETTERS: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The file's content.
#[derive(Debug, Deserialize)]
pub(super) struct Catalogue {
    pub(super) options: BTreeMap<String, OptionLine>,
    pub(super) groups: Vec<Group>,
}

/// A top category.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) categories: Vec<Category>,
}

/// A category with products.
#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) slug: String,
    pub(super) name: String,
    /// Begins its SKUs.
    pub(super) prefix: String,
    /// Ends its descriptions.
    pub(super) about: String,
    products: Vec<ProductLine>,
}

/// Name, naira, grams, option keys, the first sentence.
#[derive(Debug, Deserialize)]
struct ProductLine(String, i64, i64, String, String);

impl Catalogue {
    pub(super) fn load() -> anyhow::Result<Self> {
        toml::from_str(TEXT).context("catalogue.toml")
    }

    /// All products of the file, in its order.
    pub(super) fn products(&self) -> Vec<Product> {
        let categories = self.groups.iter().flat_map(|group| &group.categories);
        categories
            .flat_map(|category| category.products.iter().map(move |line| (category, line)))
            .map(|(category, line)| self.product(category, line))
            .collect()
    }

    fn product(&self, category: &Category, line: &ProductLine) -> Product {
        let ProductLine(name, naira, grams, keys, first) = line;
        let slug = slug(name);
        let options: Vec<&OptionLine> = keys
            .split('+')
            .filter_map(|key| self.options.get(key))
            .collect();
        let model = Model {
            slug: &slug,
            sku: &sku(&category.prefix, &slug),
            naira: *naira,
            grams: *grams,
            created_at: FIRST_DAY,
        };
        Product {
            id: id("product", &slug),
            category_id: id("category", &category.slug),
            description: format!("{first} {}", category.about),
            status: "published",
            published_at: Some(Sown::from(&slug).time()),
            created_at: FIRST_DAY,
            options: options.iter().map(|option| option.named()).collect(),
            variants: combinations(&options)
                .iter()
                .map(|choice| model.variant(choice))
                .collect(),
            pictures: 2,
            slug,
            name: name.clone(),
        }
    }

    #[cfg(test)]
    pub(super) fn known_options(&self) -> Vec<&str> {
        self.options.keys().map(String::as_str).collect()
    }

    #[cfg(test)]
    pub(super) fn used_options(&self) -> Vec<&str> {
        let categories = self.groups.iter().flat_map(|group| &group.categories);
        let lines = categories.flat_map(|category| &category.products);
        lines
            .flat_map(|line| line.3.split('+'))
            .filter(|key| !key.is_empty())
            .collect()
    }
}

/// Prefix and five letters of the product's hash: `PHN-K3Q7Z`.
fn sku(prefix: &str, slug: &str) -> String {
    let mut sown = Sown::from(slug);
    let letters = u32::try_from(LETTERS.len()).unwrap_or(1);
    let code: String = (0..5)
        .map(|_| char::from(LETTERS[sown.below(letters) as usize]))
        .collect();
    format!("{prefix}-{code}")
}
