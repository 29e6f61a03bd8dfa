//! Locations.

use database::testing::TestDatabase;
use database::{Database, PgConnection};
use domain::{AdjustmentKind, LocationName, Version};

use super::adjusting::{line, wish};
use super::{count, staff};
use crate::testing::{a_product, counters};
use crate::{
    AdjustError, ChangeLocation, Location, LocationError, LocationPlace, NewLocation, adjust,
    change_location, create_location, locations,
};

async fn made(connection: &mut PgConnection, name: &str, priority: i32) -> Location {
    let new = NewLocation {
        name: LocationName::parse(name).unwrap(),
        priority,
        active: true,
    };
    create_location(connection, &staff(), &new).await.unwrap()
}

fn closing(location: &Location) -> ChangeLocation {
    ChangeLocation {
        id: location.id,
        version: Version(location.version),
        name: None,
        priority: None,
        active: Some(false),
    }
}

async fn changed(database: &Database, wish: &ChangeLocation) -> Result<Location, LocationError> {
    let mut tx = database.begin().await?;
    let location = change_location(&mut tx, &staff(), wish).await?;
    tx.commit().await?;
    Ok(location)
}

#[tokio::test]
async fn a_location_is_made_renamed_and_closed_once_it_is_empty() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let sandals = a_product(&mut connection, 1, 0).await;
    let shop = made(&mut connection, "Ikeja shop", 3).await;
    assert_eq!((shop.version, shop.priority, shop.active), (1, 3, true));
    let receive = AdjustmentKind::Receive;
    let five = wish(receive, vec![line(receive, sandals, shop.id, 5)]);
    adjust(&mut connection, &staff(), &five).await.unwrap();

    let refused = changed(&db.database, &closing(&shop)).await;
    assert!(
        matches!(refused, Err(LocationError::NotEmpty)),
        "{refused:?}"
    );
    let write_off = AdjustmentKind::WriteOff;
    let gone = wish(write_off, vec![line(write_off, sandals, shop.id, 5)]);
    adjust(&mut connection, &staff(), &gone).await.unwrap();

    let closed = changed(&db.database, &closing(&shop)).await.unwrap();
    assert_eq!((closed.version, closed.active), (2, false));
    let stale = changed(&db.database, &closing(&shop)).await;
    assert!(matches!(stale, Err(LocationError::Stale(_))));
    let same = changed(&db.database, &closing(&closed)).await.unwrap();
    assert_eq!(same.version, 2, "nothing has changed");
    assert_eq!(count(&mut connection, "audit_log").await, 4);
    db.take_announcements().await;
}

#[tokio::test]
async fn two_locations_of_one_name_are_refused() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let shop = made(&mut connection, "Ikeja shop", 0).await;
    let other = made(&mut connection, "Lekki shop", 0).await;
    let wish = ChangeLocation {
        name: Some(LocationName::parse(&shop.name).unwrap()),
        active: None,
        ..closing(&other)
    };
    let refused = changed(&db.database, &wish).await;
    assert!(matches!(refused, Err(LocationError::NameTaken)));
    let new = NewLocation {
        name: LocationName::parse(" Ikeja  shop ").unwrap(),
        priority: 0,
        active: true,
    };
    let refused = create_location(&mut connection, &staff(), &new).await;
    assert!(matches!(refused, Err(LocationError::NameTaken)));
}

#[tokio::test]
async fn of_receiving_into_a_location_and_closing_it_at_once_no_stock_is_out_of_sight() {
    let db = TestDatabase::with_connections(8).await;
    let mut connection = db.connect().await;
    for round in 0..20 {
        let sandals = a_product(&mut connection, 1, 0).await;
        let shop = made(&mut connection, &format!("Shop {round}"), 3).await;
        let kind = AdjustmentKind::Receive;
        let five = wish(kind, vec![line(kind, sandals, shop.id, 5)]);
        let receive = async {
            let mut tx = db.database.begin().await.unwrap();
            let outcome = adjust(&mut tx, &staff(), &five).await;
            if outcome.is_ok() {
                tx.commit().await.unwrap();
            }
            outcome
        };
        let close = closing(&shop);
        let (received, closed) = tokio::join!(receive, changed(&db.database, &close));
        match (received, closed) {
            (Ok(_), Err(LocationError::NotEmpty)) => {
                assert_eq!(counters(&mut connection, sandals).await, (5, 0));
            }
            (Err(AdjustError::Inactive(_)), Ok(_)) => {
                assert_eq!(counters(&mut connection, sandals).await, (0, 0));
            }
            both => panic!("{both:?}"),
        }
    }
    db.take_announcements().await;
}

#[tokio::test]
async fn locations_are_listed_in_the_order_in_which_orders_are_filled() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    for (name, priority) in [("C", 2), ("A", 0), ("D", 2), ("B", 1), ("E", 9)] {
        made(&mut connection, name, priority).await;
    }
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = locations(&mut connection, Some(true), after, 2)
            .await
            .unwrap();
        let last = page.items.last().unwrap();
        after = Some(LocationPlace {
            priority: last.priority,
            id: last.id,
        });
        names.extend(page.items.iter().map(|location| location.name.clone()));
        if !page.more {
            break;
        }
    }
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
    let closed = locations(&mut connection, Some(false), None, 10)
        .await
        .unwrap();
    assert!(closed.items.is_empty());
}
