use std::collections::BTreeSet;

use catalog::testing::a_product;
use domain::CategoryId;
use serde_json::json;

use super::room::{CATEGORIES, Room, SYNC, VERSIONS};
use crate::shop::day;

/// What begins a cell that somebody wishes to be a formula, or is one of ours.
const BEGINNINGS: [&str; 10] = ["", "=", "+", "-", "@", "'", "'=", "''@", "＝", "\""];

/// A shop's products, of every sort that there can be.
async fn stock_up(room: &Room, seed: u64, products: usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut connection = room.stage.db.connect().await;
    let mut categories = Vec::new();
    for name in CATEGORIES {
        let slug = name.to_lowercase();
        let id = room
            .stage
            .row(&format!("SELECT id FROM categories WHERE slug = '{slug}'"))
            .await;
        categories.push(id["id"].as_str().unwrap().parse::<CategoryId>().unwrap());
    }
    for number in 0..products {
        let beginning = BEGINNINGS[random.usize(..BEGINNINGS.len())];
        let name = format!("{beginning}Name; \"{number}\", ẹ̀wù|\\");
        let category = categories[random.usize(..categories.len())];
        let mut product = a_product(&name, category)
            .slug(&format!("product-{number}"))
            .described(&text(&mut random, beginning))
            .published(day(random.i64(0..90)));
        let sizes = ["'=S", "M|L", "\\", "42", "-"];
        for size in &sizes[..random.usize(1..=sizes.len())] {
            let price = random.i64(1..=10_000_000);
            let before = random.bool().then(|| price + random.i64(1..1_000));
            let options: &[(&str, &str)] = &[("Size", *size), ("@Colour", "Red")];
            let options = if number % 3 == 0 {
                &options[..1]
            } else {
                options
            };
            product = product.reduced(options, price, before);
        }
        product
            .status(["draft", "published", "archived"][random.usize(..3)])
            .insert(&mut connection)
            .await;
    }
    room.stage.execute(
        "UPDATE variants SET weight_grams = position * 100, archived_at = CASE WHEN position = 2 THEN now() END;
         UPDATE product_options SET option_values = option_values || ARRAY['+unused'] WHERE position = 0;
         UPDATE products SET show_quantity = length(description) % 2 = 0",
    )
    .await;
}

fn text(random: &mut fastrand::Rng, beginning: &str) -> String {
    let bits = ["word", ",", ";", "\"", "\n", "'", "=1+1", "ẹ", "|", " "];
    let length = random.usize(0..30);
    let text: String = (0..length)
        .map(|_| bits[random.usize(..bits.len())])
        .collect();
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    format!("{beginning}{}", lines.join("\n")).trim().to_owned()
}

#[tokio::test]
async fn an_export_that_is_imported_is_the_same_catalogue() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let shop = Room::open().await;
    stock_up(&shop, seed, 120).await;
    let catalogue = shop.catalogue().await;
    let (export, file) = shop.export(&json!({})).await;
    assert_eq!(export["products"], 120);

    let versions = shop.stage.row(VERSIONS).await;
    let id = shop.send_in(file.clone()).await;
    let told = shop.let_work_end(&shop.start(SYNC)).await;
    let import = shop.import(&id).await;
    assert_eq!(
        (told.len(), &import["rows"]["unchanged"]),
        (0, &export["rows"]),
        "{import}"
    );
    assert_eq!(
        (shop.catalogue().await, shop.stage.row(VERSIONS).await),
        (catalogue.clone(), versions)
    );

    let empty = Room::open().await;
    let id = empty.send_in(file).await;
    empty.let_work_end(&empty.start(SYNC)).await;
    let import = empty.import(&id).await;
    assert_eq!(import["rows"]["created"], export["rows"], "{import}");
    for (found, expected) in empty.catalogue().await.iter().zip(&catalogue) {
        assert_eq!(found, expected);
    }
    assert_eq!(empty.catalogue().await.len(), catalogue.len());
}

#[tokio::test]
async fn no_cell_of_an_export_is_a_formula() {
    let shop = Room::open().await;
    stock_up(&shop, 7, 60).await;
    let (_, file) = shop.export(&json!({})).await;
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap();
    let mut cells = 0;
    for record in csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(file)
        .records()
    {
        for cell in record.unwrap().iter() {
            cells += 1;
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']),
                "{cell}"
            );
        }
    }
    assert!(cells > 1_000);
}

#[tokio::test]
async fn an_export_has_what_was_chosen() {
    let shop = Room::open().await;
    stock_up(&shop, 11, 60).await;
    for (choice, condition) in [
        (json!({ "status": "draft" }), "p.status = 'draft'"),
        (json!({ "category": "clothes" }), "c.path LIKE '/clothes/%'"),
        (
            json!({ "category": "shirts", "status": "published" }),
            "c.slug = 'shirts' AND p.status = 'published'",
        ),
    ] {
        let (export, _) = shop.export(&choice).await;
        let query = format!(
            "SELECT FROM products p JOIN categories c ON c.id = p.category_id WHERE {condition}"
        );
        let expected = shop.stage.count(&query).await;
        assert_eq!(export["products"], expected, "{choice}");
    }
}

#[tokio::test]
async fn a_catalogue_larger_than_an_answer_is_written_in_parts() {
    let shop = Room::open().await;
    stock_up(&shop, 3, 10).await;
    shop.grow(1_500).await;
    let (export, file) = shop.export(&json!({})).await;
    assert!(file.len() > 6 * 1024 * 1024, "{}", file.len());
    assert_eq!(
        (&export["products"], &export["bytes"]),
        (&json!(1_510), &json!(file.len()))
    );
    let parts = shop
        .stage
        .row("SELECT cardinality(part_etags) AS parts FROM product_exports")
        .await;
    assert_eq!(parts["parts"], 3);
    assert_eq!(slugs(&file).len(), 1_510, "each product once");
}

/// The slugs of a file's products.
pub(super) fn slugs(file: &[u8]) -> BTreeSet<String> {
    let rows = csv::Reader::from_reader(file).into_records();
    rows.map(|row| row.unwrap()[0].to_owned()).collect()
}

#[tokio::test]
async fn an_export_whose_upload_is_lost_is_begun_anew() {
    let shop = Room::open().await;
    stock_up(&shop, 5, 5).await;
    let id = shop.ask_for(&json!({})).await;
    let lost =
        "UPDATE product_exports SET upload_id = 'gone', status = 'working', started_at = now(),
                    part_etags = ARRAY['\"x\"']";
    shop.stage.execute(lost).await;
    shop.let_work_end(&shop.start(SYNC)).await;
    let (export, file) = shop.fetch(&id).await;
    assert_eq!((&export["products"], slugs(&file).len()), (&json!(5), 5));
}
