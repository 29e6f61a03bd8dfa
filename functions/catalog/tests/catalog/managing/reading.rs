//! What staff read.

use domain::Permission;
use runtime_api::{Function, Request, Response};
use serde_json::{Value, json};

use super::office::{Ask, Office, told};
use super::refusals::OLD_VARIANT;
use super::{GET_PRODUCT, LIST_PRODUCTS};

const LIST: &str = "/api/admin/products";
const SHOW: &str = "/api/admin/products/{id}";

async fn get(office: &Office, function: &Function, route: &str, target: &str) -> Response {
    let request = Request::get(target).route(route);
    function.send(request.bearer(&office.token())).await
}

fn names(answer: &Response) -> Vec<String> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
    items.iter().map(name).collect()
}

#[tokio::test]
async fn who_may_not_read_reads_nothing() {
    let office = Office::open().await;
    let others: Vec<Permission> = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| *permission != Permission::ReadCatalogue)
        .collect();
    let wrong = office.stage.staff_token("ada", &others);
    let product = SHOW.replace("{id}", &office.shirt.id.to_string());
    for (binary, route, target) in [(LIST_PRODUCTS, LIST, LIST), (GET_PRODUCT, SHOW, &product)] {
        let function = office.spawn(binary);
        let request = || Request::get(target).route(route);
        assert_eq!(told(&function.send(request()).await).0, 401);
        assert_eq!(told(&function.send(request().bearer(&wrong)).await).0, 403);
    }
}

#[tokio::test]
async fn a_product_is_shown_whole_with_what_is_archived_and_its_version() {
    let office = Office::open().await;
    let archive = Ask::new(OLD_VARIANT, office.shirt.variants[1]).version(1);
    assert_eq!(office.ask(&archive).await.status, 204);
    let function = office.spawn(GET_PRODUCT);
    let target = SHOW.replace("{id}", &office.shirt.id.to_string());
    let shown = get(&office, &function, SHOW, &target).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    let product = shown.json();
    assert_eq!(product["variants"][0]["archived_at"], json!(null));
    assert!(product["variants"][1]["archived_at"].is_string());
    assert_eq!(shown.header("etag"), Some("\"2\""));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    for nothing in [office.shirts.to_string(), "ankara-shirt".to_owned()] {
        let target = SHOW.replace("{id}", &nothing);
        assert_eq!(get(&office, &function, SHOW, &target).await.status, 404);
    }
    office.stage.announced().await;
}

#[tokio::test]
async fn the_list_has_drafts_too_and_is_narrowed_and_followed() {
    let office = Office::open().await;
    office
        .stage
        .execute(
            "UPDATE products SET updated_at = timestamptz '2026-06-01' + length(name) * interval '1 minute'",
        )
        .await;
    let function = office.spawn(LIST_PRODUCTS);
    let ask = async |query: &str| {
        let target = format!("{LIST}{query}");
        get(&office, &function, LIST, &target).await
    };
    let drafts = ask("?status=draft").await.json();
    let draft = &drafts["items"][0];
    assert_eq!(
        (&draft["slug"], &draft["variant_count"]),
        (&json!("draft"), &json!(0))
    );
    assert_eq!(
        (&draft["price"], &drafts["next_cursor"]),
        (&json!(null), &json!(null))
    );
    for (query, expected) in [
        ("", vec!["Ankara shirt", "Draft", "Belt"]),
        ("?category=clothes", vec!["Ankara shirt", "Draft", "Belt"]),
        ("?category=shirts", vec!["Ankara shirt"]),
        ("?category=nowhere", vec![]),
        ("?status=published", vec!["Ankara shirt", "Belt"]),
        ("?status=published&category=clothes&q=be", vec!["Belt"]),
        ("?q=ankara-shirt-1", vec!["Ankara shirt"]),
        ("?q=ankara%20sh", vec!["Ankara shirt"]),
    ] {
        let answer = ask(query).await;
        assert_eq!(names(&answer), expected, "{query}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let first = ask("?limit=2").await;
    assert_eq!(names(&first), ["Ankara shirt", "Draft"]);
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let last = ask(&format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(
        (names(&last), &last.json()["next_cursor"]),
        (vec!["Belt".to_owned()], &json!(null))
    );
    let refused = ask("?status=gone&limit=0&cursor=x&sort=name&category=A%20b&q=%00").await;
    let (status, _, faults) = told(&refused);
    let mut places: Vec<&str> = faults.iter().map(|(place, _)| place.as_str()).collect();
    places.sort_unstable();
    assert_eq!(status, 422);
    assert_eq!(
        places,
        ["?category", "?cursor", "?limit", "?q", "?sort", "?status"]
    );
}
