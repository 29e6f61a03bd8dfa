use std::sync::Arc;
use std::time::{Duration, Instant};

use messaging::Envelope;
use runtime_api::Function;
use serde_json::Value;

use super::exports::slugs;
use super::room::{Room, SYNC, VERSIONS, batch};

/// Rows of the file that is interrupted.
const ROWS: usize = 50_000;
/// How often, at most.
const KILLS: usize = 12;
/// What a function has for it all, in bytes.
const MEMORY: u64 = 60 * 1024 * 1024;

/// Products of one to five variants; one row in a hundred is wrong, each in another way.
fn file(rows: usize) -> Vec<u8> {
    let mut file = "slug,name,description,category,status,option1_name,option1_value,sku,price,weight_grams\r\n".to_owned();
    let (mut row, mut product) = (0, 0);
    while row < rows {
        for variant in 0..=product % 5 {
            let about = format!(
                "Ọ̀fì \"\"{product}\"\",\"Woven by hand,\r\nworn on Sundays. Number {product}.\",shoes,published,Size"
            );
            let about = if variant == 0 {
                about
                    .replacen("Ọ̀fì", "\"Ọ̀fì", 1)
                    .replacen(",\"Woven", "\",\"Woven", 1)
            } else {
                ",,,,".to_owned()
            };
            let price = if row % 300 == 99 {
                "0".to_owned()
            } else {
                format!("{}.5", 1_000 + row)
            };
            let weight = if row % 300 == 199 { "heavy" } else { "250" };
            let size = if row % 300 == 299 {
                ""
            } else {
                ["S", "M", "L", "XL", "2XL"][variant]
            };
            file.push_str(&format!(
                "ofi-{product},{about},{size},OFI-{row},{price},{weight}\r\n"
            ));
            row += 1;
        }
        product += 1;
    }
    file.into_bytes()
}

/// Everything that an import leaves behind.
async fn outcome(room: &Room, id: &str) -> Vec<Value> {
    let mut left = room.catalogue().await;
    let import = "SELECT status, byte_offset, line, rows_created, rows_updated, rows_unchanged, rows_failed, errors,
                         (SELECT jsonb_agg(to_jsonb(e) - 'import_id' ORDER BY place) FROM product_import_errors e) AS faults
                  FROM product_imports";
    left.push(room.stage.row(import).await);
    left.push(room.stage.row(VERSIONS).await);
    left.push(room.stage.row("SELECT count(*) FROM activity").await);
    left.push(room.import(id).await["rows"].clone());
    left
}

async fn next(room: &Room) -> Option<Envelope> {
    room.due().await.pop()
}

/// Hands a message to a function that is killed after a while; whether it was quicker.
async fn hand(room: &Room, message: &Envelope, patience: Duration) -> bool {
    let function = Arc::new(room.start(SYNC));
    let killed = Arc::clone(&function);
    let killer = tokio::spawn(async move {
        tokio::time::sleep(patience).await;
        killed.kill();
    });
    let worked = function.invoke(&batch(message)).await.is_ok();
    killer.abort();
    worked
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_again_and_again_ends_as_one_that_is_not() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let file = file(ROWS);

    let undisturbed = Room::open().await;
    let id = undisturbed.send_in(file.clone()).await;
    let sync = undisturbed.start(SYNC);
    sync.ready_time().await;
    let (at_first, began) = (sync.resident_memory(), Instant::now());
    let told = undisturbed.let_work_end(&sync).await.len();
    let (took, at_last) = (began.elapsed(), sync.resident_memory());
    println!(
        "{ROWS} rows in {took:?}; memory {} KiB, then {} KiB",
        at_first / 1024,
        at_last / 1024
    );
    assert!(at_last < MEMORY, "{at_last} bytes");
    let expected = outcome(&undisturbed, &id).await;

    let room = Room::open().await;
    let id = room.send_in(file).await;
    let (mut kills, mut events) = (0, 0);
    while let Some(message) = next(&room).await {
        loop {
            let patience = if kills < KILLS {
                random.u64(20..2_000)
            } else {
                600_000
            };
            if hand(&room, &message, Duration::from_millis(patience)).await {
                break;
            }
            kills += 1;
        }
        events += room.take_events().await.len();
    }
    println!("killed {kills} times");
    assert!(kills > 0);
    assert_eq!(events, told);
    let found = outcome(&room, &id).await;
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_killed_again_and_again_has_each_product_once() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let room = Room::open().await;
    room.grow(2_000).await;
    let id = room.ask_for(&serde_json::json!({})).await;
    let mut kills = 0;
    while let Some(message) = next(&room).await {
        loop {
            let patience = if kills < KILLS {
                random.u64(20..1_500)
            } else {
                600_000
            };
            if hand(&room, &message, Duration::from_millis(patience)).await {
                break;
            }
            kills += 1;
        }
    }
    println!("killed {kills} times");
    let (export, file) = room.fetch(&id).await;
    assert_eq!(
        (&export["products"], &export["bytes"]),
        (&2_000.into(), &file.len().into())
    );
    assert_eq!(slugs(&file).len(), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_work_one_file_at_a_time_do_nothing_twice() {
    let file = file(6_000);
    let alone = Room::open().await;
    let id = alone.send_in(file.clone()).await;
    alone.let_work_end(&alone.start(SYNC)).await;
    let expected = outcome(&alone, &id).await;

    let room = Room::open().await;
    let id = room.send_in(file).await;
    let (one, other) = (room.start(SYNC), room.start(SYNC));
    let mut told = 0;
    loop {
        let messages = room.due().await;
        if messages.is_empty() {
            break;
        }
        for message in &messages {
            let event = batch(message);
            let both = tokio::join!(one.invoke(&event), other.invoke(&event));
            assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
        }
        told += room.take_events().await.len();
    }
    assert_eq!(outcome(&room, &id).await, expected);
    let products = room.stage.count("SELECT FROM products").await;
    assert_eq!(told, products, "each product is told once");
}

#[tokio::test]
async fn a_bucket_that_is_away_delays_an_import_and_loses_nothing() {
    let room = Room::open().await;
    let id = room.send_in(file(300)).await;
    let sync: Function = room.start(SYNC);
    let away =
        serde_json::json!({ "target": "storage.*", "action": "refuse", "status": 503, "times": 3 });
    room.stage.control(away).await;
    let message = next(&room).await.unwrap();
    let report = room.stage.hand(&sync, super::room::QUEUE, &[message]).await;
    assert_eq!(report.rescheduled, 1);
    room.let_work_end(&sync).await;
    assert_eq!(room.import(&id).await["status"], "done");
}
