//! The use-cases over a real database.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use database::testing::TestDatabase;
use database::{PgConnection, Transaction};
use domain::{CategoryId, Cause, Clock, ImageId, ProductId, Version};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

fn now() -> DateTime<Utc> {
    Clock::system().now()
}

fn cause() -> Cause {
    Cause::new(now(), "ada", "req-1")
}

struct Shop {
    db: TestDatabase,
    product: ProductId,
}

impl Shop {
    async fn open() -> Self {
        let db = TestDatabase::create().await;
        let product = a_product(&mut db.connect().await).await;
        Self { db, product }
    }

    async fn begin(&self) -> Transaction {
        self.db.database.begin().await.unwrap()
    }

    /// Promises a picture; its id.
    async fn promise(&self, position: Option<u16>) -> Result<ImageId, ImageError> {
        let mut tx = self.begin().await;
        let promised = request_upload(&mut tx, &cause(), wish(self.product, position)).await?;
        tx.commit().await.unwrap();
        Ok(promised.image.id)
    }

    async fn receive(&self, image: ImageId) -> Option<Changed> {
        let mut tx = self.begin().await;
        let received = receive(&mut tx, &cause(), image).await.unwrap();
        tx.commit().await.unwrap();
        received
    }

    async fn change(
        &self,
        image: ImageId,
        version: i64,
        command: &ChangeImage,
    ) -> Result<Changed, ImageError> {
        let mut tx = self.begin().await;
        let which = (self.product, image);
        let changed = change(&mut tx, &cause(), which, Version(version), command).await?;
        tx.commit().await.unwrap();
        Ok(changed)
    }

    async fn remove(&self, image: ImageId, version: i64) -> Result<Changed, ImageError> {
        let mut tx = self.begin().await;
        let which = (self.product, image);
        let removed = remove(&mut tx, &cause(), which, Version(version)).await?;
        tx.commit().await.unwrap();
        Ok(removed)
    }

    async fn awaited(&self, image: ImageId) -> Awaited {
        awaited(&mut self.db.connect().await, image).await.unwrap()
    }

    async fn order(&self) -> Vec<ImageId> {
        let images = of_product(&mut self.db.connect().await, self.product)
            .await
            .unwrap();
        let places: Vec<i32> = images.iter().map(|image| image.position).collect();
        let expected: Vec<i32> = (0..).take(images.len()).collect();
        assert_eq!(places, expected, "places without gaps");
        images.into_iter().map(|image| image.id).collect()
    }

    async fn version(&self) -> i64 {
        sqlx::query_scalar("SELECT version FROM products WHERE id = $1")
            .bind(self.product.uuid())
            .fetch_one(&mut self.db.connect().await)
            .await
            .unwrap()
    }

    /// The actions in the audit log, oldest first.
    async fn audited(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT action FROM audit_log ORDER BY id")
            .fetch_all(&mut self.db.connect().await)
            .await
            .unwrap()
    }

    async fn announced(&self) -> Vec<String> {
        let mut types = self.db.take_announcements().await;
        types.sort_unstable();
        types
    }
}

async fn a_product(connection: &mut PgConnection) -> ProductId {
    let (category, product) = (CategoryId::new(), ProductId::new());
    let slug = product.to_string();
    sqlx::query(
        "INSERT INTO categories (id, slug, name, path) VALUES ($1, $2, 'Shirts', '/' || $2 || '/')",
    )
    .bind(category.uuid())
    .bind(&slug)
    .execute(&mut *connection)
    .await
    .unwrap();
    sqlx::query("INSERT INTO products (id, category_id, slug, name) VALUES ($1, $2, $3, 'Shirt')")
        .bind(product.uuid())
        .bind(category.uuid())
        .bind(&slug)
        .execute(connection)
        .await
        .unwrap();
    product
}

fn wish(product: ProductId, position: Option<u16>) -> RequestUpload {
    let id = ImageId::new();
    RequestUpload {
        id,
        product,
        content_type: ImageType::Png,
        size: ImageSize::new(10).unwrap(),
        alt: Alt::parse("The shirt").unwrap(),
        position,
        url: format!(
            "https://cdn.example/{}",
            key_of(product, id, ImageType::Png)
        ),
        upload_until: now() + TimeDelta::minutes(15),
    }
}

fn moved(place: u16) -> ChangeImage {
    ChangeImage {
        position: Some(place),
        ..ChangeImage::default()
    }
}

