use database::testing::TestDatabase;
use domain::Availability;

use super::{day, put};
use crate::testing::{a_category, a_product};
use crate::{FindProductError, find_product};

#[tokio::test]
async fn a_product_comes_whole_and_in_the_shops_order() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let clothes = a_category(&mut connection, "Clothes", None).await;
    let shirts = a_category(&mut connection, "Shirts", Some(clothes)).await;
    let shirt = a_product("Ankara shirt", shirts)
        .variant(&[("Size", "M"), ("Colour", "Red")], 900)
        .reduced(&[("Size", "L"), ("Colour", "Red")], 700, Some(1_000))
        .image("https://images.test/1.jpg", "Front");
    let shirt = shirt.insert(&mut connection).await;
    put(&mut connection, shirt.variants[0], 2).await;
    let found = find_product(&mut connection, &"ankara-shirt".parse().unwrap())
        .await
        .unwrap();
    let crumbs: Vec<&str> = found
        .breadcrumbs
        .iter()
        .map(|crumb| crumb.slug.as_str())
        .collect();
    assert_eq!(crumbs, ["clothes", "shirts"]);
    let options: Vec<_> = found
        .options
        .iter()
        .map(|option| (option.name.as_str(), option.values.len()))
        .collect();
    assert_eq!(options, [("Size", 2), ("Colour", 1)]);
    assert_eq!(found.price.amount(), 700);
    let variants: Vec<_> = found
        .variants
        .iter()
        .map(|variant| (variant.id, variant.availability))
        .collect();
    let expected = [Availability::LowStock, Availability::OutOfStock];
    assert_eq!(
        variants,
        shirt
            .variants
            .iter()
            .copied()
            .zip(expected)
            .collect::<Vec<_>>()
    );
    assert_eq!(found.availability(), Availability::LowStock);
}

#[tokio::test]
async fn the_best_location_speaks_for_a_variant() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let sandals = a_product("Sandals", shoes).insert(&mut connection).await;
    put(&mut connection, sandals.variants[0], 0).await;
    let second = stock::testing::a_location(&mut connection, "Back room", 1).await;
    stock::testing::stock_at(&mut connection, sandals.variants[0], second, 40).await;
    let found = find_product(&mut connection, &"sandals".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(found.variants.len(), 1);
    assert_eq!(found.variants[0].availability, Availability::InStock);
}

#[tokio::test]
async fn what_is_not_on_sale_is_not_found() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    a_product("Draft", shoes)
        .status("draft")
        .insert(&mut connection)
        .await;
    a_product("Archived", shoes)
        .status("archived")
        .insert(&mut connection)
        .await;
    a_product("Later", shoes)
        .published(day(36_500))
        .insert(&mut connection)
        .await;
    for slug in ["draft", "archived", "later", "nothing"] {
        let found = find_product(&mut connection, &slug.parse().unwrap()).await;
        assert!(matches!(found, Err(FindProductError::NotFound)), "{slug}");
    }
}
