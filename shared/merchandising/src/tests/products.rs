use chrono::TimeDelta;
use domain::{Change, ProductName, ProductStatus, PublicationTime, Version};
use serde_json::json;

use super::shop::{Shop, a_product, a_shirt, a_variant, cause, option, price};
use crate::product::{
    self, ChangeProduct, NewProduct, NewVariants, ProductError, Series, VariantFault,
};
use crate::variant::Variant;

fn renamed(name: &str) -> ChangeProduct {
    ChangeProduct {
        name: Some(ProductName::parse(name).unwrap()),
        ..ChangeProduct::default()
    }
}

fn skus(variants: &[Variant]) -> Vec<&str> {
    variants
        .iter()
        .map(|variant| variant.sku.as_str())
        .collect()
}

#[tokio::test]
async fn a_product_is_made_with_a_variant_for_each_combination_of_its_options() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let options = vec![
        option("Size", &["M", "½"]),
        option("Colour", &["Dark blue", "Ọ̀fì", "DARK-BLUE!"]),
    ];
    let new = NewProduct {
        options: domain::ProductOptions::new(options).unwrap(),
        variants: NewVariants::Generated(Series {
            sku_prefix: "ANK".parse().unwrap(),
            price: price(250_000),
            weight_grams: 300,
        }),
        status: ProductStatus::Published,
        ..a_product("Ankara shirt", category)
    };
    let product = shop.make(new).await.unwrap();
    assert_eq!(
        skus(&product.variants),
        [
            "ANK-M-DARKBLUE",
            "ANK-M-OFI",
            "ANK-M-DARKBLUE-2",
            "ANK-12-DARKBLUE",
            "ANK-12-OFI",
            "ANK-12-DARKBLUE-2"
        ]
    );
    assert_eq!(product.slug, "ankara-shirt");
    assert_eq!(product.version, 1);
    assert_eq!(product.published_at, Some(cause().at));
    assert_eq!(product.lowest_price, Some(price(250_000).price()));
    assert_eq!(shop.announced().await, ["product.created"]);
    let audit = shop.rows("SELECT action, actor, before, after->'slug' AS slug, jsonb_array_length(after->'variants') AS variants FROM audit_log WHERE entity = 'product'").await;
    assert_eq!(
        audit,
        [
            json!({"action": "product.created", "actor": "ada", "before": null,
                "slug": "ankara-shirt", "variants": 6})
        ]
    );
}

#[tokio::test]
async fn too_many_combinations_are_refused_before_they_are_made() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let values: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let options = ["a", "b", "c", "d", "e"].map(|name| option(name, &values));
    let new = NewProduct {
        options: domain::ProductOptions::new(options.to_vec()).unwrap(),
        variants: NewVariants::Generated(Series {
            sku_prefix: "ANK".parse().unwrap(),
            price: price(1),
            weight_grams: 0,
        }),
        ..a_product("Ankara shirt", category)
    };
    let refused = shop.make(new).await.unwrap_err();
    assert!(matches!(refused, ProductError::TooManyVariants));
}

#[tokio::test]
async fn names_that_are_alike_get_slugs_that_are_not_also_at_the_same_time() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let first = shop.make(a_product("Àńkárá!", category)).await.unwrap();
    let second = shop.make(a_product("Ankara", category)).await.unwrap();
    assert_eq!((&*first.slug, &*second.slug), ("ankara", "ankara-2"));
    let arabic = shop.make(a_product("قميص", category)).await.unwrap();
    assert_eq!(arabic.slug, "product");
    let explicit = NewProduct {
        slug: Some("ankara".parse().unwrap()),
        ..a_product("Other", category)
    };
    let refused = shop.make(explicit).await.unwrap_err();
    assert!(matches!(refused, ProductError::SlugTaken));

    let many = (0..4).map(|_| shop.make(a_product("Ankara", category)));
    let [a, b, c, d]: [_; 4] = many.collect::<Vec<_>>().try_into().ok().unwrap();
    let made = tokio::join!(a, b, c, d);
    let mut slugs = [made.0, made.1, made.2, made.3].map(|made| made.unwrap().slug);
    slugs.sort();
    assert_eq!(slugs, ["ankara-3", "ankara-4", "ankara-5", "ankara-6"]);
    assert_eq!(shop.announced().await.len(), 7);
}

#[tokio::test]
async fn all_that_is_wrong_with_variants_is_told_at_once() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let dollars = domain::Money::new(5, domain::Currency::Usd).unwrap();
    let dear = crate::variant::NewVariant {
        price: domain::ShelfPrice::new(dollars, None).unwrap(),
        ..a_variant("A", &[("Size", "M"), ("Colour", "Indigo")])
    };
    let new = NewProduct {
        variants: NewVariants::Chosen(vec![
            a_variant("A", &[("Size", "M"), ("Colour", "Indigo")]),
            dear,
            a_variant("B", &[("Size", "XL"), ("Colour", "Indigo")]),
        ]),
        ..a_shirt(category)
    };
    let ProductError::Variants(faults) = shop.make(new).await.unwrap_err() else {
        panic!("another refusal");
    };
    let places: Vec<usize> = faults.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [1, 1, 1, 2]);
    assert!(faults.contains(&(1, VariantFault::RepeatedSku)));
    assert!(faults.contains(&(1, VariantFault::RepeatedCombination)));
}

