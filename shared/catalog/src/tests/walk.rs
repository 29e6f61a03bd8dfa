use database::PgConnection;
use database::testing::TestDatabase;
use domain::{CategoryId, ProductId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;

use super::{day, read};
use crate::testing::{a_category, a_product};
use crate::{Filters, ProductQuery, SearchText, Sort};

const SORTS: [Sort; 6] = [
    Sort::Relevance,
    Sort::Newest,
    Sort::Price,
    Sort::PriceDescending,
    Sort::Name,
    Sort::NameDescending,
];

/// What decides a product's place. Few values, so that many products share theirs.
#[derive(Debug, Clone)]
struct Place {
    name: String,
    day: i64,
    price: i64,
}

fn place() -> impl Strategy<Value = Place> {
    let word = prop::sample::select(vec![
        "rice",
        "Rice",
        "ẹwà rice",
        "Z rice",
        "rice rice",
        "a rice",
    ]);
    let (day, price) = (0..3_i64, 1..4_i64);
    (word, day, price).prop_map(|(name, day, price)| Place {
        name: name.to_owned(),
        day,
        price,
    })
}

/// The ids in the order that the sort promises; `None` for the rank, which Postgres alone knows.
fn model(products: &[(ProductId, Place)], sort: Sort) -> Option<Vec<ProductId>> {
    let mut products = products.to_vec();
    products.sort_by(|(a_id, a), (b_id, b)| match sort {
        Sort::Relevance => b_id.cmp(a_id),
        Sort::Newest => (b.day, b_id).cmp(&(a.day, a_id)),
        Sort::Price => (a.price, a_id).cmp(&(b.price, b_id)),
        Sort::PriceDescending => (b.price, b_id).cmp(&(a.price, a_id)),
        Sort::Name => (a.name.as_bytes(), a_id).cmp(&(b.name.as_bytes(), b_id)),
        Sort::NameDescending => (b.name.as_bytes(), b_id).cmp(&(a.name.as_bytes(), a_id)),
    });
    (sort != Sort::Relevance).then(|| products.into_iter().map(|(id, _)| id).collect())
}

async fn insert(
    connection: &mut PgConnection,
    category: CategoryId,
    places: &[Place],
) -> Vec<(ProductId, Place)> {
    let mut products = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let product = a_product(&place.name, category).slug(&format!("product-{index}"));
        let product = product.published(day(place.day)).variant(&[], place.price);
        products.push((product.insert(connection).await.id, place.clone()));
    }
    products
}

/// Walks a list to its end, in pages of the given sizes in turn; cursors go through their text.
async fn walk(connection: &mut PgConnection, sort: Sort, limits: &[i64]) -> Vec<ProductId> {
    let filters = Filters {
        text: SearchText::parse("rice").unwrap(),
        ..Filters::default()
    };
    let (mut walked, mut after) = (Vec::new(), None);
    for limit in limits.iter().cycle() {
        let query = ProductQuery::new(filters.clone(), Some(sort), *limit, after).unwrap();
        let page = read(connection, &query).await;
        assert!(i64::try_from(page.items.len()).unwrap() <= *limit);
        walked.extend(page.items.iter().map(|product| product.id));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    walked
}

async fn empty(connection: &mut PgConnection) {
    for table in ["DELETE FROM variants", "DELETE FROM products"] {
        sqlx::query(table).execute(&mut *connection).await.unwrap();
    }
}

#[test]
fn pages_of_any_sizes_put_together_are_the_list_in_its_order() {
    let runtime = Runtime::new().unwrap();
    let db = runtime.block_on(TestDatabase::create());
    let mut connection = runtime.block_on(db.connect());
    let category = runtime.block_on(a_category(&mut connection, "All", None));
    let connection = std::cell::RefCell::new(connection);
    let lists = (
        prop::collection::vec(place(), 0..25),
        prop::collection::vec(1..9_i64, 1..4),
    );
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let walked = runner.run(&lists, |(places, limits)| {
        let connection = &mut *connection.borrow_mut();
        runtime.block_on(async {
            empty(connection).await;
            let products = insert(connection, category, &places).await;
            for sort in SORTS {
                let walked = walk(connection, sort, &limits).await;
                let whole = walk(connection, sort, &[100]).await;
                prop_assert_eq!(&walked, &whole, "{:?}", sort);
                let expected = model(&products, sort).unwrap_or_else(|| walked.clone());
                prop_assert_eq!(&walked, &expected, "{:?}", sort);
                prop_assert_eq!(walked.len(), places.len());
            }
            Ok(())
        })
    });
    drop(connection);
    walked.unwrap();
}

#[tokio::test]
async fn products_that_are_added_meanwhile_make_nothing_repeat_or_be_skipped() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let category = a_category(&mut connection, "All", None).await;
    let mut before = Vec::new();
    for index in 0..10 {
        let product = a_product(&format!("Before {index}"), category).published(day(index * 2));
        before.push(product.insert(&mut connection).await.id);
    }
    let (mut walked, mut after) = (Vec::new(), None);
    for round in 0.. {
        let query = ProductQuery::new(Filters::default(), None, 3, after).unwrap();
        let page = read(&mut connection, &query).await;
        walked.extend(page.items.iter().map(|product| product.id));
        for place in [round * 2 + 1, 100 + round] {
            let product = a_product(&format!("Meanwhile {round} {place}"), category);
            product.published(day(place)).insert(&mut connection).await;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let met: Vec<ProductId> = walked
        .iter()
        .copied()
        .filter(|id| before.contains(id))
        .collect();
    before.reverse();
    assert_eq!(met, before);
    let count = walked.len();
    walked.sort_unstable();
    walked.dedup();
    assert_eq!(walked.len(), count, "none twice");
}
