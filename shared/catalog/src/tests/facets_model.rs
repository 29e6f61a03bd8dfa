//! Lists and facets against a shop of plain vectors.

use std::collections::{BTreeMap, BTreeSet};

use database::PgConnection;
use database::testing::TestDatabase;
use domain::CategoryId;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;

use super::{all, chosen, counted, put};
use crate::testing::{a_category, a_product};
use crate::{Facets, Filters, SearchText};

/// A category, its parent, and those that are below it or are it.
const CATEGORIES: [(&str, Option<usize>, &[usize]); 4] = [
    ("Clothes", None, &[0, 1, 2]),
    ("Shirts", Some(0), &[1, 2]),
    ("Polos", Some(1), &[2]),
    ("Shoes", None, &[3]),
];
const SIZES: [&str; 3] = ["40", "41", "it's \\ 42"];
const COLOURS: [&str; 2] = ["Red", "Indigo"];
const WORDS: [&str; 2] = ["ankara", "denim"];

#[derive(Debug, Clone)]
struct ModelProduct {
    word: usize,
    category: usize,
    variants: Vec<ModelVariant>,
}

#[derive(Debug, Clone)]
struct ModelVariant {
    /// None: the product has no sizes.
    size: Option<usize>,
    colour: usize,
    price: i64,
    on_a_shelf: bool,
}

#[derive(Debug, Clone, Default)]
struct Wanted {
    word: Option<usize>,
    category: Option<usize>,
    min_price: Option<i64>,
    max_price: Option<i64>,
    in_stock: bool,
    sizes: BTreeSet<usize>,
    colours: BTreeSet<usize>,
}

fn product() -> impl Strategy<Value = ModelProduct> {
    let variant = (
        prop::option::of(0..3_usize),
        0..2_usize,
        1..6_i64,
        any::<bool>(),
    )
        .prop_map(|(size, colour, price, on_a_shelf)| ModelVariant {
            size,
            colour,
            price,
            on_a_shelf,
        });
    let variants = prop::collection::vec(variant, 1..4).prop_map(|mut variants| {
        // One variant for each combination.
        let mut seen = BTreeSet::new();
        variants.retain(|variant| seen.insert((variant.size, variant.colour)));
        variants
    });
    (0..2_usize, 0..4_usize, variants).prop_map(|(word, category, variants)| ModelProduct {
        word,
        category,
        variants,
    })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (
        prop::option::weighted(0.3, 0..2_usize),
        prop::option::weighted(0.4, 0..4_usize),
        prop::option::weighted(0.3, 1..4_i64),
        prop::option::weighted(0.3, 3..6_i64),
        prop::bool::weighted(0.3),
        prop::collection::btree_set(0..3_usize, 0..3),
        prop::collection::btree_set(0..2_usize, 0..2),
    )
        .prop_map(
            |(word, category, min_price, max_price, in_stock, sizes, colours)| Wanted {
                word,
                category,
                min_price,
                max_price,
                in_stock,
                sizes,
                colours,
            },
        )
}

