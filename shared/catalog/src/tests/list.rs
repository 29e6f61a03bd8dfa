use database::testing::TestDatabase;
use domain::Availability;

use super::{all, chosen, day, names, page, put};
use crate::testing::{a_category, a_product};
use crate::{Filters, Sort};

fn options(pairs: &[(&str, &str)]) -> Filters {
    let pair = |&(name, value): &(&str, &str)| chosen(name, &[value]);
    Filters {
        options: pairs.iter().map(pair).collect(),
        ..Filters::default()
    }
}

#[tokio::test]
async fn only_what_is_on_sale_is_listed() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    a_product("Sandals", shoes).insert(&mut connection).await;
    a_product("Draft", shoes)
        .status("draft")
        .insert(&mut connection)
        .await;
    a_product("Archived", shoes)
        .status("archived")
        .insert(&mut connection)
        .await;
    a_product("Next year", shoes)
        .published(day(36_500))
        .insert(&mut connection)
        .await;
    let gone = a_product("Nothing left of it", shoes)
        .insert(&mut connection)
        .await;
    sqlx::query("UPDATE variants SET archived_at = now() WHERE product_id = $1")
        .bind(gone.id.uuid())
        .execute(&mut connection)
        .await
        .unwrap();
    let found = page(&mut connection, &Filters::default(), None).await;
    assert_eq!(names(&found.items), ["Sandals"]);
    assert_eq!(found.next, None);
}

#[tokio::test]
async fn a_category_has_the_products_of_its_descendants_and_no_others() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let phones = a_category(&mut connection, "Phones", None).await;
    let smart = a_category(&mut connection, "Smart", Some(phones)).await;
    let cases = a_category(&mut connection, "Phones cases", None).await;
    for (name, category) in [("Old", phones), ("Clever", smart), ("Case", cases)] {
        a_product(name, category).insert(&mut connection).await;
    }
    let within = |slug: &str| Filters {
        category: Some(slug.parse().unwrap()),
        ..Filters::default()
    };
    let found = page(&mut connection, &within("phones"), Some(Sort::Name)).await;
    assert_eq!(names(&found.items), ["Clever", "Old"]);
    let found = page(&mut connection, &within("smart"), None).await;
    assert_eq!(names(&found.items), ["Clever"]);
    let found = page(&mut connection, &within("nowhere"), None).await;
    assert!(found.items.is_empty());
}

#[tokio::test]
async fn options_and_stock_are_asked_of_one_variant() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let (small_red, large_blue) = (
        [("Size", "41"), ("Colour", "Red")],
        [("Size", "42"), ("Colour", "Blue")],
    );
    let sandals = a_product("Sandals", shoes)
        .variant(&small_red, 5)
        .variant(&large_blue, 5);
    let sandals = sandals.insert(&mut connection).await;
    put(&mut connection, sandals.variants[0], 3).await;
    put(&mut connection, sandals.variants[1], 0).await;
    for (filters, expected) in [
        (options(&[("Size", "41")]), 1),
        (options(&[("Size", "41"), ("Colour", "Red")]), 1),
        (options(&[("Size", "41"), ("Colour", "Blue")]), 0),
        (options(&[("size", "41")]), 0),
        (
            Filters {
                options: [chosen("Size", &["41", "42"]), chosen("Colour", &["Blue"])].into(),
                ..Filters::default()
            },
            1,
        ),
        (
            Filters {
                options: [chosen("Size", &["41", "43"]), chosen("Colour", &["Blue"])].into(),
                ..Filters::default()
            },
            0,
        ),
        (
            Filters {
                options: [chosen("Size", &["41", "42"])].into(),
                in_stock: true,
                ..Filters::default()
            },
            1,
        ),
        (
            Filters {
                in_stock: true,
                ..options(&[("Size", "41")])
            },
            1,
        ),
        (
            Filters {
                in_stock: true,
                ..options(&[("Size", "42")])
            },
            0,
        ),
    ] {
        assert_eq!(
            all(&mut connection, &filters).await.len(),
            expected,
            "{filters:?}"
        );
    }
}

#[tokio::test]
async fn prices_are_compared_inclusively_with_the_lowest_of_a_product() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let sandals = a_product("Sandals", shoes).variant(&[("Size", "41")], 500);
    sandals
        .variant(&[("Size", "42")], 900)
        .insert(&mut connection)
        .await;
    for (min_price, max_price, expected) in [
        (Some(500), Some(500), 1),
        (Some(501), None, 0),
        (None, Some(499), 0),
        (None, None, 1),
    ] {
        let filters = Filters {
            min_price,
            max_price,
            ..Filters::default()
        };
        assert_eq!(
            all(&mut connection, &filters).await.len(),
            expected,
            "{filters:?}"
        );
    }
}

#[tokio::test]
async fn a_product_shows_its_lowest_price_its_first_picture_and_its_best_availability() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let sandals = a_product("Sandals", shoes)
        .variant(&[("Size", "41")], 900)
        .reduced(&[("Size", "42")], 500, Some(800))
        .image("https://images.test/1.jpg", "From the left")
        .image("https://images.test/2.jpg", "From the right");
    let sandals = sandals.insert(&mut connection).await;
    let listed = async |connection: &mut _| page(connection, &Filters::default(), None).await;
    let before = listed(&mut connection).await.items.remove(0);
    assert_eq!(before.availability, Availability::OutOfStock);
    put(&mut connection, sandals.variants[0], 50).await;
    put(&mut connection, sandals.variants[1], 1).await;
    let after = listed(&mut connection).await.items.remove(0);
    assert_eq!(after.availability, Availability::InStock);
    assert_eq!(
        (
            after.price.amount(),
            after.compare_at_price.unwrap().amount()
        ),
        (500, 800)
    );
    assert_eq!(after.image.unwrap().alt, "From the left");
    assert_eq!(after.category.slug, "shoes");
}

#[tokio::test]
async fn a_closed_location_has_nothing_to_sell() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let sandals = a_product("Sandals", shoes).insert(&mut connection).await;
    put(&mut connection, sandals.variants[0], 50).await;
    sqlx::query("UPDATE locations SET active = false")
        .execute(&mut connection)
        .await
        .unwrap();
    let in_stock = Filters {
        in_stock: true,
        ..Filters::default()
    };
    assert!(all(&mut connection, &in_stock).await.is_empty());
    let listed = all(&mut connection, &Filters::default()).await;
    assert_eq!(listed[0].availability, Availability::OutOfStock);
}