#[tokio::test]
async fn a_promised_picture_is_seen_once_it_has_come_and_that_counts_once() {
    let shop = Shop::open().await;
    let image = shop.promise(None).await.unwrap();
    let Awaited::Upload(waiting) = shop.awaited(image).await else {
        panic!("it is awaited")
    };
    assert_eq!(waiting.key, key_of(shop.product, image, ImageType::Png));
    assert_eq!(
        (shop.version().await, shop.announced().await),
        (2, vec!["image.requested".to_owned()])
    );

    let received = shop.receive(image).await.unwrap();
    assert!(received.seen && received.image.uploaded_at.is_some());
    assert_eq!(received.version, 3);
    assert_eq!(shop.announced().await, ["product.updated"]);

    assert_eq!(shop.receive(image).await, None);
    assert_eq!(shop.awaited(image).await, Awaited::Nothing);
    assert_eq!(
        (shop.version().await, shop.announced().await),
        (3, Vec::new())
    );
    assert_eq!(shop.audited().await, ["image.requested", "image.uploaded"]);
}

#[tokio::test]
async fn pictures_stand_where_they_are_put_and_move_on_for_others() {
    let shop = Shop::open().await;
    let a = shop.promise(None).await.unwrap();
    let b = shop.promise(Some(0)).await.unwrap();
    let c = shop.promise(Some(1)).await.unwrap();
    let d = shop.promise(Some(99)).await.unwrap();
    assert_eq!(shop.order().await, [b, c, a, d]);
    let changed = shop.change(d, 5, &moved(1)).await.unwrap();
    assert_eq!((changed.version, changed.image.position), (6, 1));
    assert_eq!(shop.order().await, [b, d, c, a]);
    shop.change(b, 6, &moved(50)).await.unwrap();
    assert_eq!(shop.order().await, [d, c, a, b]);
    shop.remove(c, 7).await.unwrap();
    assert_eq!(shop.order().await, [d, a, b]);
    let announced = shop.announced().await;
    assert!(
        announced.iter().all(|kind| kind == "image.requested"),
        "nobody saw any of them: {announced:?}"
    );
}

#[tokio::test]
async fn of_many_at_once_twenty_are_promised_and_their_places_are_whole() {
    let shop = Arc::new(Shop::open().await);
    let tasks: Vec<_> = (0..30)
        .map(|index| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { shop.promise(Some(index % 3)).await })
        })
        .collect();
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => {}
            Err(ImageError::TooMany) => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!((shop.order().await.len(), refused), (MOST_IMAGES, 10));
    assert_eq!(shop.version().await, 21);
    assert_eq!(shop.audited().await.len(), 20);
    assert_eq!(shop.announced().await.len(), 20);
}

#[tokio::test]
async fn of_simultaneous_changes_of_one_version_one_is_made() {
    let shop = Arc::new(Shop::open().await);
    let mut images = Vec::new();
    for _ in 0..6 {
        images.push(shop.promise(None).await.unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (index, image) in images.into_iter().enumerate() {
        let shop = Arc::clone(&shop);
        tasks.spawn(async move {
            match index % 2 {
                0 => {
                    shop.change(image, 7, &moved(if index == 0 { 5 } else { 0 }))
                        .await
                }
                _ => shop.remove(image, 7).await,
            }
        });
    }
    let outcomes = tasks.join_all().await;
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let stale = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(ImageError::Stale(_))))
        .count();
    assert_eq!((made, stale), (1, 5));
    assert_eq!(shop.version().await, 8);
    shop.order().await;
    shop.announced().await;
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let shop = Shop::open().await;
    let image = shop.promise(None).await.unwrap();
    let same = ChangeImage {
        alt: Some(Alt::parse(" The  shirt ").unwrap()),
        position: Some(7),
        has_come: false,
    };
    for command in [ChangeImage::default(), same] {
        let changed = shop.change(image, 2, &command).await.unwrap();
        assert_eq!((changed.version, changed.seen), (2, false));
    }
    assert_eq!((shop.version().await, shop.audited().await.len()), (2, 1));
    assert_eq!(shop.announced().await, ["image.requested"]);
}

