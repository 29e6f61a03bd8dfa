//! Categories: made, changed, moved, removed.
//!
//! The parent is the truth and the path follows it, for a whole subtree in one statement. Whoever changes
//! the shape of the tree (makes, moves, removes a category, or changes a slug, which is part of paths)
//! first locks the tree, then the category: two moves that are each right could together make a circle.
//! The database refuses a path that does not follow from its parent, whatever is done here.

mod change;
mod create;
mod remove;
mod store;

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{CategoryId, StaleVersion};
use serde_json::{Value, json};

pub use change::{ChangeCategory, change};
pub use create::{NewCategory, create};
pub use remove::remove;

/// How many levels of categories there may be; a constraint keeps it.
pub const MOST_LEVELS: usize = 8;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its identity.
    pub id: CategoryId,
    /// The category above it; none at the top.
    pub parent: Option<CategoryId>,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its place among its siblings, the lowest first.
    pub position: i32,
    /// The slugs from the top: `/clothes/shirts/`.
    pub path: String,
    /// Counts up with each change of it; a move of a category above it is none.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Category {
    /// What of it is written down when it changes.
    fn audited(&self) -> Value {
        json!({
            "parent_id": self.parent, "slug": self.slug, "name": self.name,
            "position": self.position, "path": self.path,
        })
    }
}

/// Why a category is not made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum CategoryError {
    /// There is none of this id.
    #[error("there is no such category")]
    NotFound,
    /// It has changed since it was read.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// Another category has this slug.
    #[error("the slug is that of another category")]
    SlugTaken,
    /// There is no such category to be above it.
    #[error("there is no category {0}")]
    UnknownParent(CategoryId),
    /// A category would be below itself.
    #[error("a category cannot stand below itself")]
    Cycle,
    /// Too many levels.
    #[error("there are at most {MOST_LEVELS} levels of categories")]
    TooDeep,
    /// Products, archived ones too, or categories stand in it.
    #[error("products or categories stand in it")]
    NotEmpty,
    /// The database.
    #[error("the category could not be read or written")]
    Database(#[source] DatabaseError),
}

domain::fault! {
    CategoryError {
        NotFound => NotFound "not_found",
        SlugTaken => Conflict "slug_taken",
        UnknownParent => Invalid "unknown_category",
        Cycle => Conflict "category_cycle",
        TooDeep => Conflict "category_too_deep",
        NotEmpty => Conflict "category_not_empty",
    }
    from { Stale, Database }
}

impl From<DatabaseError> for CategoryError {
    fn from(error: DatabaseError) -> Self {
        match error.constraint() {
            Some("categories_slug_key") => Self::SlugTaken,
            Some("categories_depth_check") => Self::TooDeep,
            // A product or category has come since it was looked for.
            Some("products_category_id_fkey" | "categories_parent_id_fkey") => Self::NotEmpty,
            Some(_) | None => Self::Database(error),
        }
    }
}

/// The category above, which must be there.
async fn parent(
    connection: &mut PgConnection,
    parent: Option<CategoryId>,
) -> Result<Option<Category>, CategoryError> {
    let Some(id) = parent else { return Ok(None) };
    let found = store::find(connection, id).await?;
    found.map(Some).ok_or(CategoryError::UnknownParent(id))
}

/// The path of a category below another, or at the top.
fn path_below(parent: Option<&Category>, slug: &str) -> String {
    let above = parent.map_or("/", |parent| parent.path.as_str());
    format!("{above}{slug}/")
}
