//! The categories, as a tree.

use std::collections::HashMap;

use database::{DatabaseError, PgConnection};
use domain::CategoryId;
use uuid::Uuid;

use crate::store_categories::{self, CategoryRow};

/// A category with those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryNode {
    /// Its identity.
    pub id: CategoryId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Counts up with each change.
    pub version: i64,
    /// How many products on sale stand in it and below it.
    pub product_count: i64,
    /// The categories directly below it, in the shop's order.
    pub children: Vec<CategoryNode>,
}

/// All categories, empty ones too, from the top ones down. One statement.
///
/// # Errors
/// [`DatabaseError`].
pub async fn category_tree(
    connection: &mut PgConnection,
) -> Result<Vec<CategoryNode>, DatabaseError> {
    let mut by_parent: HashMap<Option<Uuid>, Vec<CategoryRow>> = HashMap::new();
    for row in store_categories::all(connection).await? {
        by_parent.entry(row.parent_id).or_default().push(row);
    }
    Ok(below(None, &mut by_parent))
}

/// Takes the children of a category out of the map: each row is used once, so this ends whatever the
/// rows say.
fn below(
    parent: Option<Uuid>,
    by_parent: &mut HashMap<Option<Uuid>, Vec<CategoryRow>>,
) -> Vec<CategoryNode> {
    let rows = by_parent.remove(&parent).unwrap_or_default();
    rows.into_iter()
        .map(|row| {
            let children = below(Some(row.id), by_parent);
            let further: i64 = children.iter().map(|child| child.product_count).sum();
            CategoryNode {
                id: row.id.into(),
                slug: row.slug,
                name: row.name,
                version: row.version,
                product_count: row.products + further,
                children,
            }
        })
        .collect()
}
