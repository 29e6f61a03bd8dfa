//! `GET /api/admin/activity`: what happens in the shop, followed by answers that end.

use std::time::{Duration, Instant};

use domain::Permission;
use notifications::{Activity, tell_staff};
use runtime_api::{Function, Request, Response};
use serde_json::{Value, json};
use stage::{Stage, assert_answer};
use tokio::time::sleep;

use crate::ADMIN_STREAM_ACTIVITY;
use crate::requests::activity;

/// One who follows.
struct Dashboard {
    function: Function,
    token: String,
}

impl Dashboard {
    fn open(stage: &Stage) -> Self {
        Self {
            function: stage.spawn(ADMIN_STREAM_ACTIVITY),
            token: stage.staff_token("ada", &[Permission::ReadOrders]),
        }
    }

    async fn ask(&self, request: Request) -> Response {
        self.function.send(request.bearer(&self.token)).await
    }

    /// What follows the event of this id.
    async fn after(&self, id: &str) -> Told {
        Told::read(&self.ask(activity("").header("last-event-id", id)).await)
    }

    /// Follows from the beginning until an event of this kind is told, and answers all before it.
    async fn until(&self, kind: &str) -> Vec<Value> {
        let (mut id, mut met) = ("0-0".to_owned(), Vec::new());
        loop {
            for (event, data) in self.after(&id).await.events {
                if data["kind"] == kind {
                    return met;
                }
                met.push(data["detail"].clone());
                id = event;
            }
        }
    }
}

/// An answer as a client of server-sent events reads it.
struct Told {
    retry: u32,
    events: Vec<(String, Value)>,
}

impl Told {
    fn read(answer: &Response) -> Self {
        let text = answer.text();
        assert_eq!(answer.status, 200, "{text}");
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        assert!(text.ends_with("\n\n"), "its last event is told: {text:?}");
        let mut told = Self {
            retry: 0,
            events: Vec::new(),
        };
        for part in text.split_terminator("\n\n") {
            let (mut id, mut data) = (None, None);
            for line in part.lines() {
                match line.split_once(": ") {
                    Some(("retry", value)) => told.retry = value.parse().unwrap(),
                    Some(("id", value)) => id = Some(value.to_owned()),
                    Some(("data", value)) => data = Some(serde_json::from_str(value).unwrap()),
                    Some(("", _)) => {}
                    other => panic!("no field of an event: {line:?} ({other:?})"),
                }
            }
            told.events.extend(id.zip(data));
        }
        told
    }

    fn details(&self) -> Vec<Value> {
        let data = self.events.iter();
        data.map(|(_, data)| data["detail"].clone()).collect()
    }
}

async fn tell(stage: &Stage, kind: &'static str, detail: Value) {
    let event = Activity {
        kind,
        alert: false,
        detail,
    };
    let mut connection = stage.db.connect().await;
    tell_staff(&mut connection, &stage.cause(), &event)
        .await
        .unwrap();
}

/// Two events of before events had a transaction: their ids are always the same.
async fn tell_of_old(stage: &Stage) {
    stage
        .execute(
            "INSERT INTO activity (kind, alert, detail, at, transaction) VALUES
                 ('order_paid', false, '{\"number\": \"MR-7K4Q-9TXD\"}', now(), '0'),
                 ('payment_unmatched', true, '{\"amount\": 500000}', now(), '0')",
        )
        .await;
}

#[tokio::test]
async fn staff_see_what_happened_and_go_on_from_what_they_saw() {
    let stage = Stage::set().await;
    let dashboard = Dashboard::open(&stage);
    tell_of_old(&stage).await;
    assert_answer!("activity", dashboard.ask(activity("")).await);
    for (query, header) in [
        ("", Some("0-1")),
        ("?after=0-1", None),
        // A client that connects again sends the address it began with.
        ("?after=0-0", Some("0-1")),
        ("?after=0-1", Some("")),
    ] {
        let request = header
            .into_iter()
            .fold(activity(query), |it, id| it.header("last-event-id", id));
        let told = Told::read(&dashboard.ask(request).await);
        assert_eq!(told.details(), [json!({ "amount": 500_000 })], "{query}");
    }
}

