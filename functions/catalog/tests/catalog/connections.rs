//! One instance more than Redis takes (docs/connections.md).

use std::time::Duration;

use runtime_api::{Function, Request};
use stage::Servers;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::shop::{LIST_PRODUCTS, Shop};

/// How many connections Redis takes of the functions of this test.
const TAKEN: usize = 2;

/// A person's connection, which counts as one too.
struct Admin(TcpStream);

impl Admin {
    async fn connect(port: u16) -> Self {
        Self(TcpStream::connect(("127.0.0.1", port)).await.unwrap())
    }

    /// Sends a command in Redis' inline form and answers what comes within a moment.
    async fn say(&mut self, command: &str) -> String {
        let line = format!("{command}\r\n");
        self.0.write_all(line.as_bytes()).await.unwrap();
        let mut answer = vec![0; 65_536];
        let read = timeout(Duration::from_secs(5), self.0.read(&mut answer)).await;
        String::from_utf8_lossy(&answer[..read.unwrap().unwrap()]).into_owned()
    }

    /// How many functions are connected.
    async fn functions(&mut self) -> usize {
        let clients = self.say("CLIENT LIST").await;
        clients
            .lines()
            .filter(|line| line.starts_with("id="))
            .count()
            - 1
    }

    async fn until(&mut self, functions: usize) {
        for _ in 0..100 {
            if self.functions().await == functions {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "{functions} are not connected: {}",
            self.say("CLIENT LIST").await
        );
    }
}

async fn list(function: &Function) -> String {
    let answer = function
        .send(Request::get("/api/products").route("/api/products"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

#[tokio::test]
async fn of_one_instance_more_than_redis_takes_one_reads_from_the_database_until_another_ends() {
    let servers = Servers::redis().await;
    let port: u16 = servers.setting("REDIS_PORT").parse().unwrap();
    let mut admin = Admin::connect(port).await;
    let limit = format!("CONFIG SET maxclients {}", TAKEN + 1);
    assert_eq!(admin.say(&limit).await, "+OK\r\n");
    let mut shop = Shop::stocked().await;
    (shop.redis.host, shop.redis.port) = ("127.0.0.1".to_owned(), port);

    let mut inside = Vec::new();
    for connected in 1..=TAKEN {
        let function = shop.start(LIST_PRODUCTS);
        list(&function).await;
        admin.until(connected).await;
        inside.push(function);
    }
    let surplus = shop.start(LIST_PRODUCTS);
    let from_the_cache = list(&inside[0]).await;
    for _ in 0..3 {
        assert_eq!(list(&surplus).await, from_the_cache);
    }
    assert_eq!(admin.functions().await, TAKEN);
    let told = surplus.logs().join("\n");
    assert!(
        told.contains("no answer from Redis; going on without"),
        "{told}"
    );

    // An instance that Lambda ends makes room; after the pause of its breaker the other comes in.
    inside.pop();
    admin.until(TAKEN - 1).await;
    for _ in 0..100 {
        assert_eq!(list(&surplus).await, from_the_cache);
        if admin.functions().await == TAKEN {
            return;
        }
        sleep(Duration::from_millis(200)).await;
    }
    panic!("it never came back to Redis: {}", surplus.logs().join("\n"));
}
