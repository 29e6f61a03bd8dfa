use domain::{Change, ProductStatus};
use serde_json::json;

use super::shop::{Shop, a_product, a_shirt, a_variant, combination, naira, price};
use crate::product::{ChangeProduct, MOST_VARIANTS, NewProduct, NewVariants, ProductError};
use crate::variant::{ChangeVariant, NewVariant};

const FREE: [(&str, &str); 2] = [("Size", "L"), ("Colour", "Red")];

#[tokio::test]
async fn a_variant_is_added_and_its_product_counts_up() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let (product, variant) = shop.add(&shirt, a_variant("SHIRT-4", &FREE)).await.unwrap();
    assert_eq!((product.version, variant.version), (2, 1));
    assert_eq!(variant.position, 3, "behind the last");
    assert_eq!(
        shop.announced().await,
        ["product.created", "product.updated"]
    );
    let audit = shop
        .rows("SELECT action, entity_id, before FROM audit_log WHERE entity = 'variant'")
        .await;
    assert_eq!(
        audit,
        [json!({"action": "variant.created", "entity_id": variant.id, "before": null})]
    );
}

#[tokio::test]
async fn no_two_variants_are_the_same_or_called_the_same() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let other = shop.make(a_product("Belt", category)).await.unwrap();
    let again = a_variant("NEW", &[("Size", "M"), ("Colour", "Red")]);
    let refused = shop.add(&shirt, again).await;
    assert!(matches!(refused, Err(ProductError::CombinationTaken)));
    let refused = shop.add(&shirt, a_variant("SHIRT-1", &FREE)).await;
    assert!(matches!(refused, Err(ProductError::SkuTaken(_))));
    let refused = shop.add(&other, a_variant("SHIRT-1", &[])).await;
    assert!(matches!(refused, Err(ProductError::SkuTaken(_))));
    let refused = shop.add(&other, a_variant("BELT", &[("Size", "M")])).await;
    assert!(matches!(refused, Err(ProductError::Variants(_))));

    let (a, b) = tokio::join!(
        shop.add(&shirt, a_variant("SHIRT-4", &FREE)),
        shop.add(&other, a_variant("SHIRT-4", &[])),
    );
    let refused = [a.map(drop), b.map(drop)].into_iter().find_map(Result::err);
    assert!(
        matches!(refused, Some(ProductError::SkuTaken(_))),
        "{refused:?}"
    );
    shop.announced().await;
}

#[tokio::test]
async fn a_variant_that_was_archived_leaves_its_combination_and_keeps_its_sku() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let red = [("Size", "M"), ("Colour", "Red")];
    let former = &shirt.variants[2];
    assert!(shop.archive_variant(former).await.unwrap());
    let (_, other) = shop.add(&shirt, a_variant("SHIRT-9", &red)).await.unwrap();
    assert_ne!(other.id, former.id);
    let belt = shop.make(a_product("Belt", category)).await.unwrap();
    let refused = shop.add(&belt, a_variant("SHIRT-3", &[])).await;
    assert!(
        matches!(refused, Err(ProductError::SkuTaken(_))),
        "orders and shelves know it"
    );
    let back = NewVariant {
        price: price(7),
        ..a_variant("SHIRT-3", &FREE)
    };
    let (_, back) = shop.add(&shirt, back).await.unwrap();
    assert_eq!(back.id, former.id);
    assert_eq!(
        (back.options, back.price, back.archived_at),
        (combination(&FREE), naira(7), None)
    );
    shop.announced().await;
}

#[tokio::test]
async fn a_variant_is_archived_once_and_is_then_not_changed() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let first = &shirt.variants[0];
    assert!(shop.archive_variant(first).await.unwrap());
    let stale = shop.archive_variant(first).await;
    assert!(matches!(stale, Err(ProductError::Stale(_))));
    let archived = shop.again(&shirt).await.variants[0].clone();
    assert!(!shop.archive_variant(&archived).await.unwrap());
    let refused = shop
        .change_variant(&archived, ChangeVariant::default())
        .await;
    assert!(matches!(refused, Err(ProductError::NotFound)));
    assert_eq!(
        shop.announced().await,
        ["product.created", "product.updated"]
    );
}

#[tokio::test]
async fn the_last_variant_of_what_is_published_stays_also_when_two_are_archived_at_once() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let new = NewProduct {
        variants: NewVariants::Chosen(vec![
            a_variant("A", &[("Size", "M"), ("Colour", "Red")]),
            a_variant("B", &FREE),
        ]),
        status: ProductStatus::Published,
        ..a_shirt(category)
    };
    let shirt = shop.make(new).await.unwrap();
    let (a, b) = tokio::join!(
        shop.archive_variant(&shirt.variants[0]),
        shop.archive_variant(&shirt.variants[1]),
    );
    let refused = [a, b].into_iter().find_map(Result::err);
    assert!(matches!(refused, Some(ProductError::NothingToSell)));
    let shirt = shop.again(&shirt).await;
    let last = shirt.live_variants().next().unwrap().clone();
    let draft = ChangeProduct {
        status: Some(ProductStatus::Draft),
        ..ChangeProduct::default()
    };
    shop.change(&shirt, draft).await.unwrap();
    assert!(shop.archive_variant(&last).await.unwrap());
    assert_eq!(shop.again(&shirt).await.lowest_price, None);
    shop.announced().await;
}

#[tokio::test]
async fn a_former_price_is_above_the_price_whichever_of_them_changes() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let variant = &shirt.variants[0];
    let reduced = ChangeVariant {
        compare_at_price: Change::Set(naira(150_000)),
        ..ChangeVariant::default()
    };
    let (product, variant) = shop.change_variant(variant, reduced).await.unwrap();
    assert_eq!((product.version, variant.version), (2, 2));
    let dearer = ChangeVariant {
        price: Some(naira(150_000)),
        ..ChangeVariant::default()
    };
    let refused = shop.change_variant(&variant, dearer.clone()).await;
    assert!(matches!(refused, Err(ProductError::Variants(_))));
    let dearer = ChangeVariant {
        compare_at_price: Change::Clear,
        ..dearer
    };
    let (product, variant) = shop.change_variant(&variant, dearer).await.unwrap();
    assert_eq!(variant.compare_at_price, None);
    let same = shop
        .change_variant(&variant, ChangeVariant::default())
        .await;
    assert_eq!(same.unwrap(), (product, variant));
    assert_eq!(shop.announced().await.len(), 3);
}

#[tokio::test]
async fn a_product_has_at_most_a_hundred_variants_on_sale() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let values: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let options = vec![
        super::shop::option("Size", &values),
        super::shop::option("Cut", &["A", "B"]),
    ];
    let of = |size: &str| a_variant(&format!("S-{size}"), &[("Size", size), ("Cut", "A")]);
    let new = NewProduct {
        options: domain::ProductOptions::new(options).unwrap(),
        variants: NewVariants::Chosen(values.iter().map(|size| of(size)).collect()),
        ..a_product("Shoe", category)
    };
    let shoe = shop.make(new).await.unwrap();
    assert_eq!(shoe.variants.len(), MOST_VARIANTS);
    let more = || a_variant("S-MORE", &[("Size", "1"), ("Cut", "B")]);
    let refused = shop.add(&shoe, more()).await;
    assert!(matches!(refused, Err(ProductError::TooManyVariants)));
    shop.archive_variant(&shoe.variants[0]).await.unwrap();
    assert!(shop.add(&shoe, more()).await.is_ok());
    shop.announced().await;
}
