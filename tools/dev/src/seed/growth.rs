//! What the catalogue grows by: `grown.toml`, spread out into as many products as are asked for.
//!
//! The n-th product follows from n alone, so that a catalogue of 10,000 is the beginning of one of a
//! million. Words follow Zipf's law, and new ones keep coming: brands and ranges by the square root
//! of n, names of models with nearly every product (Heaps' law).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

use super::catalogue::Catalogue;
use super::dice::Dice;
use super::names::{code, made_up, model};
use super::product::{Choice, Model, OptionLine, Product, VIEWS, Variant, combinations};
use super::sown::{FIRST_DAY, id, id_at, slug};

const TEXT: &str = include_str!("grown.toml");

/// The most variants of a product.
const MOST_VARIANTS: usize = 8;

/// Made-up names of ranges begin here, those of brands at 0.
const MADE_UP_SERIES: u32 = 1 << 17;

#[derive(Debug, Deserialize)]
struct File {
    brands: Vec<String>,
    series: Vec<String>,
    places: Vec<String>,
    options: BTreeMap<String, OptionLine>,
    words: BTreeMap<String, Words>,
    grow: Grow,
}

#[derive(Debug, Deserialize)]
struct Grow {
    kinds: Vec<KindLine>,
}

/// What is said about products of a sort, the most frequent first.
#[derive(Debug, Clone, Deserialize)]
struct Words {
    qualities: Vec<String>,
    features: Vec<String>,
}

/// Category, slug, name, nouns, naira, grams, options, words: see `grown.toml`.
#[derive(Debug, Deserialize)]
struct KindLine(
    String,
    String,
    String,
    String,
    (i64, i64),
    (i64, i64),
    String,
    String,
);

/// A category below one of the hand-made catalogue's, with what its products are made of.
#[derive(Debug)]
pub(super) struct Kind {
    /// The category above it.
    pub(super) category: String,
    pub(super) slug: String,
    pub(super) name: String,
    nouns: Vec<String>,
    naira: (i64, i64),
    grams: (i64, i64),
    options: Vec<Vec<OptionLine>>,
    words: Words,
    prefix: String,
    about: String,
}

/// Everything that products are made of.
#[derive(Debug)]
pub(super) struct Growth {
    pub(super) kinds: Vec<Kind>,
    brands: Vec<String>,
    series: Vec<String>,
    places: Vec<String>,
}

/// What a product is called by.
struct Named<'a> {
    brand: String,
    noun: &'a str,
    quality: &'a str,
    name: String,
}

impl Growth {
    pub(super) fn load(catalogue: &Catalogue) -> anyhow::Result<Self> {
        let file: File = toml::from_str(TEXT).context("grown.toml")?;
        let mut options = catalogue.options.clone();
        for (key, line) in file.options {
            match options.entry(key) {
                Entry::Vacant(free) => drop(free.insert(line)),
                Entry::Occupied(taken) => anyhow::bail!("two options are called {}", taken.key()),
            }
        }
        let kinds = file.grow.kinds.into_iter();
        let kinds = kinds.map(|line| line.kind(catalogue, &options, &file.words));
        Ok(Self {
            kinds: kinds.collect::<anyhow::Result<_>>()?,
            brands: file.brands,
            series: file.series,
            places: file.places,
        })
    }

    /// The n-th product.
    pub(super) fn product(&self, number: u32) -> Product {
        let mut dice = Dice::of(number);
        let dice = &mut dice;
        let kind = dice.often(&self.kinds).unwrap_or(&self.kinds[0]);
        let named = self.named(dice, kind, number);
        let code = code(number);
        let slug = format!("{}-{}", slug(&named.name), code.to_lowercase());
        let created_at = created_at(number);
        let model = Model {
            slug: &slug,
            sku: &format!("{}-{code}", kind.prefix),
            naira: between(dice, kind.naira).max(10),
            grams: between(dice, kind.grams),
            created_at,
        };
        let options = chosen_options(dice, kind);
        let (status, published_at) = published(dice, created_at);
        // A draft may have nothing to sell yet.
        let empty = status == "draft" && dice.once_in(10);
        let variants = if empty {
            Vec::new()
        } else {
            variants(dice, &model, &options)
        };
        // Some products stand beside the narrow categories.
        let category = if dice.once_in(7) {
            &kind.category
        } else {
            &kind.slug
        };
        Product {
            id: id_at("product", &slug, created_at),
            category_id: id("category", category),
            description: self.description(dice, kind, &named),
            status,
            published_at,
            created_at,
            options: options.iter().map(OptionLine::named).collect(),
            variants,
            pictures: pictures(dice),
            slug,
            name: named.name,
        }
    }