/// Measured against each other: one shop in which something happens, one in which nothing does.
#[tokio::test]
async fn an_answer_waits_until_there_is_something_to_tell_or_ends_without() {
    let (busy, quiet) = (Stage::set().await, Stage::set().await);
    let (with_events, without) = (Dashboard::open(&busy), Dashboard::open(&quiet));
    for stage in [&busy, &quiet] {
        tell_of_old(stage).await;
    }
    let told = async {
        let happens = async {
            sleep(Duration::from_secs(1)).await;
            tell(&busy, "order_paid", json!("now")).await;
        };
        let (told, ()) = tokio::join!(with_events.after("0-2"), happens);
        (told.details(), Instant::now())
    };
    let nothing = async {
        let request = activity("").header("last-event-id", "0-2");
        (without.ask(request).await, Instant::now())
    };
    let ((details, told_at), (nothing, ended_at)) = tokio::join!(told, nothing);
    assert_eq!(details, [json!("now")]);
    assert!(told_at < ended_at, "it waited on when there was something");
    assert_answer!("activity_nothing", nothing);
}

#[tokio::test]
async fn what_has_piled_up_is_told_by_the_hundred_without_a_pause() {
    let stage = Stage::set().await;
    let dashboard = Dashboard::open(&stage);
    stage
        .execute(
            "INSERT INTO activity (kind, detail, at, transaction)
             SELECT 'told', to_jsonb(n), now(), '0' FROM generate_series(1, 130) n",
        )
        .await;
    let numbers = |from: i32, to: i32| (from..=to).map(|n| json!(n)).collect::<Vec<_>>();
    let first = dashboard.after("0-0").await;
    assert_eq!((first.details(), first.retry), (numbers(1, 100), 10));
    let (last, _) = first.events.last().unwrap();
    let rest = dashboard.after(last).await;
    assert_eq!((rest.details(), rest.retry), (numbers(101, 130), 1_000));
    let newest = Told::read(&dashboard.ask(activity("")).await);
    assert_eq!(newest.details(), numbers(81, 130));
}

#[tokio::test]
async fn clients_that_connect_again_and_again_meet_everything_once_in_one_order() {
    let stage = Stage::set().await;
    let (one, other) = (Dashboard::open(&stage), Dashboard::open(&stage));
    let write = async |writer: u64| {
        for n in 0..10_u64 {
            let mut tx = stage.db.database.begin().await.unwrap();
            let event = Activity {
                kind: "told",
                alert: false,
                detail: json!([writer, n]),
            };
            tell_staff(&mut tx, &stage.cause(), &event).await.unwrap();
            // The later a transaction begins, the sooner it may end.
            sleep(Duration::from_millis(20 * (writer + n % 3))).await;
            tx.commit().await.unwrap();
        }
    };
    let writers = async {
        tokio::join!(write(0), write(1), write(2), write(3));
        tell(&stage, "end", json!({})).await;
    };
    let (mut met, same, ()) = tokio::join!(one.until("end"), other.until("end"), writers);
    assert_eq!(met, same);
    met.sort_by_key(Value::to_string);
    let written = (0..4).flat_map(|writer| (0..10).map(move |n| json!([writer, n])));
    assert_eq!(met, written.collect::<Vec<_>>());
}

#[tokio::test]
async fn nothing_in_an_event_can_look_like_another() {
    let stage = Stage::set().await;
    let dashboard = Dashboard::open(&stage);
    let detail = json!({ "note": "a\nid: 9-9\ndata: {}\n\nretry: 0\r\n\u{2028}" });
    tell(&stage, "told", detail.clone()).await;
    assert_eq!(
        Told::read(&dashboard.ask(activity("")).await).details(),
        [detail]
    );
}

#[tokio::test]
async fn every_fault_of_a_request_is_told() {
    let stage = Stage::set().await;
    let dashboard = Dashboard::open(&stage);
    let at_fault = activity("?after=7&limit=3");
    assert_answer!("activity_at_fault", dashboard.ask(at_fault).await);
    for id in ["7", "x-1", "07-1", "7-1, 7-2", "7-1'--", "ä"] {
        let request = activity("").header("last-event-id", id);
        let answer = dashboard.ask(request).await;
        let problem = answer.json();
        assert_eq!(answer.status, 422, "{id}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], "Last-Event-ID", "{id}");
        assert_eq!(problem["errors"][0]["code"], "invalid_event_id", "{id}");
    }
}

#[tokio::test]
async fn without_a_database_it_says_so_and_recovers() {
    let stage = Stage::set().await;
    let gate = stage.gate();
    let dashboard = Dashboard {
        function: stage.spawn_behind(&gate, ADMIN_STREAM_ACTIVITY),
        ..Dashboard::open(&stage)
    };
    tell_of_old(&stage).await;
    gate.refuse();
    let refused = dashboard.ask(activity("")).await;
    assert_eq!(
        (refused.status, refused.json()["code"].clone()),
        (503, json!("unavailable"))
    );
    gate.open();
    assert_eq!(
        Told::read(&dashboard.ask(activity("")).await).events.len(),
        2
    );
}
