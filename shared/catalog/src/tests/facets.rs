use database::PgConnection;
use database::testing::TestDatabase;

use super::{all, chosen, counted, put};
use crate::testing::{a_category, a_product};
use crate::{Filters, SearchText};

const SIZES: [&str; 3] = ["40", "41", "42"];
const COLOURS: [&str; 2] = ["Red", "Indigo"];

/// Three categories, two of them one below the other; sizes, colours, prices and stock in a pattern
/// in which they are independent.
async fn assortment(connection: &mut PgConnection) {
    let clothes = a_category(connection, "Clothes", None).await;
    let shirts = a_category(connection, "Shirts", Some(clothes)).await;
    let shoes = a_category(connection, "Shoes", None).await;
    for index in 0..36_usize {
        let category = [clothes, shirts, shoes][index % 3];
        let fabric = if index % 4 == 0 { "Ankara" } else { "Denim" };
        let product = a_product(&format!("{fabric} piece {index}"), category);
        let (size, colour) = (SIZES[index / 3 % 3], COLOURS[index / 9 % 2]);
        let price = 1_000 * (1 + i64::try_from(index % 5).unwrap());
        let product = product
            .variant(&[("Size", size), ("Colour", colour)], price)
            .variant(&[("Size", "43"), ("Colour", colour)], price + 500);
        let product = product.insert(connection).await;
        if index % 2 == 0 {
            put(connection, product.variants[0], 4).await;
        }
    }
}

fn various_filters() -> Vec<Filters> {
    let none = Filters::default;
    vec![
        none(),
        Filters {
            text: SearchText::parse("ankara").unwrap(),
            ..none()
        },
        Filters {
            category: "clothes".parse().ok(),
            ..none()
        },
        Filters {
            category: "nowhere".parse().ok(),
            ..none()
        },
        Filters {
            min_price: Some(2_000),
            max_price: Some(4_000),
            ..none()
        },
        Filters {
            in_stock: true,
            ..none()
        },
        Filters {
            options: [chosen("Size", &["41"])].into(),
            ..none()
        },
        Filters {
            options: [chosen("Size", &["41", "42"])].into(),
            ..none()
        },
        Filters {
            text: SearchText::parse("denim").unwrap(),
            category: "clothes".parse().ok(),
            min_price: Some(2_000),
            in_stock: true,
            options: [chosen("Size", &["42"]), chosen("Colour", &["Red"])].into(),
            ..none()
        },
    ]
}

#[tokio::test]
async fn each_count_is_what_the_list_has_when_that_value_is_chosen() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    assortment(&mut connection).await;
    for filters in various_filters() {
        let found = counted(&mut connection, &filters).await;
        assert!(found.exact);
        let mut expected = vec![
            (found.total, filters.clone()),
            (
                found.in_stock,
                Filters {
                    in_stock: true,
                    ..filters.clone()
                },
            ),
        ];
        for category in &found.categories {
            let category_filter = category.slug.parse().ok();
            expected.push((
                category.count,
                Filters {
                    category: category_filter,
                    ..filters.clone()
                },
            ));
        }
        for option in &found.options {
            for value in &option.values {
                let mut narrowed = filters.clone();
                narrowed
                    .options
                    .extend([chosen(&option.name, &[&value.value])]);
                expected.push((value.count, narrowed));
            }
        }
        for (count, narrowed) in expected {
            let listed = all(&mut connection, &narrowed).await.len();
            assert_eq!(usize::try_from(count), Ok(listed), "{narrowed:?}");
        }
        let unpriced = Filters {
            min_price: None,
            max_price: None,
            ..filters
        };
        let listed = all(&mut connection, &unpriced).await;
        let prices: Vec<i64> = listed
            .iter()
            .map(|product| product.price.amount())
            .collect();
        let edges = found
            .price
            .map(|price| (price.min.amount(), price.max.amount()));
        assert_eq!(
            edges,
            prices
                .iter()
                .min()
                .copied()
                .zip(prices.iter().max().copied())
        );
    }
}

#[tokio::test]
async fn a_chosen_value_does_not_hide_the_others_of_its_option() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    assortment(&mut connection).await;
    let size_41 = Filters {
        options: [chosen("Size", &["41"])].into(),
        ..Filters::default()
    };
    let found = counted(&mut connection, &size_41).await;
    let names: Vec<&str> = found
        .options
        .iter()
        .map(|option| option.name.as_str())
        .collect();
    assert_eq!(names, ["Colour", "Size"]);
    let sizes: Vec<&str> = found.options[1]
        .values
        .iter()
        .map(|size| size.value.as_str())
        .collect();
    assert_eq!(sizes, ["43", "40", "41", "42"], "the most frequent first");
}