    fn named<'a>(&self, dice: &mut Dice, kind: &'a Kind, number: u32) -> Named<'a> {
        let brand = word(dice, &self.brands, 32 + 4 * number.isqrt(), 0);
        let noun = dice.often(&kind.nouns).map_or("", String::as_str);
        let quality = dice.often(&kind.words.qualities).map_or("", String::as_str);
        let series = word(dice, &self.series, 40 + 10 * number.isqrt(), MADE_UP_SERIES);
        let generation = 2 + dice.rank(30);
        let model = model(dice.below(676), dice.below(9_900));
        let name = match dice.below(10) {
            0 | 1 => format!("{brand} {series} {noun}"),
            2 | 3 => format!("{brand} {series} {generation} {noun}"),
            4 | 5 => format!("{brand} {quality} {noun}"),
            6 | 7 => format!("{brand} {quality} {noun} {model}"),
            8 => format!("{brand} {series} {quality} {noun}"),
            _ => format!("{brand} {series} {noun} {model}"),
        };
        Named {
            brand,
            noun,
            quality,
            name,
        }
    }

    fn description(&self, dice: &mut Dice, kind: &Kind, named: &Named) -> String {
        let feature = |dice: &mut Dice| {
            let feature = dice.often(&kind.words.features);
            feature.map_or("", String::as_str)
        };
        let Named {
            brand,
            noun,
            quality,
            ..
        } = named;
        let place = dice.often(&self.places).map_or("", String::as_str);
        let second = match dice.below(4) {
            0 => format!("It {} and {}.", feature(dice), feature(dice)),
            1 => format!("Customers in {place} say that it {}.", feature(dice)),
            2 => format!("Chosen by hand in {place}; it {}.", feature(dice)),
            _ => format!("The {} {} of its range.", quality.to_lowercase(), noun),
        };
        let first = format!(
            "A {} by {brand} that {}.",
            noun.to_lowercase(),
            feature(dice)
        );
        format!("{first} {second} {}", kind.about)
    }
}

impl KindLine {
    fn kind(
        self,
        catalogue: &Catalogue,
        options: &BTreeMap<String, OptionLine>,
        words: &BTreeMap<String, Words>,
    ) -> anyhow::Result<Kind> {
        let Self(category, slug, name, nouns, naira, grams, keys, sort) = self;
        let mut above = catalogue.groups.iter().flat_map(|group| &group.categories);
        let above = above.find(|above| above.slug == category);
        let above = above.with_context(|| format!("there is no category {category}"))?;
        let words = words.get(&sort).cloned();
        ensure!(naira.0 < naira.1 && grams.0 < grams.1, "{slug}: from, to");
        Ok(Kind {
            nouns: nouns.split('|').map(str::to_owned).collect(),
            options: keys
                .split('|')
                .map(|keys| alternative(keys, options))
                .collect::<anyhow::Result<_>>()?,
            words: words.with_context(|| format!("there are no words {sort}"))?,
            prefix: above.prefix.clone(),
            about: above.about.clone(),
            category,
            slug,
            name,
            naira,
            grams,
        })
    }
}

/// The options named by `size+colour`.
fn alternative(
    keys: &str,
    options: &BTreeMap<String, OptionLine>,
) -> anyhow::Result<Vec<OptionLine>> {
    let keys = keys.split('+').filter(|key| !key.is_empty());
    let known = |key: &str| options.get(key).cloned();
    keys.map(|key| known(key).with_context(|| format!("there is no option {key}")))
        .collect()
}

