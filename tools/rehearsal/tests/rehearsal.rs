//! The machinery of a rehearsal, without a former version to build: N and N+1 are the same binaries.
//! What goes wrong is planted in one function of N+1, and has to be found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rehearsal::{Plan, Report, Scene, Servers, Side, Version, rehearse};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Mutex;

const NEEDS_SERVICES: &str = "the services' settings: run this with `cargo dev test`";

/// Each rehearsal starts some fifty processes.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The work tree, and the binaries that were built with this test.
fn present() -> Version {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tools/rehearsal is two folders deep");
    Version::of_tree(root, &binaries())
        .expect("the functions are built: run this with `cargo dev test`")
}

fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2);
    folder.expect("tests are built in deps").to_owned()
}

/// Every setting of development that this test was given.
fn development() -> BTreeMap<String, String> {
    let example = include_str!("../../../.env.example").lines();
    let names = example.filter_map(|line| {
        line.strip_prefix('#')?
            .split_once('=')
            .map(|(name, _)| name)
    });
    settings::read(|env| {
        let given = names.filter_map(|name| Some((name.to_owned(), env.optional(name)?)));
        given.collect()
    })
    .expect(NEEDS_SERVICES)
}

/// Plays the present version over itself, with what `plant` does to N+1.
async fn play(plan: Plan, plant: impl FnOnce(&mut Version)) -> Report {
    let _alone = ONE_AT_A_TIME.lock().await;
    let servers = Servers::read(development()).expect(NEEDS_SERVICES);
    let former = present();
    let mut next = former.clone();
    plant(&mut next);
    let scene = Scene::set(&servers).await.expect("a scene");
    let report = rehearse(&scene, &plan, &former, &next, stock, &|line| {
        println!("{line}")
    })
    .await;
    scene.strike().await.expect("everything is taken away");
    let report = report.expect("it can be played");
    println!("{report}");
    report
}

fn plan(phase: Duration) -> Plan {
    Plan {
        seed: 7,
        phase,
        customers: 4,
        instances: 2,
        rest: Duration::from_secs(120),
        logs: None,
    }
}

/// Of a wrong deployment it is enough to see it go wrong.
fn hurried() -> Plan {
    Plan {
        rest: Duration::from_secs(3),
        ..plan(Duration::from_secs(1))
    }
}

/// A few things in plenty, and one that sells out.
async fn stock(url: &str) -> anyhow::Result<()> {
    let mut database = PgConnection::connect(url).await?;
    for (price, on_hand) in [
        (150_000, 3),
        (400_000, 5_000),
        (1_250_000, 5_000),
        (90_000, 5_000),
    ] {
        stock::testing::a_product(&mut database, price, on_hand).await;
    }
    Ok(database.close().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_moves_there_and_back_without_a_failed_request() {
    let report = play(plan(Duration::from_secs(2)), |_| ()).await;

    assert!(report.holds(), "{report}");
    for side in Side::BOTH {
        assert!(report.requests_to(side) > 0, "{report}");
        assert!(
            report.worked().crossed(side) > 0,
            "no message of {side} went to the other: {report}"
        );
    }
    assert!(
        report.paid() > 0 && report.repeated_across() > 0,
        "{report}"
    );
}

/// Three things at once, each of which has to be told: one function is another program, one signs with
/// another key, one takes no message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_version_is_found() {
    const OTHER_KEY: &str = "k1:b3RoZXItcmVoZWFyc2FsLWp3dC1rZXktMzItYnl0ZXM=";
    let report = play(hurried(), |next| {
        let binaries = binaries();
        let other = |name| binaries.join(name);
        next.replace("get-order", other("list-categories")).unwrap();
        next.set("place-order", "JWT_SECRET_KEY", OTHER_KEY)
            .unwrap();
        next.replace("process-order", other("health")).unwrap();
    })
    .await;

    assert!(!report.holds());
    for (found, words) in [
        (
            "another program answers",
            ["GET /api/orders/", "404 by N+1"],
        ),
        (
            "a repeat is answered otherwise",
            ["/api/orders with the key", "otherwise by N"],
        ),
        ("no message is taken", ["N+1 process-order", ""]),
    ] {
        let told = |failure: &str| words.iter().all(|word| failure.contains(word));
        assert!(report.failures().any(told), "{found}: {report}");
    }
    let rest = |problem: &String| problem.contains("not at rest");
    assert!(report.problems().iter().any(rest), "{report}");
}