impl Wanted {
    fn filters(&self) -> Filters {
        let values = |all: &[&'static str], wanted: &BTreeSet<usize>| -> Vec<&'static str> {
            wanted.iter().map(|value| all[*value]).collect()
        };
        let mut options = BTreeMap::new();
        if !self.sizes.is_empty() {
            options.extend([chosen("Size", &values(&SIZES, &self.sizes))]);
        }
        if !self.colours.is_empty() {
            options.extend([chosen("Colour", &values(&COLOURS, &self.colours))]);
        }
        let slug = |category: usize| CATEGORIES[category].0.to_lowercase().parse().unwrap();
        Filters {
            text: self
                .word
                .and_then(|word| SearchText::parse(WORDS[word]).unwrap()),
            category: self.category.map(slug),
            min_price: self.min_price,
            max_price: self.max_price,
            in_stock: self.in_stock,
            options,
        }
    }

    fn has(&self, product: &ModelProduct) -> bool {
        let lowest = product
            .variants
            .iter()
            .map(|variant| variant.price)
            .min()
            .unwrap();
        self.word.is_none_or(|word| word == product.word)
            && self
                .category
                .is_none_or(|category| CATEGORIES[category].2.contains(&product.category))
            && self.min_price.is_none_or(|least| lowest >= least)
            && self.max_price.is_none_or(|most| lowest <= most)
            && product.variants.iter().any(|variant| self.offers(variant))
    }

    fn offers(&self, variant: &ModelVariant) -> bool {
        let size = variant.size.is_some_and(|size| self.sizes.contains(&size));
        (!self.in_stock || variant.on_a_shelf)
            && (self.sizes.is_empty() || size)
            && (self.colours.is_empty() || self.colours.contains(&variant.colour))
    }

    /// How many products the list would have with this filter changed.
    fn count(&self, products: &[ModelProduct], change: impl FnOnce(&mut Self)) -> i64 {
        let mut changed = self.clone();
        change(&mut changed);
        let found = products
            .iter()
            .filter(|product| changed.has(product))
            .count();
        i64::try_from(found).unwrap()
    }
}

/// The facets as plain counting has them; values and categories without products left out.
fn expected(products: &[ModelProduct], wanted: &Wanted) -> Plain {
    let mut unpriced = wanted.clone();
    (unpriced.min_price, unpriced.max_price) = (None, None);
    let prices: Vec<i64> = products
        .iter()
        .filter(|product| unpriced.has(product))
        .map(|product| {
            product
                .variants
                .iter()
                .map(|variant| variant.price)
                .min()
                .unwrap()
        })
        .collect();
    let below = |category: usize| CATEGORIES[category].1 == wanted.category;
    let categories = (0..CATEGORIES.len())
        .filter(|category| below(*category))
        .map(|category| {
            let count = wanted.count(products, |wanted| wanted.category = Some(category));
            (CATEGORIES[category].0.to_lowercase(), count)
        });
    let sizes = (0..SIZES.len()).map(|size| {
        let count = wanted.count(products, |wanted| wanted.sizes = [size].into());
        (("Size", SIZES[size]), count)
    });
    let colours = (0..COLOURS.len()).map(|colour| {
        let count = wanted.count(products, |wanted| wanted.colours = [colour].into());
        (("Colour", COLOURS[colour]), count)
    });
    let values = sizes.chain(colours).filter(|(_, count)| *count > 0);
    Plain {
        total: wanted.count(products, |_| {}),
        in_stock: wanted.count(products, |wanted| wanted.in_stock = true),
        price: prices
            .iter()
            .min()
            .copied()
            .zip(prices.iter().max().copied()),
        categories: categories.filter(|(_, count)| *count > 0).collect(),
        values: values
            .map(|((name, value), count)| ((name.to_owned(), value.to_owned()), count))
            .collect(),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Plain {
    total: i64,
    in_stock: i64,
    price: Option<(i64, i64)>,
    categories: BTreeMap<String, i64>,
    values: BTreeMap<(String, String), i64>,
}

fn plain(facets: &Facets) -> Plain {
    let values = facets.options.iter().flat_map(|option| {
        let each = option.values.iter();
        each.map(|value| ((option.name.clone(), value.value.clone()), value.count))
    });
    let categories = facets.categories.iter();
    Plain {
        total: facets.total,
        in_stock: facets.in_stock,
        price: facets
            .price
            .map(|price| (price.min.amount(), price.max.amount())),
        categories: categories
            .map(|found| (found.slug.clone(), found.count))
            .collect(),
        values: values.collect(),
    }
}

async fn write(
    connection: &mut PgConnection,
    categories: &[CategoryId],
    products: &[ModelProduct],
) {
    for table in [
        "stock_movements",
        "stock_levels",
        "variants",
        "product_options",
        "products",
    ] {
        let sql = if table == "stock_movements" {
            "ALTER TABLE stock_movements DISABLE TRIGGER USER".to_owned()
        } else {
            format!("DELETE FROM {table}")
        };
        if table == "stock_levels" {
            sqlx::query("DELETE FROM stock_movements")
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    for (index, product) in products.iter().enumerate() {
        let name = format!("{} piece {index}", WORDS[product.word]);
        let mut written = a_product(&name, categories[product.category]);
        for variant in &product.variants {
            let colour = ("Colour", COLOURS[variant.colour]);
            let size = variant.size.map(|size| ("Size", SIZES[size]));
            let options: Vec<_> = size.into_iter().chain([colour]).collect();
            written = written.variant(&options, variant.price);
        }
        let written = written.insert(connection).await;
        for (id, variant) in written.variants.into_iter().zip(&product.variants) {
            if variant.on_a_shelf {
                put(connection, id, 3).await;
            }
        }
    }
}

#[test]
fn lists_and_facets_of_any_shop_under_any_filters_are_what_counting_says() {
    let runtime = Runtime::new().unwrap();
    let db = runtime.block_on(TestDatabase::create());
    let mut connection = runtime.block_on(db.connect());
    let mut categories: Vec<CategoryId> = Vec::new();
    for (name, parent, _) in CATEGORIES {
        let parent = parent.map(|parent| categories[parent]);
        categories.push(runtime.block_on(a_category(&mut connection, name, parent)));
    }
    let connection = std::cell::RefCell::new(connection);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 30,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let shops = (
        prop::collection::vec(product(), 0..14),
        prop::collection::vec(wanted(), 6),
    );
    let outcome = runner.run(&shops, |(products, asked)| {
        let connection = &mut *connection.borrow_mut();
        runtime.block_on(async {
            write(connection, &categories, &products).await;
            for wanted in asked {
                let filters = wanted.filters();
                let found = counted(connection, &filters).await;
                prop_assert_eq!(plain(&found), expected(&products, &wanted), "{:?}", &wanted);
                prop_assert!(found.exact);
                let listed = all(connection, &filters).await;
                prop_assert_eq!(
                    i64::try_from(listed.len()).unwrap(),
                    found.total,
                    "{:?}",
                    wanted
                );
            }
            Ok(())
        })
    });
    drop(connection);
    outcome.unwrap();
}
