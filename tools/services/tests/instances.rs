//! Real private instances, on ports that no shop uses. RabbitMQ's are in the bridge's tests.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::fs::Permissions;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use services::{Means, Plan, Reporter, Running, ServiceError, reset, start};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Reporter for Lines {
    fn say(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// Open to all: as root the servers run as users of their own, who must be able to come in.
fn a_work_tree() -> TempDir {
    a_work_tree_of(0o755)
}

fn a_work_tree_of(mode: u32) -> TempDir {
    let mode = Permissions::from_mode(mode);
    tempfile::Builder::new()
        .permissions(mode)
        .tempdir()
        .unwrap()
}

fn plan(root: &Path, postgres: u16, redis: u16) -> Plan {
    let plan = Plan::read(root.to_owned(), |name| match name {
        "RABBITMQ_HOST" => Some("not needed".to_owned()),
        "DEV_POSTGRES_PORT" => Some(postgres.to_string()),
        "DEV_REDIS_PORT" => Some(redis.to_string()),
        _ => None,
    });
    plan.unwrap()
}

async fn up(plan: Plan) -> Result<Running, ServiceError> {
    start(plan, Means::Programs, &Lines::default()).await
}

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[tokio::test]
async fn instances_are_shared_and_the_last_user_stops_them() {
    let tree = a_work_tree();
    let plan = plan(tree.path(), 19432, 19379);
    let first = up(plan.clone()).await.unwrap();
    let began = Instant::now();
    let second = up(plan.clone()).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "what runs is adopted"
    );

    let url = second.settings()[0].1.clone();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let row: (String, String) =
        sqlx::query_as("SELECT current_database()::text, current_setting('server_encoding')")
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert_eq!(row, ("madrush".to_owned(), "UTF8".to_owned()));

    first.stop(&Lines::default()).await.unwrap();
    assert!(listens(19432) && listens(19379), "somebody still uses them");
    second.stop(&Lines::default()).await.unwrap();
    assert!(!listens(19432) && !listens(19379), "nobody does");

    let again = up(plan.clone()).await.unwrap();
    assert!(listens(19432) && listens(19379));
    let refused = reset(plan.clone(), &Lines::default()).await;
    assert!(refused.unwrap_err().to_string().contains("in use"));
    again.stop(&Lines::default()).await.unwrap();
    reset(plan, &Lines::default()).await.unwrap();
    let data = tree.path().join("target/dev/services/postgres");
    assert!(!data.exists(), "nothing of it is left");
}

/// Only root starts servers as somebody else; for others there is nothing to show.
#[tokio::test]
async fn a_work_tree_that_the_servers_cannot_enter_has_its_data_elsewhere() {
    let tree = a_work_tree_of(0o700);
    if !nix::unistd::getuid().is_root() {
        return;
    }
    let plan = Plan {
        redis: None,
        ..plan(tree.path(), 19436, 19436)
    };
    let lines = Lines::default();
    let running = start(plan.clone(), Means::Programs, &lines).await.unwrap();
    assert!(listens(19436));
    let told = lines.0.lock().unwrap().join("\n");
    assert!(told.contains("/var/lib/madrush/"), "{told}");
    running.stop(&Lines::default()).await.unwrap();
    reset(plan, &Lines::default()).await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_a_sentence_and_leaves_nothing_running() {
    let tree = a_work_tree();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let Err(error) = up(plan(tree.path(), 19434, port)).await else {
        panic!("it started")
    };
    assert!(error.to_string().contains("DEV_REDIS_PORT"), "{error}");
    assert!(!listens(19434), "Postgres was stopped again");
}
