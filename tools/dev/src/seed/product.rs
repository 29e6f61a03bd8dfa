//! A product as it goes into the database, and how its variants follow from its options.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::sown::{Sown, id_at};

/// A product as it goes into the database.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) id: Uuid,
    pub(super) category_id: Uuid,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) description: String,
    /// `draft`, `published` or `archived`.
    pub(super) status: &'static str,
    pub(super) published_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    /// Names and their values, in order.
    pub(super) options: Vec<(String, Vec<String>)>,
    pub(super) variants: Vec<Variant>,
    /// How many pictures it has, at most [`VIEWS`]' number.
    pub(super) pictures: usize,
}

/// What a product's pictures show: the ending of the file's name and of its words.
pub(super) const VIEWS: [(&str, &str); 3] = [
    ("", ""),
    ("-detail", ", in detail"),
    ("-boxed", ", as it is delivered"),
];

/// One combination of options.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) id: Uuid,
    pub(super) sku: String,
    pub(super) options: Value,
    /// Kobo.
    pub(super) price: i64,
    /// Kobo.
    pub(super) compare_at_price: Option<i64>,
    pub(super) weight_grams: i32,
    /// No longer on sale since then.
    pub(super) archived_at: Option<DateTime<Utc>>,
    /// Pieces in each warehouse, in their order.
    pub(super) on_hand: [i64; 2],
    /// Pieces that came to the first warehouse and were written off there.
    pub(super) lost: i64,
    /// How far below its first shelf orders may go.
    pub(super) backorder_limit: i64,
}

impl Product {
    /// The lowest price of a variant on sale and the compare-at price beside it, as the database's
    /// trigger finds them.
    pub(super) fn lowest_price(&self) -> Option<(i64, Option<i64>)> {
        let cheapest = self.on_sale().min_by_key(|variant| variant.price);
        cheapest.map(|variant| (variant.price, variant.compare_at_price))
    }
}

/// What the database's `search_document_of` gathers of the variants on sale, sorted, each once.
impl Product {
    /// The values of their options; `None` where there are none.
    pub(super) fn said(&self) -> Option<String> {
        self.gathered(" ", |_, value| value.to_owned())
    }

    /// `=Size=42` for each value of each option, a line each: a value may have a space in it.
    pub(super) fn narrowed_by(&self) -> Option<String> {
        self.gathered("\n", |name, value| format!("={name}={value}"))
    }

    /// Their SKUs.
    pub(super) fn skus(&self) -> String {
        let skus: BTreeSet<&str> = self.on_sale().map(|variant| variant.sku.as_str()).collect();
        skus.into_iter().collect::<Vec<_>>().join(" ")
    }

    fn gathered(&self, between: &str, of: fn(&str, &str) -> String) -> Option<String> {
        let options = self
            .on_sale()
            .filter_map(|variant| variant.options.as_object());
        let options = options.flatten();
        let each = options.filter_map(|(name, value)| Some(of(name, value.as_str()?)));
        let each: BTreeSet<String> = each.collect();
        let each: Vec<String> = each.into_iter().collect();
        (!each.is_empty()).then(|| each.join(between))
    }

    fn on_sale(&self) -> impl Iterator<Item = &Variant> {
        let variants = self.variants.iter();
        variants.filter(|variant| variant.archived_at.is_none())
    }
}

/// What is chosen when buying. The factors are thousandths of the product's price.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct OptionLine {
    pub(super) name: String,
    pub(super) values: Vec<(String, i64)>,
    #[serde(default)]
    pub(super) weighs: bool,
}

impl OptionLine {
    pub(super) fn named(&self) -> (String, Vec<String>) {
        (
            self.name.clone(),
            self.values.iter().map(|(value, _)| value.clone()).collect(),
        )
    }

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
pub(super) type Choice<'a> = Vec<(&'a OptionLine, &'a str, i64)>;

pub(super) fn combinations<'a>(options: &[&'a OptionLine]) -> Vec<Choice<'a>> {
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

/// What all variants of a product have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model<'a> {
    pub(super) slug: &'a str,
    /// The category's letters and the product's: `PHN-K3Q7Z`.
    pub(super) sku: &'a str,
    pub(super) naira: i64,
    pub(super) grams: i64,
    pub(super) created_at: DateTime<Utc>,
}

impl Model<'_> {
    /// The variant of one choice: its SKU is the model's with the start of each value,
    /// `PHN-K3Q7Z-128-MID`.
    pub(super) fn variant(&self, choice: &Choice) -> Variant {
        let sku = choice
            .iter()
            .fold(self.sku.to_owned(), |sku, (option, value, _)| {
                format!("{sku}-{}", option.short(value))
            });
        let factor = |of: i64, (_, _, factor): &(&OptionLine, &str, i64)| of * factor / 1000;
        let naira = round(choice.iter().fold(self.naira, factor));
        let heavy = choice.iter().filter(|(option, _, _)| option.weighs);
        let grams = heavy.fold(self.grams, factor);
        let options: Map<String, Value> = choice
            .iter()
            .map(|(option, value, _)| (option.name.clone(), (*value).into()))
            .collect();
        Variant {
            id: id_at("variant", &sku, self.created_at),
            options: Value::Object(options),
            price: naira * 100,
            compare_at_price: compare_at(naira, self.slug).map(|naira| naira * 100),
            weight_grams: i32::try_from(grams).unwrap_or(i32::MAX),
            archived_at: None,
            on_hand: pieces(&mut Sown::from(&sku)),
            lost: 0,
            backorder_limit: 0,
            sku,
        }
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
