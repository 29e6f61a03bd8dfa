//! Finding one category.

use database::{DatabaseError, PgConnection};
use domain::{CategoryId, Fault, Kind, Slug};

use crate::{CategoryRef, store_categories};

/// A category with what surrounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Itself.
    pub summary: CategorySummary,
    /// The way there, from the top category to itself.
    pub breadcrumbs: Vec<CategoryRef>,
    /// The categories directly below it, in the shop's order; empty ones too.
    pub children: Vec<CategorySummary>,
}

/// A category with how much is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategorySummary {
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
}

/// Why a category is not found.
#[derive(Debug, thiserror::Error)]
pub enum FindCategoryError {
    /// There is none of this name.
    #[error("there is no such category")]
    NotFound,
    /// The database.
    #[error("the category could not be read")]
    Database(#[from] DatabaseError),
}

impl Fault for FindCategoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Database(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Database(error) => error.code(),
        }
    }
}

/// The category under a name. Two statements.
///
/// # Errors
/// [`FindCategoryError`].
pub async fn find_category(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<Category, FindCategoryError> {
    let found = store_categories::find(connection, slug).await?;
    let (summary, breadcrumbs) = found.ok_or(FindCategoryError::NotFound)?;
    let children = store_categories::children(connection, summary.id).await?;
    Ok(Category {
        summary,
        breadcrumbs,
        children,
    })
}
