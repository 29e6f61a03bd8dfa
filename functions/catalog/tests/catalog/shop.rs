//! A shop of each test's own: a database, and keys in Redis.

use cache::CacheSettings;
use catalog::testing::{a_category, a_product};
use chrono::{DateTime, Utc};
use database::PgConnection;
use database::testing::TestDatabase;
use runtime_api::{Function, Gate, Spawn};
use stock::testing::{a_location, stock_at};
use url::Url;
use uuid::Uuid;

pub(crate) const LIST_PRODUCTS: &str = env!("CARGO_BIN_EXE_list-products");
pub(crate) const GET_PRODUCT: &str = env!("CARGO_BIN_EXE_get-product");
pub(crate) const LIST_CATEGORIES: &str = env!("CARGO_BIN_EXE_list-categories");
pub(crate) const GET_CATEGORY: &str = env!("CARGO_BIN_EXE_get-category");

/// Each function with its route and an address of it.
pub(crate) const ALL: [(&str, &str, &str); 4] = [
    (LIST_PRODUCTS, "/api/products", "/api/products"),
    (
        GET_PRODUCT,
        "/api/products/{slug}",
        "/api/products/ankara-shirt",
    ),
    (LIST_CATEGORIES, "/api/categories", "/api/categories"),
    (
        GET_CATEGORY,
        "/api/categories/{slug}",
        "/api/categories/shoes",
    ),
];

pub(crate) struct Shop {
    pub(crate) db: TestDatabase,
    pub(crate) redis: CacheSettings,
    database_url: Url,
}

impl Shop {
    /// A shop without products.
    pub(crate) async fn empty() -> Self {
        let db = TestDatabase::create().await;
        let redis = settings::read(CacheSettings::read)
            .expect("these tests need the running Redis's settings: `cargo dev env`");
        let redis = CacheSettings {
            prefix: format!("test-{}", Uuid::new_v4()),
            ..redis
        };
        let database_url = db.url_as("catalog").parse().unwrap();
        Self {
            db,
            redis,
            database_url,
        }
    }

    /// A shop with a few products.
    pub(crate) async fn stocked() -> Self {
        let shop = Self::empty().await;
        stock_up(&mut shop.db.connect().await).await;
        shop
    }

    /// Puts a gate before the shop's database.
    pub(crate) fn gate_database(&mut self) -> Gate {
        let (host, port) = (
            self.database_url.host_str().unwrap(),
            self.database_url.port(),
        );
        let gate = Gate::to(format!("{host}:{}", port.unwrap_or(5432)));
        self.database_url.set_host(Some(&gate.host())).unwrap();
        self.database_url.set_port(Some(gate.port())).unwrap();
        gate
    }

    /// Puts a gate before the shop's Redis.
    pub(crate) fn gate_redis(&mut self) -> Gate {
        let gate = Gate::to(format!("{}:{}", self.redis.host, self.redis.port));
        (self.redis.host, self.redis.port) = (gate.host(), gate.port());
        gate
    }

    /// Starts one of its functions, with the settings that it needs and no other.
    pub(crate) fn start(&self, binary: &str) -> Function {
        let redis = &self.redis;
        Spawn::new(binary)
            .env("DATABASE_URL", self.database_url.as_str())
            .env("REDIS_HOST", &redis.host)
            .env("REDIS_PORT", redis.port.to_string())
            .env("REDIS_DB", redis.db.to_string())
            .env("REDIS_PREFIX", &redis.prefix)
            .env("METRICS", "emf")
            .patience(std::time::Duration::from_secs(20))
            .start()
    }
}

/// So many days into 2026.
pub(crate) fn day(days: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + days * 86_400, 0).unwrap()
}

async fn stock_up(connection: &mut PgConnection) {
    let clothes = a_category(connection, "Clothes", None).await;
    let shirts = a_category(connection, "Shirts", Some(clothes)).await;
    let shoes = a_category(connection, "Shoes", None).await;
    let shirt = a_product("Ankara shirt", shirts)
        .described("Cotton, sewn in Abẹ́òkúta.")
        .published(day(1))
        .variant(&[("Size", "M"), ("Colour", "Indigo")], 1_250_000)
        .reduced(
            &[("Size", "L"), ("Colour", "Indigo")],
            1_100_000,
            Some(1_400_000),
        )
        .image(
            "https://images.madrush.test/shirt-front.jpg",
            "The shirt from the front",
        )
        .image(
            "https://images.madrush.test/shirt-back.jpg",
            "The shirt from behind",
        );
    let shirt = shirt.insert(connection).await;
    let sandals = a_product("Leather sandals", shoes).published(day(2));
    let sandals = sandals
        .variant(&[("Size", "42")], 500_000)
        .insert(connection)
        .await;
    a_product("Boots", shoes)
        .published(day(3))
        .insert(connection)
        .await;
    a_product("Secret sandals", shoes)
        .status("draft")
        .insert(connection)
        .await;
    let shelf = a_location(connection, "Main shelf", 0).await;
    stock_at(connection, shirt.variants[0], shelf, 40).await;
    stock_at(connection, shirt.variants[1], shelf, 0).await;
    stock_at(connection, sandals.variants[0], shelf, 3).await;
}
