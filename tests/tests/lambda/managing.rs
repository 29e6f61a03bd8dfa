//! What staff do to the catalogue.

use runtime_api::Request;
use serde_json::{Value, json};

use crate::clerk::{Clerk, one};
use crate::instance::Lambda;

const PRODUCTS: &str = "/api/admin/products";
const PRODUCT: &str = "/api/admin/products/{id}";
const VARIANTS: &str = "/api/admin/products/{id}/variants";
const VARIANT: &str = "/api/admin/variants/{id}";
const CATEGORIES: &str = "/api/admin/categories";
const CATEGORY: &str = "/api/admin/categories/{id}";
const IMAGES: &str = "/api/admin/products/{id}/images";
const IMAGE: &str = "/api/admin/products/{id}/images/{image_id}";
const IMPORTS: &str = "/api/admin/product-imports";
const IMPORT: &str = "/api/admin/product-imports/{id}";
const EXPORTS: &str = "/api/admin/product-exports";
const EXPORT: &str = "/api/admin/product-exports/{id}";

fn naira(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "NGN" })
}

/// As it was written.
fn of_version(version: i64, request: Request) -> Request {
    request.header("if-match", &format!("\"{version}\""))
}

pub(crate) async fn admin_list_products(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let list = |query: &str| Request::get(&format!("{PRODUCTS}{query}")).route(PRODUCTS);
    let [all, few] = clerk.ask_twice(200, [list(""), list("?limit=1")]).await;
    let count = |page: &Value| page["items"].as_array().map(Vec::len);
    assert_eq!((count(&all), count(&few)), (Some(2), Some(1)));
    clerk.end(&[]).await;
}

pub(crate) async fn admin_get_product(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let get = |id: &dyn ToString| one("GET", PRODUCT, &[id]);
    let both = [get(&clerk.goods.shirt.id), get(&clerk.goods.sandals.id)];
    let [shirt, sandals] = clerk.ask_twice(200, both).await;
    assert_eq!(
        (&shirt["name"], &sandals["name"]),
        (&json!("Ankara shirt"), &json!("Leather sandals"))
    );
    clerk.end(&[]).await;
}

pub(crate) async fn admin_create_product(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let category = clerk.goods.shirts;
    let make = |name: &str| {
        let body = json!({ "name": name, "category_id": category });
        Request::post(PRODUCTS).route(PRODUCTS).json(&body)
    };
    let [cap, belt] = clerk.ask_twice(201, [make("Cap"), make("Belt")]).await;
    assert_eq!(
        (&cap["slug"], &belt["slug"]),
        (&json!("cap"), &json!("belt"))
    );
    clerk.end(&["product.created"; 2]).await;
}

pub(crate) async fn admin_update_product(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let id = clerk.goods.shirt.id;
    let change = |version, name: &str| {
        let request = one("PATCH", PRODUCT, &[&id]).json(&json!({ "name": name }));
        of_version(version, request)
    };
    let both = [change(1, "Shirt"), change(2, "Red shirt")];
    let [first, second] = clerk.ask_twice(200, both).await;
    assert_eq!(
        (&first["version"], &second["version"]),
        (&json!(2), &json!(3))
    );
    clerk.end(&["product.updated"; 2]).await;
}

pub(crate) async fn admin_archive_product(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let archive = |id: &dyn ToString| of_version(1, one("DELETE", PRODUCT, &[id]));
    let both = [
        archive(&clerk.goods.shirt.id),
        archive(&clerk.goods.sandals.id),
    ];
    clerk.ask_twice(204, both).await;
    clerk.end(&["product.archived"; 2]).await;
}

pub(crate) async fn admin_create_variant(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let id = clerk.goods.shirt.id;
    let of_sizes = "UPDATE product_options SET option_values = '{M,L,XL}'";
    clerk.stage.execute(of_sizes).await;
    let make = |size: &str| {
        let body = json!({ "sku": size, "price": naira(900_000), "options": { "Size": size } });
        one("POST", VARIANTS, &[&id]).json(&body)
    };
    let [large, _] = clerk.ask_twice(201, [make("L"), make("XL")]).await;
    assert_eq!(large["sku"], "L");
    clerk.end(&["product.updated"; 2]).await;
}

pub(crate) async fn admin_update_variant(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let id = clerk.goods.shirt.variants[0];
    let price = |version, price| {
        let request = one("PATCH", VARIANT, &[&id]).json(&json!({ "price": naira(price) }));
        of_version(version, request)
    };
    let [_, second] = clerk
        .ask_twice(200, [price(1, 900_000), price(2, 800_000)])
        .await;
    assert_eq!(second["price"], naira(800_000));
    clerk.end(&["product.updated"; 2]).await;
}

pub(crate) async fn admin_delete_variant(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    // What is published keeps its last variant.
    let hidden = "UPDATE products SET status = 'draft'";
    clerk.stage.execute(hidden).await;
    let (shirt, sandals) = (&clerk.goods.shirt, &clerk.goods.sandals);
    let both = [shirt.variants[0], sandals.variants[0]];
    let both = both.map(|id| of_version(1, one("DELETE", VARIANT, &[&id])));
    clerk.ask_twice(204, both).await;
    clerk.end(&["product.updated"; 2]).await;
}

