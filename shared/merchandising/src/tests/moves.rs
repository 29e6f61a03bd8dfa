//! Whatever staff do to the tree at the same time, it stays one.

use domain::{CategoryId, Change, Version};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::shop::{Shop, cause};
use crate::category::{self, CategoryError, ChangeCategory};

const CATEGORIES: usize = 8;

/// A change of the tree; places are those of the categories that there are.
#[derive(Debug, Clone)]
enum Step {
    Move(usize, Option<usize>),
    Rename(usize, u8),
    Make(Option<usize>),
    Remove(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let place = 0..CATEGORIES;
    prop_oneof![
        6 => (place.clone(), proptest::option::weighted(0.85, place.clone()))
            .prop_map(|(from, to)| Step::Move(from, to)),
        2 => (place.clone(), any::<u8>()).prop_map(|(which, name)| Step::Rename(which, name)),
        1 => proptest::option::of(place.clone()).prop_map(Step::Make),
        1 => place.prop_map(Step::Remove),
    ]
}

/// Does a step, whatever version the category is at: what is tried here are moves, not versions.
async fn walk(shop: &Shop, categories: &[CategoryId], step: &Step) -> Result<(), CategoryError> {
    let change = match step {
        Step::Make(parent) => {
            let parent = parent.map(|place| categories[place]);
            return shop.make_category("New", parent).await.map(drop);
        }
        Step::Remove(place) => {
            let version = version(shop, categories[*place]).await;
            let mut tx = shop.begin().await;
            category::remove(&mut tx, &cause(), categories[*place], version).await?;
            tx.commit().await.unwrap();
            return Ok(());
        }
        Step::Move(_, to) => ChangeCategory {
            parent: to.map_or(Change::Clear, |place| Change::Set(categories[place])),
            ..ChangeCategory::default()
        },
        Step::Rename(_, name) => ChangeCategory {
            slug: Some(format!("renamed-{name}").parse().unwrap()),
            ..ChangeCategory::default()
        },
    };
    let (Step::Move(place, _) | Step::Rename(place, _)) = step else {
        return Ok(());
    };
    let version = version(shop, categories[*place]).await;
    let mut tx = shop.begin().await;
    category::change(&mut tx, &cause(), categories[*place], version, change).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn version(shop: &Shop, category: CategoryId) -> Version {
    let version: Option<i64> = sqlx::query_scalar("SELECT version FROM categories WHERE id = $1")
        .bind(category.uuid())
        .fetch_optional(&mut *shop.db.database.connection().await.unwrap())
        .await
        .unwrap();
    Version(version.unwrap_or(1))
}

/// Whether a refusal is one that staff understand.
fn is_understood(outcome: &Result<(), CategoryError>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(error) => match error {
            CategoryError::NotFound
            | CategoryError::Stale(_)
            | CategoryError::SlugTaken
            | CategoryError::UnknownParent(_)
            | CategoryError::Cycle
            | CategoryError::TooDeep
            | CategoryError::NotEmpty => true,
            CategoryError::Database(_) => false,
        },
    }
}

/// Every category is reached from the top by its parents, and its path is what they say.
async fn is_a_tree(shop: &Shop) -> bool {
    let wrong = shop
        .rows(
            "WITH RECURSIVE reached AS (
                 SELECT id, '/' || slug || '/' AS path FROM categories WHERE parent_id IS NULL
                 UNION ALL
                 SELECT c.id, r.path || c.slug || '/'
                 FROM reached r JOIN categories c ON c.parent_id = r.id
             )
             SELECT c.id, c.path, r.path AS computed
             FROM categories c LEFT JOIN reached r USING (id)
             WHERE c.path IS DISTINCT FROM r.path",
        )
        .await;
    assert!(wrong.is_empty(), "{wrong:?}");
    true
}

async fn try_steps(teams: [Vec<Step>; 4]) -> Result<(), TestCaseError> {
    let shop = Shop::open().await;
    let mut categories = Vec::new();
    for index in 0..CATEGORIES {
        let parent = (index % 3 != 0).then(|| categories[index - 1]);
        let made = shop
            .make_category(&format!("Category {index}"), parent)
            .await;
        categories.push(made.unwrap().id);
    }
    let team = async |steps: &[Step]| {
        let mut outcomes = Vec::new();
        for step in steps {
            outcomes.push(walk(&shop, &categories, step).await);
        }
        outcomes
    };
    let [a, b, c, d] = &teams;
    let (a, b, c, d) = tokio::join!(team(a), team(b), team(c), team(d));
    let outcomes: Vec<_> = [a, b, c, d].into_iter().flatten().collect();
    prop_assert!(is_a_tree(&shop).await);
    for outcome in &outcomes {
        prop_assert!(is_understood(outcome), "{:?}", outcome);
    }
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let announced = shop.announced().await.len();
    prop_assert!(announced <= done + CATEGORIES);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_moved_at_the_same_time_the_tree_has_no_circle_and_every_path_follows(
        teams in prop::array::uniform4(proptest::collection::vec(step(), 1..12))
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(try_steps(teams))?;
    }
}
