use std::collections::BTreeSet;

use catalog::testing::{a_category, a_product};
use insta::assert_json_snapshot;
use runtime_api::{Function, Request, Response};
use serde_json::{Value, json};

use crate::shop::{LIST_PRODUCTS, Shop, day};

async fn list(function: &Function, query: &str) -> Response {
    let target = format!("/api/products{query}");
    function
        .send(Request::get(&target).route("/api/products"))
        .await
}

fn slugs(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["slug"].as_str().unwrap())
        .collect()
}

fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_list_shows_its_products_and_what_they_can_be_narrowed_to() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    let answer = list(&function, "").await;
    assert_eq!(answer.status, 200);
    assert_json_snapshot!("list", answer.json(), { ".items[].id" => "[id]" });
}

#[tokio::test]
async fn each_parameter_narrows_or_orders_the_list() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    for (query, expected) in [
        (
            "?sort=price",
            &["boots", "leather-sandals", "ankara-shirt"][..],
        ),
        (
            "?sort=-price",
            &["ankara-shirt", "leather-sandals", "boots"],
        ),
        ("?sort=name", &["ankara-shirt", "boots", "leather-sandals"]),
        (
            "?sort=relevance",
            &["boots", "leather-sandals", "ankara-shirt"],
        ),
        ("?q=leather+san", &["leather-sandals"]),
        (
            "?q=&option.Size=&min_price=",
            &["boots", "leather-sandals", "ankara-shirt"],
        ),
        ("?category=clothes", &["ankara-shirt"]),
        ("?category=nowhere", &[]),
        ("?min_price=500000&max_price=500000", &["leather-sandals"]),
        ("?in_stock=true", &["leather-sandals", "ankara-shirt"]),
        ("?in_stock=false&limit=1", &["boots"]),
        ("?option.Size=M&option.Colour=Indigo", &["ankara-shirt"]),
        ("?option.Size=L&in_stock=true", &[]),
        (
            "?option.Size=L&option.Size=42",
            &["leather-sandals", "ankara-shirt"],
        ),
        (
            "?option.Size=L&option.Size=42&option.Colour=Indigo",
            &["ankara-shirt"],
        ),
        ("?sort=-name", &["leather-sandals", "boots", "ankara-shirt"]),
        ("?q=abeokuta", &["ankara-shirt"]),
        ("?q=LEATHER-SANDALS-0", &["leather-sandals"]),
        ("?q=indigo", &["ankara-shirt"]),
        ("?option.None=%F0%9F%A9%B4", &[]),
    ] {
        let answer = list(&function, query).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_eq!(slugs(&answer.json()), expected, "{query}");
    }
}

#[tokio::test]
async fn every_bad_parameter_is_told_at_once() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    let query = format!(
        "?q={}&category=No+Slug&min_price=5&max_price=-1&in_stock=yes&option.Size=1&option.Size=2\
         &option.%00=x&option.Colour=%07&sort=cheapest&limit=101&cursor=nonsense&page=2&option.=x",
        "a".repeat(201)
    );
    let answer = list(&function, &query).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_json_snapshot!("bad_parameters", answer.json(), { ".request_id" => "[id]" });
    let answer = list(&function, "?min_price=2&max_price=1").await;
    assert_eq!(faults(&answer.json()), [("?max_price", "below_min_price")]);
    for limit in ["0", "101", "-1", "ten", "9999999999999999999999"] {
        let answer = list(&function, &format!("?limit={limit}")).await;
        assert_eq!(
            faults(&answer.json()),
            [("?limit", "out_of_range")],
            "{limit}"
        );
    }
}

#[tokio::test]
async fn a_misspelt_search_says_what_it_looked_for_instead() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    let answer = list(&function, "?q=lether+sandlas").await.json();
    assert_eq!(slugs(&answer), ["leather-sandals"]);
    assert_eq!(answer["corrected"], "leather sandals");
    assert_eq!(answer["facets"]["total"], 1);
    let answer = list(&function, "?q=leather+sandals").await.json();
    assert_eq!(answer["corrected"], json!(null));
}

