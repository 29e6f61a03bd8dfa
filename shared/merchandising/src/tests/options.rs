use domain::{OptionName, OptionWish};

use super::shop::{Shop, a_shirt, combination, option};
use crate::product::{ChangeProduct, Product, ProductError};

fn wish(name: &str, was: Option<&str>, values: &[&str]) -> OptionWish {
    OptionWish {
        option: option(name, values),
        renamed_from: was.map(|was| OptionName::parse(was).unwrap()),
    }
}

fn arranged(wishes: &[OptionWish]) -> ChangeProduct {
    ChangeProduct {
        options: Some(wishes.to_vec()),
        ..ChangeProduct::default()
    }
}

/// Each variant's SKU with what it is.
fn variants(product: &Product) -> Vec<(&str, domain::Combination)> {
    let pair = |variant: &crate::variant::Variant| variant.options.clone();
    product
        .variants
        .iter()
        .map(|variant| (variant.sku.as_str(), pair(variant)))
        .collect()
}

#[tokio::test]
async fn variants_follow_options_that_are_renamed_moved_added_and_extended() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let way = [
        wish("Shade", Some("Colour"), &["Red", "Indigo", "Green"]),
        wish("Size", None, &["S", "M", "L"]),
        wish("Cut", None, &["Wide", "Slim"]),
    ];
    let shirt = shop.change(&shirt, arranged(&way)).await.unwrap();
    let of = |shade, size| combination(&[("Shade", shade), ("Size", size), ("Cut", "Wide")]);
    assert_eq!(
        variants(&shirt),
        [
            ("SHIRT-1", of("Indigo", "M")),
            ("SHIRT-2", of("Indigo", "L")),
            ("SHIRT-3", of("Red", "M"))
        ]
    );
    assert_eq!(shirt.version, 2);
    let versions: Vec<i64> = shirt
        .variants
        .iter()
        .map(|variant| variant.version)
        .collect();
    assert_eq!(versions, [2, 2, 2], "they were changed too");
    let names: Vec<&str> = shirt
        .options
        .all()
        .iter()
        .map(|o| o.name.as_str())
        .collect();
    assert_eq!(names, ["Shade", "Size", "Cut"]);
    assert_eq!(
        shop.announced().await,
        ["product.created", "product.updated"]
    );
}

#[tokio::test]
async fn names_of_options_can_be_exchanged_although_variants_become_what_others_were() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let new = crate::product::NewProduct {
        options: domain::ProductOptions::new(vec![
            option("Inside", &["Red", "Blue"]),
            option("Outside", &["Red", "Blue"]),
        ])
        .unwrap(),
        variants: crate::product::NewVariants::Chosen(vec![
            super::shop::a_variant("A", &[("Inside", "Red"), ("Outside", "Blue")]),
            super::shop::a_variant("B", &[("Inside", "Blue"), ("Outside", "Red")]),
        ]),
        ..a_shirt(category)
    };
    let coat = shop.make(new).await.unwrap();
    let exchanged = [
        wish("Outside", Some("Inside"), &["Red", "Blue"]),
        wish("Inside", Some("Outside"), &["Red", "Blue"]),
    ];
    let coat = shop.change(&coat, arranged(&exchanged)).await.unwrap();
    let of = |inside, outside| combination(&[("Inside", inside), ("Outside", outside)]);
    assert_eq!(
        variants(&coat),
        [("A", of("Blue", "Red")), ("B", of("Red", "Blue"))]
    );
    shop.announced().await;
}

#[tokio::test]
async fn what_a_variant_on_sale_is_cannot_be_taken_from_the_options() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let without_red = [
        wish("Size", None, &["M", "L"]),
        wish("Colour", None, &["Indigo"]),
    ];
    let refused = shop.change(&shirt, arranged(&without_red)).await;
    assert!(
        matches!(&refused, Err(ProductError::OptionInUse { option, value }) if option == "Colour" && value == "Red"),
        "{refused:?}"
    );
    let without_colour = [wish("Size", None, &["M", "L"])];
    let refused = shop.change(&shirt, arranged(&without_colour)).await;
    assert!(matches!(refused, Err(ProductError::CombinationTaken)));

    // Once nothing on sale is red, red can go; and then the colour says nothing.
    let red = &shirt.variants[2];
    shop.archive_variant(red).await.unwrap();
    let shirt = shop.again(&shirt).await;
    let shirt = shop.change(&shirt, arranged(&without_red)).await.unwrap();
    let shirt = shop
        .change(&shirt, arranged(&without_colour))
        .await
        .unwrap();
    let live: Vec<_> = shirt.live_variants().map(|v| v.options.clone()).collect();
    assert_eq!(
        live,
        [combination(&[("Size", "M")]), combination(&[("Size", "L")])]
    );
    shop.announced().await;
}