pub(crate) async fn admin_create_category(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let make = |name: &str| {
        let request = Request::post(CATEGORIES).route(CATEGORIES);
        request.json(&json!({ "name": name }))
    };
    let [belts, _] = clerk.ask_twice(201, [make("Belts"), make("Bags")]).await;
    assert_eq!(belts["path"], "/belts/");
    clerk.end(&["category.updated"; 2]).await;
}

pub(crate) async fn admin_update_category(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let [shoes, hats] = clerk.goods.empty;
    let below = |parent: Value, version| {
        let request = one("PATCH", CATEGORY, &[&shoes]).json(&json!({ "parent_id": parent }));
        of_version(version, request)
    };
    let both = [below(json!(hats), 1), below(Value::Null, 2)];
    let [down, up] = clerk.ask_twice(200, both).await;
    assert_eq!(
        (&down["path"], &up["path"]),
        (&json!("/hats/shoes/"), &json!("/shoes/"))
    );
    clerk.end(&["category.updated"; 2]).await;
}

pub(crate) async fn admin_delete_category(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let both = clerk.goods.empty;
    let both = both.map(|id| of_version(1, one("DELETE", CATEGORY, &[&id])));
    clerk.ask_twice(204, both).await;
    clerk.end(&["category.updated"; 2]).await;
}

pub(crate) async fn admin_create_image_upload(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let id = clerk.goods.shirt.id;
    let promise = |bytes: u32| {
        let body = json!({ "content_type": "image/webp", "bytes": bytes });
        one("POST", IMAGES, &[&id]).json(&body)
    };
    let [first, second] = clerk.ask_twice(201, [promise(1_000), promise(2_000)]).await;
    let address = |promised: &Value| promised["upload"]["url"].as_str().map(str::to_owned);
    assert!(address(&first).is_some() && address(&first) != address(&second));
    clerk.end(&["image.requested"; 2]).await;
}

/// A picture of the shirt, as the address names it.
async fn picture(clerk: &Clerk) -> String {
    let id = clerk.goods.shirt.id;
    let query = format!("SELECT id FROM product_images WHERE product_id = '{id}'");
    clerk.field(&query, "id").await
}

pub(crate) async fn admin_update_image(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let (product, image) = (clerk.goods.shirt.id, picture(&clerk).await);
    let describe = |version, alt: &str| {
        let request = one("PATCH", IMAGE, &[&product, &image]).json(&json!({ "alt": alt }));
        of_version(version, request)
    };
    clerk
        .ask_twice(200, [describe(1, "Red"), describe(2, "Blue")])
        .await;
    clerk.end(&["product.updated"; 2]).await;
}

pub(crate) async fn admin_delete_image(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let shirt = picture(&clerk).await;
    let query = format!("SELECT id FROM product_images WHERE id <> '{shirt}'");
    let sandals = clerk.field(&query, "id").await;
    let both = [
        one("DELETE", IMAGE, &[&clerk.goods.shirt.id, &shirt]),
        one("DELETE", IMAGE, &[&clerk.goods.sandals.id, &sandals]),
    ];
    clerk
        .ask_twice(204, both.map(|request| of_version(1, request)))
        .await;
    assert_eq!(clerk.stage.count("SELECT 1 FROM product_images").await, 0);
    clerk.end(&["product.updated"; 2]).await;
}

pub(crate) async fn admin_import_products(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let promise = || Request::post(IMPORTS).route(IMPORTS).json(&json!({}));
    let [first, _] = clerk.ask_twice(201, [promise(), promise()]).await;
    assert_eq!(first["status"], "awaiting_upload");
    clerk.end(&["import.requested"; 2]).await;
}

pub(crate) async fn admin_get_import(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let file = "INSERT INTO product_imports (id, requested_by, requested_at, upload_expires_at)
                VALUES (gen_random_uuid(), 'ada', now(), now() + interval '1 hour')";
    clerk.stage.execute(file).await;
    let id = clerk.field("SELECT id FROM product_imports", "id").await;
    let get = || one("GET", IMPORT, &[&id]);
    let [_, again] = clerk.ask_twice(200, [get(), get()]).await;
    assert_eq!(again["status"], "awaiting_upload");
    clerk.end(&[]).await;
}

pub(crate) async fn admin_export_products(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let ask = |body: Value| Request::post(EXPORTS).route(EXPORTS).json(&body);
    let both = [ask(json!({})), ask(json!({ "category": "shirts" }))];
    let [first, _] = clerk.ask_twice(201, both).await;
    assert_eq!(first["status"], "waiting");
    clerk.end(&["export.requested"; 2]).await;
}

pub(crate) async fn admin_get_export(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let file = "INSERT INTO product_exports (id, requested_by, requested_at, status, started_at, finished_at)
                VALUES (gen_random_uuid(), 'ada', now(), 'done', now(), now())";
    clerk.stage.execute(file).await;
    let id = clerk.field("SELECT id FROM product_exports", "id").await;
    let get = || one("GET", EXPORT, &[&id]);
    let [_, again] = clerk.ask_twice(200, [get(), get()]).await;
    let address = again["download"]["url"].as_str().unwrap_or_default();
    assert!(address.contains(&id), "{again}");
    clerk.end(&[]).await;
}