#[tokio::test]
async fn a_change_counts_up_is_written_down_and_announced_and_no_change_is_none() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let product = shop.make(a_shirt(category)).await.unwrap();
    let changed = shop.change(&product, renamed("Red shirt")).await.unwrap();
    assert_eq!((changed.version, &*changed.name), (2, "Red shirt"));
    assert_eq!(changed.slug, product.slug, "addresses stay");
    let again = shop.change(&changed, renamed("Red shirt")).await.unwrap();
    assert_eq!(again, changed);
    assert_eq!(
        shop.announced().await,
        ["product.created", "product.updated"]
    );
    let audit = shop
        .rows("SELECT before, after FROM audit_log WHERE action = 'product.updated'")
        .await;
    assert_eq!(
        audit,
        [json!({"before": {"name": "Ankara shirt"}, "after": {"name": "Red shirt"}})]
    );
    let stale = shop.change(&product, renamed("Blue shirt")).await;
    assert!(matches!(stale, Err(ProductError::Stale(_))));
}

#[tokio::test]
async fn of_simultaneous_changes_of_one_version_one_wins() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let product = shop.make(a_shirt(category)).await.unwrap();
    let variant = &product.variants[0];
    let dearer = crate::variant::ChangeVariant {
        weight_grams: Some(7),
        ..crate::variant::ChangeVariant::default()
    };
    let (a, b, c, d) = tokio::join!(
        shop.change(&product, renamed("A")),
        shop.change(&product, renamed("B")),
        shop.change(&product, renamed("C")),
        shop.change_variant(variant, dearer),
    );
    let won = [&a, &b, &c]
        .iter()
        .filter(|changed| changed.is_ok())
        .count();
    // A change of a variant is made of the variant's version, and counts the product's up.
    assert!(d.is_ok());
    let now = shop.again(&product).await;
    assert_eq!(now.version, i64::try_from(won).unwrap() + 2);
    assert!(won <= 1, "{a:?} {b:?} {c:?}");
    assert_eq!(shop.announced().await.len(), won + 2);
}

#[tokio::test]
async fn what_is_published_can_be_bought_and_has_a_time() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let empty = shop.make(a_product("Nothing", category)).await.unwrap();
    let publish = ChangeProduct {
        status: Some(ProductStatus::Published),
        ..ChangeProduct::default()
    };
    let refused = shop.change(&empty, publish.clone()).await;
    assert!(matches!(refused, Err(ProductError::NothingToSell)));
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let shirt = shop.change(&shirt, publish).await.unwrap();
    assert_eq!(shirt.published_at, Some(cause().at));
    let untimed = ChangeProduct {
        published_at: Change::Clear,
        ..ChangeProduct::default()
    };
    let refused = shop.change(&shirt, untimed).await;
    assert!(matches!(refused, Err(ProductError::NoPublicationTime)));
    shop.announced().await;
}

#[tokio::test]
async fn a_product_is_announced_again_when_its_time_has_come() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    let tomorrow = cause().at + TimeDelta::days(1);
    let scheduled = ChangeProduct {
        status: Some(ProductStatus::Published),
        published_at: Change::Set(PublicationTime::parse(tomorrow).unwrap()),
        ..ChangeProduct::default()
    };
    let shirt = shop.change(&shirt, scheduled).await.unwrap();
    let told = "SELECT type, round(extract(epoch FROM available_at - now()) / 3600) AS hours
                FROM outbox WHERE type = 'product.updated' ORDER BY available_at";
    let expected = [
        json!({"type": "product.updated", "hours": 0}),
        json!({"type": "product.updated", "hours": 24}),
    ];
    assert_eq!(shop.rows(told).await, expected);
    shop.announced().await;
    shop.change(&shirt, renamed("Another")).await.unwrap();
    assert_eq!(
        shop.announced().await,
        ["product.updated"],
        "its time is announced already"
    );
}

#[tokio::test]
async fn what_is_archived_stays_and_is_archived_once() {
    let shop = Shop::open().await;
    let category = shop.category("Shirts").await;
    let shirt = shop.make(a_shirt(category)).await.unwrap();
    for (version, done) in [(1, true), (2, false)] {
        let mut tx = shop.begin().await;
        let archived = product::archive(&mut tx, &cause(), shirt.id, Version(version)).await;
        assert_eq!(archived.unwrap(), done);
        tx.commit().await.unwrap();
    }
    assert_eq!(
        shop.announced().await,
        ["product.created", "product.archived"]
    );
    let archived = shop.again(&shirt).await;
    let status = |status| ChangeProduct {
        status: Some(status),
        ..ChangeProduct::default()
    };
    let refused = shop
        .change(&archived, status(ProductStatus::Published))
        .await;
    assert!(matches!(refused, Err(ProductError::Move(_))));
    let draft = shop.change(&archived, status(ProductStatus::Draft)).await;
    assert_eq!(draft.unwrap().status, ProductStatus::Draft);
    assert_eq!(shop.announced().await, ["product.updated"]);
}
