//! What is shown after a change was answered, and how often the database is asked.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use catalog::testing::{a_category, a_product};
use domain::Permission;
use futures_util::future::join_all;
use runtime_api::{Function, Functions, Request, Spawn};
use serde_json::{Value, json};
use services::OwnRedis;
use stage::Stage;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::shop::{GET_PRODUCT, LIST_PRODUCTS, Shop, day};

const UPDATE_PRODUCT: &str = env!("CARGO_BIN_EXE_admin-update-product");

const OPERATIONS: usize = 10_000;
/// One operation in so many is a change.
const CHANGES: u64 = 10;
const PRODUCTS: usize = 4;
/// Of the lists that are read, so many at least have to come from copies.
const LEAST_COPIES: f64 = 500.0;
/// How many ask at once; more than there are instances, so that none is idle.
const CUSTOMERS_AND_STAFF: usize = 8;

/// A shop whose products are named after how often they were changed.
struct Fair {
    stage: Stage,
    redis: OwnRedis,
    token: String,
    offers: Vec<Offer>,
    done: AtomicUsize,
    changes: AtomicUsize,
}

struct Offer {
    id: Uuid,
    slug: String,
    version: Mutex<i64>,
    /// The highest number that an answer to staff has confirmed.
    answered: AtomicU64,
}

struct Instances {
    update: Functions,
    get: Functions,
    list: Functions,
}

impl Fair {
    async fn open() -> Self {
        let (stage, redis) = (Stage::set().await, OwnRedis::start().await.unwrap());
        let mut connection = stage.db.connect().await;
        let category = a_category(&mut connection, "All", None).await;
        let mut offers = Vec::new();
        for index in 0..PRODUCTS {
            let slug = format!("offer-{index}");
            let offer = a_product("0", category).slug(&slug).published(day(1));
            let offer = offer.variant(&[], 500_000).insert(&mut connection).await;
            offers.push(Offer {
                id: offer.id.uuid(),
                slug,
                version: Mutex::new(version(&mut connection, offer.id.uuid()).await),
                answered: AtomicU64::new(0),
            });
        }
        let token = stage.staff_token("ada", &[Permission::WriteCatalogue]);
        Self {
            stage,
            redis,
            token,
            offers,
            done: AtomicUsize::new(0),
            changes: AtomicUsize::new(0),
        }
    }

    fn instances(&self) -> Instances {
        let port = self.redis.port().to_string();
        let redis = [
            ("REDIS_HOST", "127.0.0.1"),
            ("REDIS_PORT", &port),
            ("METRICS", "emf"),
        ];
        let start = |binary| {
            let settings = self.stage.settings_with(binary, &redis);
            Functions::start(2, &Spawn::new(binary).envs(&settings))
        };
        Instances {
            update: start(UPDATE_PRODUCT),
            get: start(GET_PRODUCT),
            list: start(LIST_PRODUCTS),
        }
    }

    /// Runs all operations, several at once.
    async fn run(&self, instances: &Instances) {
        let all = (0..CUSTOMERS_AND_STAFF).map(|_| async {
            while self.done.fetch_add(1, Ordering::SeqCst) < OPERATIONS {
                match fastrand::u64(..CHANGES) {
                    0 => self.change(&instances.update).await,
                    choice if choice % 2 == 0 => self.get(&instances.get).await,
                    _ => self.list(&instances.list).await,
                }
            }
        });
        join_all(all).await;
    }

