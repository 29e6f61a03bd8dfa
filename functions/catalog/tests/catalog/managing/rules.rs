//! What breaks a rule of the shop is refused where it stands, and nothing is written. A rule is a line.

use std::collections::BTreeMap;

use runtime_api::Function;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Ask, Office, told};
use super::refusals::{
    CHANGE_CATEGORY, CHANGE_PRODUCT, CHANGE_VARIANT, NEW_CATEGORY, NEW_PRODUCT, NEW_VARIANT,
    OLD_CATEGORY, OLD_VARIANT, naira,
};

/// What is asked, the status and code, and the faults with their places.
type Rule = (
    Ask,
    u16,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const INVALID: &str = "invalid_request";

async fn hold(office: &Office, rules: Vec<Rule>) {
    let before = office.everything().await;
    let mut functions: BTreeMap<&str, Function> = BTreeMap::new();
    for (ask, status, code, faults) in rules {
        let function = functions
            .entry(ask.binary)
            .or_insert_with(|| office.spawn(ask.binary));
        let answer = function.send(ask.request().bearer(&office.token())).await;
        let expected: Vec<(String, String)> = faults
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
            .collect();
        let expected = (status, code.to_owned(), expected);
        assert_eq!(told(&answer), expected, "{:?}: {}", ask.body, answer.text());
    }
    assert_eq!(office.everything().await, before);
}

#[tokio::test]
async fn of_a_new_product() {
    let office = Office::open().await;
    let make = |fields: Value| {
        let mut body = json!({"name": "Cap", "category_id": office.shirts});
        let given = body.as_object_mut().unwrap();
        given.extend(fields.as_object().unwrap().clone());
        Ask::new(NEW_PRODUCT, "").body(body)
    };
    let of_variant = |fields: Value| {
        let mut variant = json!({"sku": "CAP", "price": naira(5)});
        variant
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        make(json!({"variants": [variant]}))
    };
    let size = json!([{"name": "Size", "values": ["M"]}]);
    let rules: Vec<Rule> = vec![
        (
            make(json!({"slug": "belt"})),
            409,
            "slug_taken",
            &[("/slug", "slug_taken")],
        ),
        (
            make(json!({"slug": "A cap"})),
            422,
            INVALID,
            &[("/slug", "invalid_slug")],
        ),
        (
            make(json!({"name": " "})),
            422,
            INVALID,
            &[("/name", "invalid_name")],
        ),
        (
            make(json!({"category_id": Uuid::now_v7()})),
            422,
            INVALID,
            &[("/category_id", "unknown_category")],
        ),
        (
            make(json!({"category_id": "shirts"})),
            422,
            INVALID,
            &[("/category_id", "invalid_id")],
        ),
        (
            make(json!({"status": "published"})),
            409,
            "nothing_to_sell",
            &[],
        ),
        (
            make(json!({"status": "archived"})),
            422,
            INVALID,
            &[("/status", "unknown_word")],
        ),
        (
            make(json!({"published_at": "2500-01-01T00:00:00Z"})),
            422,
            INVALID,
            &[("/published_at", "invalid_published_at")],
        ),
        (
            make(json!({"currency": "EUR"})),
            422,
            INVALID,
            &[("/currency", "unknown_word")],
        ),
        (
            of_variant(json!({"price": naira(0)})),
            422,
            INVALID,
            &[("/variants/0/price/amount", "price_not_positive")],
        ),
        (
            of_variant(json!({"price": naira(-5)})),
            422,
            INVALID,
            &[("/variants/0/price/amount", "price_not_positive")],
        ),
        (
            of_variant(json!({"price": {"amount": 5, "currency": "USD"}})),
            422,
            INVALID,
            &[("/variants/0/price", "wrong_currency")],
        ),
        (
            of_variant(json!({"price": {"amount": 5, "currency": "NGN", "tax": 1}})),
            422,
            INVALID,
            &[("/variants/0/price/tax", "unknown_field")],
        ),
        (
            of_variant(json!({"compare_at_price": naira(5)})),
            422,
            INVALID,
            &[("/variants/0/compare_at_price", "compare_at_not_above_price")],
        ),
        (
            of_variant(json!({"weight_grams": -1})),
            422,
            INVALID,
            &[("/variants/0/weight_grams", "invalid_weight")],
        ),
        (
            of_variant(json!({"sku": "belt-0"})),
            409,
            "sku_taken",
            &[("/variants/0/sku", "sku_taken")],
        ),
        (
            of_variant(json!({"sku": "ẞ"})),
            422,
            INVALID,
            &[("/variants/0/sku", "invalid_sku")],
        ),
        (
            of_variant(json!({"options": {"Size": "M"}})),
            422,
            INVALID,
            &[("/variants/0/options", "wrong_combination")],
        ),
        (
            make(
                json!({"variants": [{"sku": "A", "price": naira(5)}, {"sku": "B", "price": naira(5)}]}),
            ),
            422,
            INVALID,
            &[("/variants/1/options", "repeated_combination")],
        ),
        (
            make(
                json!({"options": [{"name": "Size", "values": ["M"]}, {"name": "size", "values": ["L"]}]}),
            ),
            422,
            INVALID,
            &[("/options", "repeated_option")],
        ),
        (
            make(json!({"options": [{"name": "Size", "values": []}]})),
            422,
            INVALID,
            &[("/options/0/values", "wrong_length")],
        ),
        (
            make(json!({"variants": [], "generate_variants": {}})),
            422,
            INVALID,
            &[("/generate_variants", "contradiction")],
        ),
        (
            make(
                json!({"options": size, "generate_variants": {"sku_prefix": "X".repeat(64), "price": naira(5)}}),
            ),
            422,
            INVALID,
            &[("/generate_variants/sku_prefix", "invalid_sku")],
        ),
        (
            make(json!({"name": 5, "slug": "-", "color": "red", "show_quantity": "yes"})),
            422,
            INVALID,
            &[
                ("/color", "unknown_field"),
                ("/name", "wrong_type"),
                ("/slug", "invalid_slug"),
                ("/show_quantity", "wrong_type"),
            ],
        ),
    ];
    hold(&office, rules).await;
}

#[tokio::test]
async fn of_a_change_of_a_product() {
    let office = Office::open().await;
    let shirt = office.shirt.id.uuid();
    office
        .stage
        .execute("UPDATE products SET status = 'archived' WHERE slug = 'belt'")
        .await;
    let change = |id: Uuid, body: Value| Ask::new(CHANGE_PRODUCT, id).body(body).version(1);
    let of_shirt = |body: Value| change(shirt, body);
    let colour = json!({"name": "Colour", "values": ["Red"]});
    let rules: Vec<Rule> = vec![
        (
            of_shirt(json!({"slug": "belt"})),
            409,
            "slug_taken",
            &[("/slug", "slug_taken")],
        ),
        (
            of_shirt(json!({"name": null})),
            422,
            INVALID,
            &[("/name", "required")],
        ),
        (
            of_shirt(json!({"category_id": Uuid::now_v7()})),
            422,
            INVALID,
            &[("/category_id", "unknown_category")],
        ),
        (
            of_shirt(json!({"category_id": shirt})),
            422,
            INVALID,
            &[("/category_id", "unknown_category")],
        ),
        (
            of_shirt(json!({"published_at": null})),
            422,
            INVALID,
            &[("/published_at", "published_at_required")],
        ),
        (
            of_shirt(json!({"currency": "USD"})),
            409,
            "currency_in_use",
            &[],
        ),
        (
            of_shirt(json!({"version": 9})),
            422,
            INVALID,
            &[("/version", "unknown_field")],
        ),
        (
            of_shirt(json!({"id": office.draft})),
            422,
            INVALID,
            &[("/id", "unknown_field")],
        ),
        (
            of_shirt(json!({"options": [colour]})),
            409,
            "combination_taken",
            &[],
        ),
        (
            of_shirt(json!({"options": [colour, {"name": "Size", "values": ["M"]}]})),
            409,
            "option_in_use",
            &[],
        ),
        (
            of_shirt(
                json!({"options": [colour, {"name": "Fit", "renamed_from": "Cut", "values": ["M"]}]}),
            ),
            422,
            INVALID,
            &[("/options", "unknown_option")],
        ),
        (
            of_shirt(json!({"options": [colour, colour]})),
            422,
            INVALID,
            &[("/options", "repeated_option")],
        ),
        (
            change(office.draft, json!({"status": "published"})),
            409,
            "nothing_to_sell",
            &[],
        ),
        (
            change(office.belt.id.uuid(), json!({"status": "published"})),
            409,
            "forbidden_move",
            &[],
        ),
    ];
    hold(&office, rules).await;
}

#[tokio::test]
async fn of_variants() {
    let office = Office::open().await;
    let (medium, large) = (office.shirt.variants[0], office.shirt.variants[1]);
    let add = |options: Value, fields: Value| {
        let mut body = json!({"sku": "NEW", "options": options, "price": naira(5)});
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        Ask::new(NEW_VARIANT, office.shirt.id).body(body)
    };
    let change = |body: Value| Ask::new(CHANGE_VARIANT, medium).body(body).version(1);
    let of_large = json!({"Size": "L", "Colour": "Red"});
    let rules: Vec<Rule> = vec![
        (
            add(of_large.clone(), json!({})),
            409,
            "combination_taken",
            &[],
        ),
        (
            add(json!({"Size": "M"}), json!({})),
            422,
            INVALID,
            &[("/options", "wrong_combination")],
        ),
        (
            add(json!({"Size": "XL", "Colour": "Red"}), json!({})),
            422,
            INVALID,
            &[("/options", "wrong_combination")],
        ),
        (
            add(of_large.clone(), json!({"price": naira(0)})),
            422,
            INVALID,
            &[("/price/amount", "price_not_positive")],
        ),
        (
            change(json!({"price": naira(0)})),
            422,
            INVALID,
            &[("/price/amount", "price_not_positive")],
        ),
        (
            change(json!({"price": null})),
            422,
            INVALID,
            &[("/price", "required")],
        ),
        (
            change(json!({"compare_at_price": naira(100_000)})),
            422,
            INVALID,
            &[("/compare_at_price", "compare_at_not_above_price")],
        ),
        (
            change(json!({"price": {"amount": 5, "currency": "USD"}})),
            422,
            INVALID,
            &[("/price", "wrong_currency")],
        ),
        (
            change(json!({"sku": "BELT-0"})),
            409,
            "sku_taken",
            &[("/sku", "sku_taken")],
        ),
        (
            change(json!({"options": of_large})),
            409,
            "combination_taken",
            &[],
        ),
        (
            change(json!({"options": {"Size": "M", "Cut": "Slim"}})),
            422,
            INVALID,
            &[("/options", "wrong_combination")],
        ),
        (
            change(json!({"position": -1, "weight_grams": 1e9})),
            422,
            INVALID,
            &[
                ("/weight_grams", "wrong_type"),
                ("/position", "invalid_position"),
            ],
        ),
        (
            change(json!({"product_id": office.belt.id})),
            422,
            INVALID,
            &[("/product_id", "unknown_field")],
        ),
        (
            Ask::new(OLD_VARIANT, office.belt.variants[0]).version(1),
            409,
            "nothing_to_sell",
            &[],
        ),
    ];
    hold(&office, rules).await;
    let archive = Ask::new(OLD_VARIANT, large).version(1);
    assert_eq!(office.ask(&archive).await.status, 204);
    let gone = Ask::new(CHANGE_VARIANT, large)
        .body(json!({"price": naira(5)}))
        .version(2);
    hold(&office, vec![(gone, 404, "not_found", &[])]).await;
    office.stage.announced().await;
}

#[tokio::test]
async fn of_categories() {
    let office = Office::open().await;
    let make = |body: Value| Ask::new(NEW_CATEGORY, "").body(body);
    let change =
        |id: domain::CategoryId, body: Value| Ask::new(CHANGE_CATEGORY, id).body(body).version(1);
    let clothes = |body: Value| change(office.clothes, body);
    let rules: Vec<Rule> = vec![
        (
            make(json!({"name": "Hats", "slug": "shoes"})),
            409,
            "slug_taken",
            &[("/slug", "slug_taken")],
        ),
        (
            make(json!({"name": "Hats", "parent_id": Uuid::now_v7()})),
            422,
            INVALID,
            &[("/parent_id", "unknown_category")],
        ),
        (
            make(json!({"name": "Hats", "parent_id": office.shirt.id})),
            422,
            INVALID,
            &[("/parent_id", "unknown_category")],
        ),
        (
            make(json!({"slug": "hats", "path": "/hats/"})),
            422,
            INVALID,
            &[("/path", "unknown_field"), ("/name", "required")],
        ),
        (
            make(json!({"name": "Hats", "position": -1})),
            422,
            INVALID,
            &[("/position", "invalid_position")],
        ),
        (
            clothes(json!({"parent_id": office.shirts})),
            409,
            "category_cycle",
            &[("/parent_id", "category_cycle")],
        ),
        (
            clothes(json!({"parent_id": office.clothes})),
            409,
            "category_cycle",
            &[("/parent_id", "category_cycle")],
        ),
        (
            clothes(json!({"slug": "shoes"})),
            409,
            "slug_taken",
            &[("/slug", "slug_taken")],
        ),
        (
            clothes(json!({"parent_id": Uuid::now_v7()})),
            422,
            INVALID,
            &[("/parent_id", "unknown_category")],
        ),
        (
            clothes(json!({"name": null, "slug": null})),
            422,
            INVALID,
            &[("/name", "required"), ("/slug", "required")],
        ),
        (
            Ask::new(OLD_CATEGORY, office.clothes).version(1),
            409,
            "category_not_empty",
            &[],
        ),
        (
            Ask::new(OLD_CATEGORY, office.shirts).version(1),
            409,
            "category_not_empty",
            &[],
        ),
    ];
    hold(&office, rules).await;
}