#[tokio::test]
async fn a_picture_that_is_seen_to_have_come_on_a_change_is_one_change() {
    let shop = Shop::open().await;
    let image = shop.promise(None).await.unwrap();
    let command = ChangeImage {
        alt: Some(Alt::default()),
        position: None,
        has_come: true,
    };
    let changed = shop.change(image, 2, &command).await.unwrap();
    assert_eq!((changed.version, changed.seen), (3, true));
    assert_eq!(
        shop.announced().await,
        ["image.requested", "product.updated"]
    );
    let row: Value =
        sqlx::query_scalar("SELECT before FROM audit_log WHERE action = 'image.updated'")
            .fetch_one(&mut shop.db.connect().await)
            .await
            .unwrap();
    assert_eq!(row, json!({ "alt": "The shirt", "uploaded_at": null }));
}

#[tokio::test]
async fn foreign_and_unknown_pictures_are_not_found_whatever_version_is_named() {
    let shop = Shop::open().await;
    let image = shop.promise(None).await.unwrap();
    let other = a_product(&mut shop.db.connect().await).await;
    let audited = shop.audited().await;
    for which in [
        (other, image),
        (shop.product, ImageId::new()),
        (ProductId::new(), image),
    ] {
        for version in [1, 2, 9] {
            let mut tx = shop.begin().await;
            let changed = change(&mut tx, &cause(), which, Version(version), &moved(0)).await;
            assert!(matches!(changed, Err(ImageError::NotFound)), "{changed:?}");
            drop(tx);
            let mut tx = shop.begin().await;
            let removed = remove(&mut tx, &cause(), which, Version(version)).await;
            assert!(matches!(removed, Err(ImageError::NotFound)), "{removed:?}");
            drop(tx);
        }
    }
    let mut tx = shop.begin().await;
    let promised = request_upload(&mut tx, &cause(), wish(ProductId::new(), None)).await;
    assert!(
        matches!(promised, Err(ImageError::NotFound)),
        "{promised:?}"
    );
    drop(tx);
    assert_eq!(shop.audited().await, audited);
    shop.announced().await;
}

#[tokio::test]
async fn what_is_removed_or_withdrawn_leaves_its_object_to_be_deleted() {
    let shop = Shop::open().await;
    let deleted = shop.promise(None).await.unwrap();
    let withdrawn = shop.promise(None).await.unwrap();
    shop.receive(deleted).await.unwrap();
    shop.announced().await;

    assert!(shop.remove(deleted, 4).await.unwrap().seen);
    assert_eq!(
        shop.announced().await,
        ["image.requested", "product.updated"]
    );
    for _ in 0..2 {
        let mut tx = shop.begin().await;
        let reason = Some(Mismatch::Type);
        withdraw(&mut tx, &cause(), withdrawn, reason)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(shop.announced().await, ["image.requested"]);
    assert_eq!((shop.order().await, shop.version().await), (vec![], 6));
    for image in [deleted, withdrawn] {
        let Awaited::Removal(gone) = shop.awaited(image).await else {
            panic!("its object is to be deleted")
        };
        assert_eq!(gone.key, key_of(shop.product, image, ImageType::Png));
        forget(&mut shop.db.connect().await, image).await.unwrap();
        assert_eq!(shop.awaited(image).await, Awaited::Nothing);
    }
    assert_eq!(
        shop.audited().await[3..],
        ["image.deleted".to_owned(), "image.withdrawn".to_owned()]
    );
}

#[tokio::test]
async fn a_picture_of_the_time_before_counts_as_seen_and_has_no_object() {
    let shop = Shop::open().await;
    let image = ImageId::new();
    sqlx::query("INSERT INTO product_images (id, product_id, url) VALUES ($1, $2, 'https://elsewhere.example/1.jpg')")
        .bind(image.uuid())
        .bind(shop.product.uuid())
        .execute(&mut shop.db.connect().await)
        .await
        .unwrap();
    assert_eq!(shop.awaited(image).await, Awaited::Nothing);
    assert!(shop.remove(image, 1).await.unwrap().seen);
    assert_eq!(shop.awaited(image).await, Awaited::Nothing);
    assert_eq!(shop.announced().await, ["product.updated"]);
}

#[tokio::test]
async fn one_delivered_message_asks_again_once() {
    let shop = Shop::open().await;
    let image = shop.promise(None).await.unwrap();
    shop.announced().await;
    let message = Uuid::now_v7();
    for _ in 0..3 {
        let mut tx = shop.begin().await;
        let pause = std::time::Duration::ZERO;
        ask_again(&mut tx, &cause(), image, message, pause)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(shop.announced().await, ["image.requested"]);
}
