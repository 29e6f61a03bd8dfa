use std::collections::BTreeSet;

use super::DEFAULT_PRODUCTS;
use super::catalogue::Catalogue;
use super::rates::RATES;

#[test]
fn the_catalogue_is_large_enough_and_nothing_in_it_collides() {
    let catalogue = Catalogue::load().unwrap();
    let products = catalogue.products(DEFAULT_PRODUCTS + 50);
    let distinct = |values: Vec<&str>| values.iter().collect::<BTreeSet<_>>().len();
    assert_eq!(
        distinct(products.iter().map(|p| p.slug.as_str()).collect()),
        products.len()
    );
    let skus: Vec<&str> = products
        .iter()
        .flat_map(|p| &p.variants)
        .map(|v| v.sku.as_str())
        .collect();
    assert_eq!(
        distinct(skus.clone()),
        skus.len(),
        "an SKU names one variant"
    );
    assert!(
        !products[DEFAULT_PRODUCTS - 1].name.contains("edition"),
        "DEFAULT_PRODUCTS is too high"
    );
    assert!(
        products[DEFAULT_PRODUCTS].name.contains("edition 2"),
        "DEFAULT_PRODUCTS is too low"
    );
}

#[test]
fn every_option_is_known_and_used() {
    let catalogue = Catalogue::load().unwrap();
    let used: BTreeSet<_> = catalogue.used_options().into_iter().collect();
    let known: BTreeSet<_> = catalogue.known_options().into_iter().collect();
    assert_eq!(used, known);
}

#[test]
fn products_are_believable() {
    let catalogue = Catalogue::load().unwrap();
    let products = catalogue.products(DEFAULT_PRODUCTS);
    let variants: Vec<_> = products.iter().flat_map(|p| &p.variants).collect();
    assert!(products.iter().all(|p| (1..=8).contains(&p.variants.len())));
    assert!(
        products
            .iter()
            .all(|p| (2..=4).contains(&p.description.matches(". ").count())
                || p.description.matches('.').count() >= 2)
    );
    assert!(
        variants
            .iter()
            .all(|v| v.price % 1000 == 0 && v.weight_grams > 0)
    );
    assert!(
        variants
            .iter()
            .all(|v| v.compare_at_price.is_none_or(|before| before > v.price))
    );
    let sold_out = variants.iter().filter(|v| v.on_hand == [0, 0]).count();
    let low = variants
        .iter()
        .filter(|v| (1..=5).contains(&v.on_hand[0]))
        .count();
    assert!(
        (10..variants.len() / 8).contains(&sold_out),
        "{sold_out} sold out"
    );
    assert!((20..variants.len() / 4).contains(&low), "{low} low");
}

#[test]
fn every_state_has_a_rate() {
    let states: BTreeSet<_> = RATES.iter().flat_map(|(_, _, states)| *states).collect();
    assert_eq!(states.len(), 37, "36 states and the FCT");
}