    async fn change(&self, update: &Functions) {
        let offer = &self.offers[fastrand::usize(..PRODUCTS)];
        let mut version = offer.version.lock().await;
        let number = offer.answered.load(Ordering::SeqCst) + 1;
        let target = format!("/api/admin/products/{}", offer.id);
        let request = Request::patch(&target)
            .route("/api/admin/products/{id}")
            .bearer(&self.token)
            .header("if-match", &format!("\"{version}\""))
            .json(&json!({ "name": number.to_string() }));
        let answer = update.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        *version = answer.json()["version"].as_i64().unwrap();
        offer.answered.store(number, Ordering::SeqCst);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    async fn get(&self, get: &Functions) {
        let offer = &self.offers[fastrand::usize(..PRODUCTS)];
        let least = offer.answered.load(Ordering::SeqCst);
        let target = format!("/api/products/{}", offer.slug);
        let request = Request::get(&target).route("/api/products/{slug}");
        let answer = get.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        offer.must_be_shown_as(least, &answer.json());
    }

    async fn list(&self, list: &Functions) {
        let answered = |offer: &Offer| offer.answered.load(Ordering::SeqCst);
        let least: Vec<u64> = self.offers.iter().map(answered).collect();
        let request = Request::get("/api/products?sort=newest").route("/api/products");
        let answer = list.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json();
        let items = page["items"].as_array().unwrap();
        for (offer, least) in self.offers.iter().zip(least) {
            let item = items.iter().find(|item| item["slug"] == *offer.slug);
            offer.must_be_shown_as(least, item.unwrap());
        }
    }

    async fn until_done(&self, tenths: usize) {
        while self.done.load(Ordering::SeqCst) < OPERATIONS * tenths / 10 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Each change was announced, and copies were used: else nothing was shown here.
    async fn close(self, instances: &Instances) {
        let changes = self.changes.load(Ordering::SeqCst);
        assert!(changes > OPERATIONS / 20, "{changes} changes");
        assert_eq!(self.stage.announced().await.len(), changes);
        let hits: f64 = instances.list.instances().iter().map(copies_used).sum();
        assert!(hits > LEAST_COPIES, "{hits} copies were used");
    }
}

impl Offer {
    fn must_be_shown_as(&self, least: u64, shown: &Value) {
        let number: u64 = shown["name"].as_str().unwrap().parse().unwrap();
        let slug = &self.slug;
        assert!(
            number >= least,
            "{slug}: {number} was shown after {least} was answered"
        );
    }
}

async fn version(connection: &mut database::PgConnection, product: Uuid) -> i64 {
    let version = sqlx::query_scalar("SELECT version FROM products WHERE id = $1");
    version.bind(product).fetch_one(connection).await.unwrap()
}

fn copies_used(instance: &Function) -> f64 {
    let metrics = instance.metrics();
    metrics.get("cache_hits").into_iter().flatten().sum()
}

#[tokio::test]
async fn no_read_that_begins_after_a_change_was_answered_shows_what_was_before() {
    let fair = Fair::open().await;
    let instances = fair.instances();
    fair.run(&instances).await;
    fair.close(&instances).await;
}

#[tokio::test]
async fn nor_where_redis_is_restarted_meanwhile() {
    let fair = Fair::open().await;
    let instances = fair.instances();
    let restarts = async {
        for tenths in [3, 6] {
            fair.until_done(tenths).await;
            fair.redis.kill().await.unwrap();
            fair.redis.start_again().await.unwrap();
        }
    };
    tokio::join!(fair.run(&instances), restarts);
    fair.close(&instances).await;
}

/// On a machine that is busy with other things an instance may miss Redis' time limit, and ask the
/// database for that: hence the tries.
#[tokio::test]
async fn of_many_instances_that_are_asked_for_one_cold_list_one_asks_the_database() {
    let mut asked = Vec::new();
    for _ in 0..5 {
        asked.push(instances_that_ask_the_database().await);
        if asked.ends_with(&[1]) {
            return;
        }
    }
    panic!("so many instances asked the database: {asked:?}");
}

async fn instances_that_ask_the_database() -> u64 {
    let mut shop = Shop::stocked().await;
    let gate = shop.gate_database();
    let instances: Vec<Function> = (0..16).map(|_| shop.start(LIST_PRODUCTS)).collect();
    join_all(instances.iter().map(Function::ready_time)).await;
    let cold = || Request::get("/api/products").route("/api/products");
    let answers = join_all(instances.iter().map(|instance| instance.send(cold()))).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
    }
    gate.accepted_connections()
}
