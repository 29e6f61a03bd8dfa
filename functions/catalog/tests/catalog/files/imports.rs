use domain::Permission;
use runtime_api::Request;
use serde_json::{Value, json};
use stage::Report;

use super::room::{
    EXPORT, GET_EXPORT, GET_IMPORT, IMPORT, QUEUE, Room, SYNC, VERSIONS, create_export,
    create_import, get_export, get_import,
};

const FILE: &str = "\u{FEFF}slug;name;category;status;option1_name;option1_value;sku;price\r\n\
    ankara-shirt;Ankara shirt;shirts;published;Size;M;AS-M;12500,50\r\n\
    ankara-shirt;;;;;L;AS-L;13000\r\n\
    ankara-shirt;;;;;XL;AS-XL;0\r\n\
    sandals;\"'=Sandals; \"\"fine\"\"\";/clothes/shirts/;;;;SA-1;5000,00\r\n\
    boots;Boots;nowhere;;;;BO-1;7000\r\n";

fn rows(import: &Value) -> [u64; 5] {
    let rows = &import["rows"];
    ["done", "created", "updated", "unchanged", "failed"].map(|name| rows[name].as_u64().unwrap())
}

#[tokio::test]
async fn a_file_is_uploaded_worked_and_told() {
    let room = Room::open().await;
    let sync = room.start(SYNC);
    let promised = room
        .ask(
            IMPORT,
            Permission::WriteCatalogue,
            create_import(&json!({})),
        )
        .await;
    let promised = promised.json();
    assert_eq!(promised["status"], "awaiting_upload");
    assert_eq!(room.stage.take_due(QUEUE).await, [], "nobody asks at once");
    let messages = room.due().await;
    assert_eq!(
        room.stage.hand(&sync, QUEUE, &messages).await,
        Report::done(1),
        "it has not come"
    );

    let id = promised["id"].as_str().unwrap();
    assert_eq!(room.upload(&promised["upload"], FILE.into()).await, 200);
    assert_eq!(
        room.upload(&promised["upload"], FILE.into()).await,
        412,
        "it comes once"
    );
    let told = room.let_work_end(&sync).await;
    let types: Vec<&Value> = told.iter().map(|event| &event["type"]).collect();
    assert_eq!(
        types,
        ["product.created", "product.created"],
        "each product once"
    );

    let import = room.import(id).await;
    assert_eq!(
        (&import["status"], &import["percent"]),
        (&json!("done"), &json!(100))
    );
    assert_eq!(rows(&import), [5, 3, 0, 0, 2]);
    assert_eq!(import["rows"]["total"], 5);
    assert_eq!(
        import["errors"],
        json!({ "count": 2, "next_cursor": null, "items": [
            { "line": 4, "column": "price", "code": "price_not_positive", "detail": "must be above zero" },
            { "line": 6, "column": "category", "code": "unknown_category", "detail": "is neither slug nor path of a category" },
        ]})
    );
    let catalogue = room.catalogue().await;
    let names: Vec<&Value> = catalogue.iter().map(|product| &product["name"]).collect();
    assert_eq!(names, ["Ankara shirt", "=Sandals; \"fine\""]);
    assert_eq!(catalogue[0]["lowest_price"], 1_250_050);
    let audited = room
        .stage
        .rows("SELECT DISTINCT actor, action FROM audit_log")
        .await;
    assert_eq!(
        audited,
        [json!({ "actor": "ada", "action": "product.created" })]
    );
    let activity = room
        .stage
        .row("SELECT detail FROM activity WHERE kind = 'import_finished'")
        .await;
    assert_eq!(activity["detail"]["rows"]["created"], 3);
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_tells_nobody() {
    let room = Room::open().await;
    let sync = room.start(SYNC);
    room.send_in(FILE.into()).await;
    room.let_work_end(&sync).await;
    let (before, versions) = (room.catalogue().await, room.stage.row(VERSIONS).await);
    let again = room.send_in(FILE.into()).await;
    assert_eq!(room.let_work_end(&sync).await, [] as [Value; 0]);
    assert_eq!(rows(&room.import(&again).await), [5, 0, 0, 3, 2]);
    assert_eq!(room.catalogue().await, before);
    assert_eq!(room.stage.row(VERSIONS).await, versions);
}

#[tokio::test]
async fn a_change_is_one_version_of_its_product_and_says_what_changed() {
    let room = Room::open().await;
    let sync = room.start(SYNC);
    room.send_in(FILE.into()).await;
    room.let_work_end(&sync).await;
    let change = "sku,slug,price,option1_value\nAS-M,ankara-shirt,11000.00,S\nAS-L,ankara-shirt,13000.00,M\n";
    let id = room.send_in(change.into()).await;
    let told = room.let_work_end(&sync).await;
    assert_eq!(
        (told.len(), &told[0]["type"]),
        (1, &json!("product.updated"))
    );
    assert_eq!(rows(&room.import(&id).await), [2, 0, 2, 0, 0]);
    let audited = room
        .stage
        .row("SELECT before, after FROM audit_log WHERE action = 'product.updated'")
        .await;
    assert_eq!(audited["before"]["variants"]["AS-M"]["price"], 1_250_050);
    assert_eq!(
        audited["after"]["variants"]["AS-M"]["options"],
        json!({ "Size": "S" })
    );
    assert!(audited["after"].get("name").is_none(), "{audited}");
    let versions = "SELECT version FROM products WHERE slug = 'ankara-shirt'";
    assert_eq!(room.stage.row(versions).await["version"], 2);
}

#[tokio::test]
async fn what_is_no_file_of_products_is_refused_before_any_row() {
    let room = Room::open().await;
    let sync = room.start(SYNC);
    let long = format!("slug,sku\nshirt,\"{}\n", "x".repeat(100_000));
    let cases: [(&[u8], &str); 7] = [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_utf8"),
        (b"PK\x03\x04 a workbook", "unknown_columns"),
        (b"\xFF\xFEs\0l\0u\0g\0\n\0", "not_utf8"),
        (
            b"slug,name,sku,prise\nshirt,Shirt,S-1,5\n",
            "unknown_columns",
        ),
        (b"slug,sku,SKU\nshirt,S-1,S-1\n", "repeated_column"),
        (b"name,sku\nShirt,S-1\n", "missing_column"),
        (long.as_bytes(), "row_too_long"),
    ];
    for (file, code) in cases {
        let id = room.send_in(file.to_vec()).await;
        assert!(room.let_work_end(&sync).await.is_empty());
        let import = room.import(&id).await;
        assert_eq!(
            (&import["status"], &import["failure"]["code"]),
            (&json!("failed"), &json!(code)),
            "{import}"
        );
    }
    assert!(room.catalogue().await.is_empty());
    let alerts = room
        .stage
        .count("SELECT FROM activity WHERE kind = 'import_finished' AND alert")
        .await;
    assert_eq!(alerts, cases.len());
}

#[tokio::test]
async fn a_file_that_never_comes_expires() {
    let room = Room::open().await;
    let sync = room.start(SYNC);
    let promised = room
        .ask(
            IMPORT,
            Permission::WriteCatalogue,
            create_import(&json!({})),
        )
        .await
        .json();
    let message = room.due().await;
    for _ in 0..2 {
        assert_eq!(
            room.stage.hand(&sync, QUEUE, &message).await,
            Report::done(1)
        );
    }
    assert_eq!(
        room.due().await.len(),
        1,
        "a message that came twice asks once"
    );
    room.stage
        .execute("UPDATE product_imports SET upload_expires_at = now() - interval '1 hour'")
        .await;
    let late = room
        .stage
        .a_message("import.requested", json!({ "import_id": promised["id"] }));
    assert_eq!(
        room.stage.hand(&sync, QUEUE, &[late]).await,
        Report::done(1)
    );
    assert_eq!(
        room.import(promised["id"].as_str().unwrap()).await["status"],
        "expired"
    );
    assert!(room.due().await.is_empty());
}

#[tokio::test]
async fn faults_are_read_page_by_page_and_the_first_thousand_are_kept() {
    let room = Room::open().await;
    let mut file = "slug,name,category,sku,price\n".to_owned();
    for number in 0..1_200 {
        file.push_str(&format!("p-{number},Product,shoes,P-{number},0\n"));
    }
    let id = room.send_in(file.into()).await;
    room.let_work_end(&room.start(SYNC)).await;
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let request = get_import(&id, &format!("?limit=100{cursor}"));
        let import = room
            .ask(GET_IMPORT, Permission::WriteCatalogue, request)
            .await
            .json();
        assert_eq!(import["errors"]["count"], 1_200);
        let items = import["errors"]["items"].as_array().unwrap();
        lines.extend(items.iter().map(|error| error["line"].as_u64().unwrap()));
        match import["errors"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(lines, (2..1_002).collect::<Vec<u64>>());
}

#[tokio::test]
async fn who_may_not_or_asks_wrongly_is_refused_and_nothing_is_written() {
    let room = Room::open().await;
    let id = uuid::Uuid::now_v7().to_string();
    let refusals: [(&str, Permission, Request, u16); 14] = [
        (
            IMPORT,
            Permission::ReadCatalogue,
            create_import(&json!({})),
            403,
        ),
        (
            GET_IMPORT,
            Permission::ReadCatalogue,
            get_import(&id, ""),
            403,
        ),
        (
            EXPORT,
            Permission::WriteCatalogue,
            create_export(&json!({})),
            403,
        ),
        (GET_EXPORT, Permission::WriteCatalogue, get_export(&id), 403),
        (
            IMPORT,
            Permission::WriteCatalogue,
            create_import(&json!({ "name": "x" })),
            422,
        ),
        (
            IMPORT,
            Permission::WriteCatalogue,
            create_import(&json!({ "bytes": 0 })),
            422,
        ),
        (
            IMPORT,
            Permission::WriteCatalogue,
            create_import(&json!({ "bytes": 104_857_601 })),
            422,
        ),
        (
            EXPORT,
            Permission::ReadCatalogue,
            create_export(&json!({ "status": "sold" })),
            422,
        ),
        (
            EXPORT,
            Permission::ReadCatalogue,
            create_export(&json!({ "category": "nowhere" })),
            422,
        ),
        (
            EXPORT,
            Permission::ReadCatalogue,
            create_export(&json!({ "columns": [] })),
            422,
        ),
        (
            GET_IMPORT,
            Permission::WriteCatalogue,
            get_import(&id, ""),
            404,
        ),
        (
            GET_IMPORT,
            Permission::WriteCatalogue,
            get_import("1", ""),
            404,
        ),
        (
            GET_IMPORT,
            Permission::WriteCatalogue,
            get_import(&id, "?cursor=x"),
            422,
        ),
        (GET_EXPORT, Permission::ReadCatalogue, get_export(&id), 404),
    ];
    for (number, (binary, permission, request, status)) in refusals.into_iter().enumerate() {
        let answer = room.ask(binary, permission, request).await;
        assert_eq!(answer.status, status, "{number}: {}", answer.text());
    }
    for table in ["product_imports", "product_exports", "outbox"] {
        assert_eq!(
            room.stage.count(&format!("SELECT FROM {table}")).await,
            0,
            "{table}"
        );
    }
}
