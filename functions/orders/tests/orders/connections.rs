//! One instance more than the database takes (docs/connections.md).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use runtime_api::{Function, Response};
use stage::Stage;

use crate::PLACE_ORDER;
use crate::requests::{a_wish, place};

/// How many sessions Postgres takes of the functions of this test.
const TAKEN: usize = 3;

/// A role that may what the area's may, of which the server takes so many sessions and no more. The
/// server refuses the next one with the same code (53300) as when it is full itself.
async fn limited(stage: &Stage) -> (String, String) {
    let role = format!("limited_{}", uuid::Uuid::now_v7().simple());
    stage
        .execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'limited' CONNECTION LIMIT {TAKEN} IN ROLE madrush_orders"
        ))
        .await;
    let url = stage.db.url_as("orders");
    let (_, address) = url.split_once('@').unwrap();
    let url = format!("postgres://{role}:limited@{address}");
    (role, url)
}

fn assert_full(answer: &Response) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let seconds = answer.header("retry-after").unwrap().parse::<u32>();
    assert!((1..=60).contains(&seconds.unwrap()));
    assert_eq!(answer.json()["code"], "unavailable");
}

#[tokio::test]
async fn of_one_instance_more_than_the_database_takes_one_answers_503_until_another_ends() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 100).await;
    let (role, url) = limited(&stage).await;
    let settings = stage.settings_with(PLACE_ORDER, &[("DATABASE_URL", &url)]);
    let spawn = |_| Function::spawn(PLACE_ORDER, &settings);
    let mut functions: Vec<Function> = (0..=TAKEN).map(spawn).collect();
    let wish = a_wish(sandals);

    let key = |round: usize, buyer: usize| format!("round-{round}-buyer-{buyer}");
    let mut refused = Vec::new();
    for round in 0..3 {
        let places = functions.iter().enumerate();
        let places =
            places.map(|(buyer, function)| function.send(place(&key(round, buyer), &wish)));
        let answers = join_all(places).await;
        let (placed, full): (Vec<_>, Vec<_>) = answers
            .iter()
            .enumerate()
            .partition(|(_, answer)| answer.status == 201);
        assert_eq!((placed.len(), full.len()), (TAKEN, 1), "{answers:?}");
        full.iter().for_each(|(_, answer)| assert_full(answer));
        refused.push(full[0].0);
    }
    assert!(
        refused.iter().all(|one| *one == refused[0]),
        "who is in stays in: {refused:?}"
    );

    // An instance that Lambda ends makes room, and the same request is served by the same instance.
    let surplus = functions.remove(refused[0]);
    functions.pop();
    let began = Instant::now();
    loop {
        let answer = surplus.send(place(&key(0, refused[0]), &wish)).await;
        if answer.status == 201 {
            break;
        }
        assert_full(&answer);
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "no room was made"
        );
    }
    let orders = 3 * TAKEN + 1;
    assert_eq!(stage.count("SELECT 1 FROM orders").await, orders);
    let reserved = i64::try_from(2 * orders).unwrap();
    assert_eq!(stage.counters(sandals).await, (100, reserved));
    let announced = stage.announced().await;
    let placed = announced.iter().filter(|kind| *kind == "order.placed");
    assert_eq!(placed.count(), orders);

    drop((functions, surplus));
    stage
        .wait_for(&format!(
            "SELECT 1 FROM pg_stat_activity WHERE usename = '{role}' HAVING count(*) = 0"
        ))
        .await;
    stage.execute(&format!("DROP ROLE {role}")).await;
}
