use domain::{Change, Version};
use serde_json::json;

use super::shop::{Shop, a_product, cause};
use crate::category::{self, CategoryError, ChangeCategory, MOST_LEVELS};

#[tokio::test]
async fn a_category_moves_with_all_that_stands_below_it() {
    let shop = Shop::open().await;
    let clothes = shop.make_category("Clothes", None).await.unwrap();
    let men = shop.make_category("Men", Some(clothes.id)).await.unwrap();
    let shirts = shop.make_category("Shirts", Some(men.id)).await.unwrap();
    let sale = shop.make_category("Sale", None).await.unwrap();
    assert_eq!(shirts.path, "/clothes/men/shirts/");
    assert_eq!((clothes.position, sale.position), (0, 1));

    let renamed = ChangeCategory {
        slug: Some("gentlemen".parse().unwrap()),
        parent: Change::Set(sale.id),
        ..ChangeCategory::default()
    };
    let men = shop.change_category(&men, renamed).await.unwrap();
    assert_eq!((men.path.as_str(), men.version), ("/sale/gentlemen/", 2));
    let below = shop
        .rows("SELECT path, version FROM categories WHERE slug = 'shirts'")
        .await;
    assert_eq!(
        below,
        [json!({"path": "/sale/gentlemen/shirts/", "version": 1})]
    );
    let top = shop.move_category(&men, None).await.unwrap();
    assert_eq!(top.path, "/gentlemen/");
    assert_eq!(shop.announced().await, ["category.updated"; 6]);
    let audit = shop
        .rows("SELECT before, after FROM audit_log WHERE action = 'category.updated' ORDER BY id")
        .await;
    assert_eq!(
        audit[1],
        json!({"before": {"parent_id": sale.id, "path": "/sale/gentlemen/"},
               "after": {"parent_id": null, "path": "/gentlemen/"}})
    );
}

#[tokio::test]
async fn a_category_never_stands_below_itself() {
    let shop = Shop::open().await;
    let a = shop.make_category("A", None).await.unwrap();
    let b = shop.make_category("B", Some(a.id)).await.unwrap();
    for below in [&a, &b] {
        let refused = shop.move_category(&a, Some(below)).await;
        assert!(matches!(refused, Err(CategoryError::Cycle)));
    }
    // Two moves that are each right and together are not.
    let b = shop.move_category(&b, None).await.unwrap();
    let (below_b, below_a) = tokio::join!(
        shop.move_category(&a, Some(&b)),
        shop.move_category(&b, Some(&a)),
    );
    let refused = [below_a, below_b].into_iter().find_map(Result::err);
    assert!(matches!(refused, Some(CategoryError::Cycle)), "{refused:?}");
    shop.announced().await;
}

#[tokio::test]
async fn the_database_refuses_a_broken_path_whoever_writes_it() {
    let shop = Shop::open().await;
    let a = shop.make_category("A", None).await.unwrap();
    let b = shop.make_category("B", Some(a.id)).await.unwrap();
    for broken in [
        format!(
            "UPDATE categories SET parent_id = '{}' WHERE id = '{}'",
            b.id, a.id
        ),
        format!("UPDATE categories SET path = '/c/' WHERE id = '{}'", a.id),
        format!("UPDATE categories SET slug = 'c' WHERE id = '{}'", b.id),
        format!(
            "UPDATE categories SET parent_id = '{0}', path = '/a/b/a/' WHERE id = '{1}'",
            b.id, a.id
        ),
    ] {
        let mut connection = shop.db.connect().await;
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(broken.clone()))
            .execute(&mut connection)
            .await;
        let refused = database::DatabaseError::from(refused.unwrap_err());
        assert_eq!(
            refused.constraint(),
            Some("categories_path_follows_parent"),
            "{broken}"
        );
    }
    shop.announced().await;
}

#[tokio::test]
async fn there_are_at_most_eight_levels_whether_made_or_moved_there() {
    let shop = Shop::open().await;
    let mut last = shop.make_category("Level", None).await.unwrap();
    for _ in 1..MOST_LEVELS {
        last = shop.make_category("Level", Some(last.id)).await.unwrap();
    }
    assert!(last.path.ends_with("/level-8/"));
    let refused = shop.make_category("Level", Some(last.id)).await;
    assert!(matches!(refused, Err(CategoryError::TooDeep)));
    let top = shop.make_category("Top", None).await.unwrap();
    shop.make_category("Below", Some(top.id)).await.unwrap();
    let mut connection = shop.db.connect().await;
    let parent: uuid::Uuid = sqlx::query_scalar("SELECT id FROM categories WHERE slug = 'level-7'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let there = ChangeCategory {
        parent: Change::Set(parent.into()),
        ..ChangeCategory::default()
    };
    let refused = shop.change_category(&top, there).await;
    assert!(matches!(refused, Err(CategoryError::TooDeep)));
    shop.announced().await;
}

#[tokio::test]
async fn only_an_empty_category_is_removed_and_archived_products_fill_it() {
    let shop = Shop::open().await;
    let clothes = shop.make_category("Clothes", None).await.unwrap();
    let shirts = shop
        .make_category("Shirts", Some(clothes.id))
        .await
        .unwrap();
    let product = shop.make(a_product("Shirt", shirts.id)).await.unwrap();
    let mut tx = shop.begin().await;
    crate::product::archive(&mut tx, &cause(), product.id, Version(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for full in [&clothes, &shirts] {
        let mut tx = shop.begin().await;
        let refused = category::remove(&mut tx, &cause(), full.id, Version(1)).await;
        assert!(matches!(refused, Err(CategoryError::NotEmpty)));
    }
    shop.db
        .execute(&format!(
            "UPDATE products SET category_id = '{}'",
            clothes.id
        ))
        .await;
    let mut tx = shop.begin().await;
    category::remove(&mut tx, &cause(), shirts.id, Version(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(
        shop.rows("SELECT id FROM categories WHERE slug = 'shirts'")
            .await
            .is_empty()
    );
    let mut tx = shop.begin().await;
    let gone = category::remove(&mut tx, &cause(), shirts.id, Version(1)).await;
    assert!(matches!(gone, Err(CategoryError::NotFound)));
    shop.announced().await;
}
