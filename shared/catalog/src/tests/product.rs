use database::testing::TestDatabase;
use domain::Availability;

use super::{day, put};
use crate::testing::{a_category, a_product};
use crate::{FindProductError, RELATED, find_product};

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

#[tokio::test]
async fn pieces_are_told_only_where_staff_want_it() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let sandals = a_product("Sandals", shoes)
        .variant(&[("Size", "41")], 5)
        .variant(&[("Size", "42")], 5);
    let sandals = sandals.insert(&mut connection).await;
    put(&mut connection, sandals.variants[0], 3).await;
    let second = stock::testing::a_location(&mut connection, "Back room", 1).await;
    stock::testing::stock_at(&mut connection, sandals.variants[0], second, 40).await;
    let closed = stock::testing::a_location(&mut connection, "Closed", 2).await;
    stock::testing::stock_at(&mut connection, sandals.variants[0], closed, 500).await;
    sqlx::query("UPDATE locations SET active = false WHERE id = $1")
        .bind(closed.uuid())
        .execute(&mut connection)
        .await
        .unwrap();
    for (show, expected) in [(false, [None, None]), (true, [Some(43), Some(0)])] {
        sqlx::query("UPDATE products SET show_quantity = $1")
            .bind(show)
            .execute(&mut connection)
            .await
            .unwrap();
        let found = find_product(&mut connection, &"sandals".parse().unwrap())
            .await
            .unwrap();
        let told: Vec<_> = found
            .variants
            .iter()
            .map(|variant| variant.quantity)
            .collect();
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn related_products_stand_near_on_sale_and_are_few() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let clothes = a_category(&mut connection, "Clothes", None).await;
    let shirts = a_category(&mut connection, "Shirts", Some(clothes)).await;
    let belts = a_category(&mut connection, "Belts", Some(clothes)).await;
    let phones = a_category(&mut connection, "Phones", None).await;
    for (name, category, on) in [
        ("Shirt", shirts, 10),
        ("Older shirt", shirts, 9),
        ("Newer shirt", shirts, 11),
        ("Coming shirt", shirts, 36_500),
        ("Old belt", belts, 1),
        ("New belt", belts, 2),
        ("Phone", phones, 10),
    ] {
        a_product(name, category)
            .published(day(on))
            .insert(&mut connection)
            .await;
    }
    let draft = a_product("Draft shirt", shirts)
        .published(day(10))
        .status("draft");
    draft.insert(&mut connection).await;
    let related = async |connection: &mut _, slug: &str| -> Vec<String> {
        let found = find_product(connection, &slug.parse().unwrap())
            .await
            .unwrap();
        found
            .related
            .into_iter()
            .map(|product| product.name)
            .collect()
    };
    let mut found = related(&mut connection, "shirt").await;
    found[..2].sort();
    assert_eq!(
        found,
        ["Newer shirt", "Older shirt", "New belt", "Old belt"]
    );
    assert!(related(&mut connection, "phone").await.is_empty());
    for index in 0..20 {
        let product = a_product(&format!("Shirt {index}"), shirts).published(day(index));
        product.insert(&mut connection).await;
    }
    let found = related(&mut connection, "shirt").await;
    assert_eq!(i64::try_from(found.len()), Ok(RELATED));
    assert!(
        found
            .iter()
            .all(|name| name.to_lowercase().contains("shirt")),
        "{found:?}"
    );
}

#[tokio::test]
async fn pictures_that_have_not_come_yet_are_not_shown() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let sandals = a_product("Sandals", shoes)
        .image("https://images.test/1.jpg", "Front")
        .image("https://images.test/2.jpg", "Back");
    sandals.insert(&mut connection).await;
    sqlx::query(
        "UPDATE product_images
         SET uploaded_at = NULL, key = 'products/' || product_id || '/' || id || '.jpg', bytes = 1,
             content_type = 'image/jpeg', upload_until = now()
         WHERE position = 0",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let found = find_product(&mut connection, &"sandals".parse().unwrap())
        .await
        .unwrap();
    let shown: Vec<&str> = found.images.iter().map(|image| &*image.alt).collect();
    assert_eq!(shown, ["Back"]);
    let listed = super::page(&mut connection, &crate::Filters::default(), None).await;
    assert_eq!(listed.items[0].image.as_ref().unwrap().alt, "Back");
}
