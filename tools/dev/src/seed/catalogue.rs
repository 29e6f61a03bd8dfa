//! `catalogue.toml`, read and spread out into products and variants.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::sown::{Sown, id, slug};

const TEXT: &str = include_str!("catalogue.toml");

/// The file's content.
#[derive(Debug, Deserialize)]
pub(super) struct Catalogue {
    options: BTreeMap<String, OptionLine>,
    pub(super) groups: Vec<Group>,
}

/// What is chosen when buying. The factors are thousandths of the product's price.
#[derive(Debug, Deserialize)]
struct OptionLine {
    name: String,
    values: Vec<(String, i64)>,
    #[serde(default)]
    weighs: bool,
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
    prefix: String,
    about: String,
    products: Vec<ProductLine>,
}

/// Name, naira, grams, option keys, the first sentence.
#[derive(Debug, Deserialize)]
struct ProductLine(String, i64, i64, String, String);

/// A product as it goes into the database.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) id: Uuid,
    pub(super) category_id: Uuid,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) published_at: DateTime<Utc>,
    /// Names and their values, in order.
    pub(super) options: Vec<(String, Vec<String>)>,
    pub(super) variants: Vec<Variant>,
}

/// One combination of options.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) id: Uuid,
    pub(super) sku: String,
    pub(super) options: Value,
    /// Kobo.
    pub(super) price: i64,
    /// Kobo.
    pub(super) compare_at_price: Option<i64>,
    pub(super) weight_grams: i32,
    /// Pieces in each warehouse, in their order.
    pub(super) on_hand: [i64; 2],
}

impl Catalogue {
    pub(super) fn load() -> anyhow::Result<Self> {
        toml::from_str(TEXT).context("catalogue.toml")
    }

    /// The first `count` products: those of the file, then numbered editions of them.
    pub(super) fn products(&self, count: usize) -> Vec<Product> {
        let lines: Vec<(&Category, &ProductLine)> = self
            .groups
            .iter()
            .flat_map(|group| &group.categories)
            .flat_map(|category| category.products.iter().map(move |line| (category, line)))
            .collect();
        (0..count)
            .map(|index| {
                let (category, line) = lines[index % lines.len()];
                self.product(category, line, index / lines.len() + 1)
            })
            .collect()
    }

    fn product(&self, category: &Category, line: &ProductLine, edition: usize) -> Product {
        let ProductLine(name, _, _, keys, first) = line;
        let name = if edition == 1 {
            name.clone()
        } else {
            format!("{name}, edition {edition}")
        };
        let slug = slug(&name);
        let options: Vec<&OptionLine> = keys
            .split('+')
            .filter_map(|key| self.options.get(key))
            .collect();
        Product {
            id: id("product", &slug),
            category_id: id("category", &category.slug),
            description: format!("{first} {}", category.about),
            published_at: Sown::from(&slug).time(),
            options: options.iter().map(|option| option.named()).collect(),
            variants: combinations(&options)
                .iter()
                .map(|choice| variant(category, line, &slug, choice))
                .collect(),
            slug,
            name,
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

impl OptionLine {
    fn named(&self) -> (String, Vec<String>) {
        (
            self.name.clone(),
            self.values.iter().map(|(value, _)| value.clone()).collect(),
        )
    }
}

impl OptionLine {
    /// As few letters of a value as tell it from the option's other values, but at least three.
    fn short(&self, value: &str) -> String {
        let start = |value: &str, letters: usize| -> String {
            let kept = value.chars().filter(char::is_ascii_alphanumeric);
            kept.take(letters).collect::<String>().to_uppercase()
        };
        let alone = |letters: &usize| {
            let same =
                |(other, _): &&(String, i64)| start(other, *letters) == start(value, *letters);
            self.values.iter().filter(same).count() == 1
        };
        start(value, (3..12).find(alone).unwrap_or(12))
    }
}

/// A value of each option.
type Choice<'a> = Vec<(&'a OptionLine, &'a str, i64)>;

fn combinations<'a>(options: &[&'a OptionLine]) -> Vec<Choice<'a>> {
    options.iter().fold(vec![Vec::new()], |choices, option| {
        choices
            .iter()
            .flat_map(|choice: &Choice<'a>| {
                option.values.iter().map(move |(value, factor)| {
                    let mut choice = choice.clone();
                    choice.push((*option, value.as_str(), *factor));
                    choice
                })
            })
            .collect()
    })
}

fn variant(category: &Category, line: &ProductLine, slug: &str, choice: &Choice) -> Variant {
    let ProductLine(_, naira, grams, _, _) = line;
    let sku = sku(&category.prefix, slug, choice);
    let mut sown = Sown::from(&sku);
    let factor = |of: i64, (_, _, factor): &(&OptionLine, &str, i64)| of * factor / 1000;
    let naira = round(choice.iter().fold(*naira, factor));
    let heavy = choice.iter().filter(|(option, _, _)| option.weighs);
    let grams = heavy.fold(*grams, factor);
    let options: Map<String, Value> = choice
        .iter()
        .map(|(option, value, _)| (option.name.clone(), (*value).into()))
        .collect();
    Variant {
        id: id("variant", &sku),
        options: Value::Object(options),
        price: naira * 100,
        compare_at_price: compare_at(naira, slug).map(|naira| naira * 100),
        weight_grams: i32::try_from(grams).unwrap_or(i32::MAX),
        on_hand: pieces(&mut sown),
        sku,
    }
}

/// Prices end in whole hundreds above ten thousand naira, in tens below.
fn round(naira: i64) -> i64 {
    let step = if naira > 10_000 { 100 } else { 10 };
    (naira + step / 2) / step * step
}

/// A fifth of the products are reduced, all their variants alike.
fn compare_at(naira: i64, slug: &str) -> Option<i64> {
    let mut sown = Sown::from(&format!("reduced/{slug}"));
    let reduced = sown.below(5) == 0;
    reduced.then(|| round(naira * i64::from(110 + sown.below(25)) / 100).max(naira + 10))
}

/// A few are sold out, some are running low, most are plentiful; a third also lie in Abuja.
fn pieces(sown: &mut Sown) -> [i64; 2] {
    let ikeja = match sown.below(100) {
        0..6 => return [0, 0],
        6..18 => 1 + sown.below(5),
        18..60 => 8 + sown.below(40),
        _ => 40 + sown.below(200),
    };
    let abuja = if sown.below(3) == 0 {
        5 + sown.below(40)
    } else {
        0
    };
    [ikeja.into(), abuja.into()]
}

/// Prefix, five letters of the product's hash, and the start of each value: `PHN-K3Q7Z-128-MID`.
fn sku(prefix: &str, slug: &str, choice: &Choice) -> String {
    const LETTERS: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut sown = Sown::from(slug);
    let letters = u32::try_from(LETTERS.len()).unwrap_or(1);
    let code: String = (0..5)
        .map(|_| char::from(LETTERS[sown.below(letters) as usize]))
        .collect();
    choice
        .iter()
        .fold(format!("{prefix}-{code}"), |sku, (option, value, _)| {
            format!("{sku}-{}", option.short(value))
        })
}