/// One of the first `vocabulary` words: those listed, then made-up ones.
fn word(dice: &mut Dice, listed: &[String], vocabulary: u32, first_made_up: u32) -> String {
    let rank = dice.rank(vocabulary);
    let known = usize::try_from(rank).ok().and_then(|rank| listed.get(rank));
    known
        .cloned()
        .unwrap_or_else(|| made_up(first_made_up + rank))
}

/// Cheap and light things are more frequent than dear and heavy ones: the cube of an even chance.
fn between(dice: &mut Dice, (from, to): (i64, i64)) -> i64 {
    let chance = i64::from(dice.below(1_000));
    from + (to - from) * chance * chance * chance / 1_000_000_000
}

/// A product comes every twenty seconds; those beyond the first year's begin that year again.
fn created_at(number: u32) -> DateTime<Utc> {
    FIRST_DAY + Duration::seconds(i64::from(number) * 20 % (340 * 24 * 60 * 60))
}

/// Most are on sale within two hours; the rest are drafts, archived, or will be on sale in ten
/// years: a date that does not come while somebody uses this.
fn published(dice: &mut Dice, created_at: DateTime<Utc>) -> (&'static str, Option<DateTime<Utc>>) {
    let wait = Duration::seconds(i64::from(dice.below(2 * 60 * 60)));
    let at = created_at + wait;
    match dice.below(100) {
        0..4 => ("draft", None),
        4..7 => ("archived", Some(at)),
        7..9 => ("published", Some(at + Duration::days(3_650))),
        _ => ("published", Some(at)),
    }
}

fn pictures(dice: &mut Dice) -> usize {
    match dice.below(20) {
        0 => 0,
        1..9 => 1,
        9..16 => 2,
        _ => VIEWS.len(),
    }
}

/// One of the kind's alternatives; of each option some neighbouring values.
fn chosen_options(dice: &mut Dice, kind: &Kind) -> Vec<OptionLine> {
    let alternative = dice.any(&kind.options).cloned().unwrap_or_default();
    let some = |mut line: OptionLine| {
        let all = u32::try_from(line.values.len()).unwrap_or(1);
        let kept = 1 + dice.below(all.min(6));
        let first = dice.below(all - kept + 1);
        let [first, kept] = [first, kept].map(|n| usize::try_from(n).unwrap_or_default());
        line.values = line.values.split_off(first);
        line.values.truncate(kept);
        line
    };
    let mut options: Vec<OptionLine> = alternative.into_iter().map(some).collect();
    // The last options give way until there are few enough combinations.
    while options.iter().map(|o| o.values.len()).product::<usize>() > MOST_VARIANTS {
        let widest = options.iter_mut().max_by_key(|option| option.values.len());
        if let Some(option) = widest {
            option.values.pop();
        }
    }
    options
}

/// A variant of each combination, save some that are not made.
fn variants(dice: &mut Dice, model: &Model, options: &[OptionLine]) -> Vec<Variant> {
    let options: Vec<&OptionLine> = options.iter().collect();
    let mut choices: Vec<Choice> = combinations(&options);
    let first = choices.remove(0);
    choices.retain(|_| !dice.once_in(12));
    std::iter::once(first)
        .chain(choices)
        .map(|choice| lived(dice, model.variant(&choice), model))
        .collect()
}

/// What has become of a variant: some are no longer sold, some were dropped in the warehouse, some
/// can be ordered before they are there.
fn lived(dice: &mut Dice, variant: Variant, model: &Model) -> Variant {
    let archived_at = model.created_at + Duration::days(i64::from(10 + dice.below(10)));
    let [ikeja, _] = variant.on_hand;
    Variant {
        archived_at: dice.once_in(33).then_some(archived_at),
        lost: if ikeja > 0 && dice.once_in(10) {
            i64::from(1 + dice.below(3))
        } else {
            0
        },
        backorder_limit: if dice.once_in(25) { 10 } else { 0 },
        ..variant
    }
}