#[tokio::test]
async fn more_values_of_options_than_a_shopper_ticks_are_refused() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    let values: Vec<String> = (0..51)
        .map(|value| format!("option.Size={value}"))
        .collect();
    let answer = list(&function, &format!("?{}", values.join("&"))).await;
    assert_eq!(answer.status, 422);
    assert_eq!(faults(&answer.json()), [("?option.", "too_many_options")]);
}

#[tokio::test]
async fn pages_are_read_on_and_back() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    let first = list(&function, "?limit=2&sort=price").await.json();
    assert_eq!(slugs(&first), ["boots", "leather-sandals"]);
    assert_eq!(first["previous_cursor"], json!(null));
    let next = first["next_cursor"].as_str().unwrap();
    let last = list(&function, &format!("?limit=2&sort=price&cursor={next}"))
        .await
        .json();
    assert_eq!(slugs(&last), ["ankara-shirt"]);
    assert_eq!(last["next_cursor"], json!(null));
    let previous = last["previous_cursor"].as_str().unwrap();
    let back = list(&function, &format!("?limit=2&sort=price&cursor={previous}"))
        .await
        .json();
    assert_eq!(slugs(&back), ["boots", "leather-sandals"]);
    assert_eq!(back["previous_cursor"], json!(null));
    assert_eq!(back["next_cursor"], first["next_cursor"]);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    let first = list(&function, "?limit=1&sort=price").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    for other in [
        "",
        "&sort=-price",
        "&sort=price&category=shoes",
        "&sort=price&in_stock=true",
    ] {
        let answer = list(&function, &format!("?cursor={cursor}{other}")).await;
        assert_eq!(answer.status, 422, "{other}");
        assert_eq!(
            faults(&answer.json()),
            [("?cursor", "invalid_cursor")],
            "{other}"
        );
    }
    // The size of a page may change on the way.
    let answer = list(&function, &format!("?cursor={cursor}&sort=price&limit=5")).await;
    assert_eq!(slugs(&answer.json()), ["leather-sandals", "ankara-shirt"]);
    assert_eq!(answer.json()["next_cursor"], json!(null));
}

#[tokio::test]
async fn pages_go_through_all_products_once_while_others_are_added() {
    let shop = Shop::empty().await;
    let mut connection = shop.db.connect().await;
    let category = a_category(&mut connection, "All", None).await;
    let mut expected = Vec::new();
    for index in 0..25 {
        let product = a_product(&format!("Before {index}"), category).published(day(index * 2));
        product.insert(&mut connection).await;
        expected.insert(0, format!("before-{index}"));
    }
    let function = shop.start(LIST_PRODUCTS);
    let (mut walked, mut next) = (Vec::new(), String::new());
    for round in 0.. {
        let page = list(&function, &format!("?limit=4{next}")).await.json();
        walked.extend(slugs(&page).into_iter().map(str::to_owned));
        for place in [round * 2 + 1, 100 + round] {
            let product = a_product(&format!("Meanwhile {round} {place}"), category);
            product.published(day(place)).insert(&mut connection).await;
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        next = format!("&cursor={cursor}");
    }
    let before: Vec<&String> = walked
        .iter()
        .filter(|slug| slug.starts_with("before"))
        .collect();
    assert_eq!(before, expected.iter().collect::<Vec<_>>());
    assert_eq!(
        walked.iter().collect::<BTreeSet<_>>().len(),
        walked.len(),
        "none twice"
    );
}

#[tokio::test]
async fn an_answer_is_kept_until_the_catalogue_changes() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_PRODUCTS);
    let first = list(&function, "?category=shoes&limit=5").await;
    sqlx::query("UPDATE products SET name = 'Wellingtons' WHERE slug = 'boots'")
        .execute(&mut shop.db.connect().await)
        .await
        .unwrap();
    // The same list, asked for in other words.
    let kept = list(
        &function,
        "?limit=5&category=shoes&sort=newest&q=+&in_stock=false",
    )
    .await;
    assert_eq!(kept.body, first.body);
    assert!(
        cache::Cache::lazy(&shop.redis)
            .new_catalogue_generation()
            .await
    );
    let fresh = list(&function, "?category=shoes&limit=5").await;
    assert_eq!(fresh.json()["items"][0]["name"], "Wellingtons");
}
